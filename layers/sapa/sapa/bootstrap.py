"""The composition root: what each function works with, made once per execution environment.

Adapters are imported where they are used, so that a function pays at its cold start only for the
clients that it needs.
"""

import functools
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sapa.errors import SettingError
from sapa.settings import Settings, settings

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.connections.connection import Connection, ConnectionStore
    from sapa.connections.sender import MessageSender
    from sapa.handshake.connection_limit import Admission
    from sapa.login.passwords import CredentialChecker
    from sapa.login.sessions import SessionStore

type Clock = Callable[[], int]


def epoch_seconds() -> int:
    """The time now."""
    return int(time.time())


@dataclass(frozen=True, slots=True, kw_only=True)
class AuthorizerServices:
    """What `authorizer` works with."""

    sessions: "SessionStore"
    allowed_origins: tuple[str, ...]
    clock: Clock


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionServices:
    """What `connect` and `disconnect` work with.

    `admit` remembers a connection or refuses it; `forget` deletes one that is gone and takes it
    out of its channels.
    """

    admit: "Callable[[Connection], bool]"
    forget: Callable[[str], None]


@dataclass(frozen=True, slots=True, kw_only=True)
class MessageServices:
    """What `default` works with; `forget` is that of `ConnectionServices`."""

    sender: "MessageSender"
    forget: Callable[[str], None]


def prepare(*parts: Callable[[], object]) -> None:
    """Make these in the init phase, in which nobody waits for as much and the processor is fast.

    What lacks a setting is made, and fails, in the invocations that need it: those are logged with
    their ids and counted.
    """
    with suppress(SettingError):
        for part in parts:
            part()


@functools.cache
def authorizer_services() -> AuthorizerServices:
    """Raises `SettingError`."""
    from sapa.aws.clients import dynamodb_client
    from sapa.stores.sessions import DynamoDBSessionStore

    return AuthorizerServices(
        sessions=DynamoDBSessionStore(dynamodb_client(settings()), settings().sessions_table_name),
        allowed_origins=settings().allowed_origins,
        clock=epoch_seconds,
    )


@functools.cache
def connection_services() -> ConnectionServices:
    """Raises `SettingError`."""
    from sapa.channel_services import membership

    return ConnectionServices(admit=_admit, forget=membership().forget)


def _admit(connection: "Connection") -> bool:
    return admission().admit(connection)


@functools.cache
def admission() -> "Admission":
    """Who lets connections in. Raises `SettingError`.

    The management API is needed, and its client made, when a connection has to be closed.
    """
    from sapa.channel_services import dynamodb, membership
    from sapa.handshake.connection_limit import Admission
    from sapa.observability import logger
    from sapa.stores.connections import DynamoDBConnectionStore

    known = settings()
    return Admission(
        membership=membership(),
        connections=DynamoDBConnectionStore(
            dynamodb(), known.connections_table_name, known.connections_username_index_name
        ),
        sender=_sender,
        limit=known.max_connections_per_user,
        closes_oldest=known.connection_limit_policy == "close-oldest",
        clock=epoch_seconds,
        report=lambda error: logger.warning("a socket was not closed", error=str(error)),
    )


@functools.cache
def _sender() -> "MessageSender":
    from sapa.aws.clients import management_endpoint, retries
    from sapa.stores.management_api import ManagementApiSender

    return ManagementApiSender(management_endpoint(settings()), retries(attempts=3))


@functools.cache
def message_services() -> MessageServices:
    """Raises `SettingError`.

    A reply needs the management API alone; DynamoDB's client is made when a connection is gone.
    """
    return MessageServices(sender=_sender(), forget=_forget)


def _forget(connection_id: str) -> None:
    connection_services().forget(connection_id)


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
    def sessions(self) -> "SessionStore":
        """Login sessions. Raises `SettingError`."""
        from sapa.stores.sessions import DynamoDBSessionStore

        return DynamoDBSessionStore(self._dynamodb, self._settings.sessions_table_name)

    @functools.cached_property
    def connections(self) -> "ConnectionStore":
        """Open connections, also by user. Raises `SettingError`."""
        from sapa.stores.connections import DynamoDBConnectionStore

        return DynamoDBConnectionStore(
            self._dynamodb,
            self._settings.connections_table_name,
            self._settings.connections_username_index_name,
        )

    @functools.cached_property
    def credentials(self) -> "CredentialChecker":
        """Passwords. Raises `SettingError`."""
        from sapa.stores.cognito import CognitoCredentialChecker, cognito_client

        known = self._settings
        return CognitoCredentialChecker(
            cognito_client(), known.user_pool_id, known.user_pool_client_id
        )

    @functools.cached_property
    def sender(self) -> "MessageSender":
        """Sockets. Raises `SettingError`."""
        return _sender()

    @functools.cached_property
    def _dynamodb(self) -> "DynamoDBClient":
        from sapa.aws.clients import dynamodb_client

        return dynamodb_client(self._settings)

    def forget(self, connection_id: str) -> None:
        """Delete a connection that is gone. Raises `SettingError`."""
        _forget(connection_id)

    def now(self) -> int:
        """The time, epoch seconds."""
        return epoch_seconds()

    def new_token(self) -> str:
        """256 random bits for a cookie."""
        import secrets

        return secrets.token_urlsafe(32)

    def new_session_id(self) -> str:
        """128 random bits that name a login session."""
        import secrets

        return secrets.token_urlsafe(16)


@functools.cache
def http_services() -> HttpServices:
    """The parts of `api`, made once."""
    return HttpServices(settings())
