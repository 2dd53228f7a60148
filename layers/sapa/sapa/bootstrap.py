"""The composition root: what each function works with, made once per execution environment.

Adapters are imported where they are used, so that a function pays at its cold start only for the
clients that it needs.
"""

import functools
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sapa.connections import ConnectionStore
from sapa.credentials import CredentialChecker
from sapa.delivery import MessageSender
from sapa.sessions import SessionStore
from sapa.settings import Settings, settings

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

type Clock = Callable[[], int]


def epoch_seconds() -> int:
    """The time now."""
    return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerServices:
    """What `authorizer` works with."""

    sessions: SessionStore
    allowed_origins: tuple[str, ...]
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionServices:
    """What `connect` and `disconnect` work with."""

    connections: ConnectionStore


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageServices:
    """What `default` works with; `forget` drops the record of a connection that is gone."""

    sender: MessageSender
    forget: Callable[[str], None]


@functools.cache
def authorizer_services() -> AuthorizerServices:
    """Raises `SettingError`."""
    from sapa.adapters.clients import dynamodb_client
    from sapa.adapters.dynamodb import DynamoDBSessionStore

    return AuthorizerServices(
        sessions=DynamoDBSessionStore(dynamodb_client(), settings().sessions_table_name),
        allowed_origins=settings().allowed_origins,
        clock=epoch_seconds,
    )


@functools.cache
def connection_services() -> ConnectionServices:
    """Raises `SettingError`."""
    from sapa.adapters.clients import dynamodb_client
    from sapa.adapters.dynamodb import DynamoDBConnectionStore

    table_name = settings().connections_table_name
    return ConnectionServices(connections=DynamoDBConnectionStore(dynamodb_client(), table_name))


@functools.cache
def message_services() -> MessageServices:
    """Raises `SettingError`.

    A reply needs the management API alone; DynamoDB's client is made when a connection is gone.
    """
    from sapa.adapters.clients import management_api_client
    from sapa.adapters.management_api import ManagementApiSender

    client = management_api_client(settings().management_api_endpoint)
    return MessageServices(sender=ManagementApiSender(client), forget=_forget)


def _forget(connection_id: str) -> None:
    connection_services().connections.delete(connection_id)


class HttpServices:
    """What `api` works with; each part is made when a request needs it.

    A page needs none, a login DynamoDB and Cognito, a logout DynamoDB and the management API.
    """

    def __init__(self, known: Settings) -> None:
        self.allowed_origins = known.allowed_origins
        self.session_lifetime_seconds = known.session_lifetime_seconds
        self.websocket_path = known.websocket_path
        self._settings = known

    @functools.cached_property
    def sessions(self) -> SessionStore:
        """Login sessions. Raises `SettingError`."""
        from sapa.adapters.dynamodb import DynamoDBSessionStore

        return DynamoDBSessionStore(self._dynamodb, self._settings.sessions_table_name)

    @functools.cached_property
    def connections(self) -> ConnectionStore:
        """Open connections, also by user. Raises `SettingError`."""
        from sapa.adapters.dynamodb import DynamoDBConnectionStore

        return DynamoDBConnectionStore(
            self._dynamodb,
            self._settings.connections_table_name,
            self._settings.connections_username_index_name,
        )

    @functools.cached_property
    def credentials(self) -> CredentialChecker:
        """Passwords. Raises `SettingError`."""
        from sapa.adapters.clients import cognito_client
        from sapa.adapters.cognito import CognitoCredentialChecker

        known = self._settings
        return CognitoCredentialChecker(
            cognito_client(), known.user_pool_id, known.user_pool_client_id
        )

    @functools.cached_property
    def sender(self) -> MessageSender:
        """Sockets. Raises `SettingError`."""
        from sapa.adapters.clients import management_api_client
        from sapa.adapters.management_api import ManagementApiSender

        return ManagementApiSender(management_api_client(self._settings.management_api_endpoint))

    @functools.cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        from sapa.adapters.clients import dynamodb_client

        return dynamodb_client()

    def now(self) -> int:
        """The time, epoch seconds."""
        return epoch_seconds()

    def new_token(self) -> str:
        """256 random bits for a cookie."""
        return secrets.token_urlsafe(32)

    def new_session_id(self) -> str:
        """128 random bits that name a login session."""
        return secrets.token_urlsafe(16)


@functools.cache
def http_services() -> HttpServices:
    """The parts of `api`, made once."""
    return HttpServices(settings())
