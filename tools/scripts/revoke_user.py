"""Shut a user of the bot out, now: no login, no session, no socket.

    make revoke NAME=ana                     of the bot that `make run` has started, on PORT=…
    make revoke NAME=ana STACK=sapa          of the stack on AWS, with your credentials
    make revoke NAME=ana ARGS=--restore      lets the user log in again

The user is disabled first, so that nothing that is taken away can come back. The sockets are closed
as a logout closes them, but with boto3: it knows your profile and your proxy.
"""

import argparse
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, override

from botocore import xform_name

from sapa.aws.json_service import CallError, JsonService
from sapa.errors import ConnectionGoneError, DeliveryError, SapaError, StoreError
from sapa.handshake.session_sockets import SessionSockets
from sapa.services import epoch_milliseconds
from sapa.stores.subscriptions import DynamoDBSubscriptionStore
from sapa.stores.table import Table
from tools.scripts.stacks import AWS_ERRORS, Stack, StackError, aws_reason
from tools.scripts.user_arguments import UserArguments, chosen_stack

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient


class RevocationError(Exception):
    """Not everything could be taken away; the message is for a person."""


class Boto3Service(JsonService):
    """A `JsonService` whose calls are those of a boto3 client."""

    def __init__(self, client: Any) -> None:
        self._client = client

    @override
    def call(self, operation: str, content: Mapping[str, Any]) -> Any:
        try:
            return getattr(self._client, xform_name(operation))(**content)
        except AWS_ERRORS as error:
            raise CallError(aws_reason(error), {}) from error


class Boto3Sender:
    """A `MessageSender`."""

    def __init__(self, client: "ApiGatewayManagementApiClient") -> None:
        self._client = client

    def post(self, connection_id: str, frame: str) -> None:
        """Send a text frame. Raises `ConnectionGoneError`, `DeliveryError`."""
        self._call(connection_id, "PostToConnection", Data=frame.encode())

    def close(self, connection_id: str) -> None:
        """Close a socket. Raises the same errors."""
        self._call(connection_id, "DeleteConnection")

    def _call(self, connection_id: str, operation: str, **inputs: bytes) -> None:
        try:
            getattr(self._client, xform_name(operation))(ConnectionId=connection_id, **inputs)
        except self._client.exceptions.GoneException as error:
            raise ConnectionGoneError(connection_id) from error
        except AWS_ERRORS as error:
            raise DeliveryError(connection_id, aws_reason(error)) from error


@dataclass(frozen=True, slots=True)
class Revoked:
    """How much was taken away, and from whom: the name as the user pool spells it."""

    username: str
    sessions: int
    sockets: int


class Revoker:
    """Takes away what the users of a stack hold; raises `StackError` without such a stack."""

    def __init__(self, stack: Stack) -> None:
        client = stack.session.client
        self._cognito: CognitoIdentityProviderClient = client(
            "cognito-idp", endpoint_url=stack.endpoint_url
        )
        self._dynamodb: DynamoDBClient = client("dynamodb", endpoint_url=stack.endpoint_url)
        sender = Boto3Sender(
            client("apigatewaymanagementapi", endpoint_url=stack.output("ManagementApiUrl"))
        )
        self._pool = stack.output("UserPoolId")
        self._sessions_table = stack.output("SessionsTableName")
        service = Boto3Service(self._dynamodb)
        subscriptions = DynamoDBSubscriptionStore(
            subscriptions=Table(service, stack.output("SubscriptionsTableName")),
            # A user's channel is not in it.
            channels=Table(service, ""),
        )
        self._failures: list[SapaError] = []
        self._sockets = SessionSockets(
            list_subscriptions=subscriptions.of_channel,
            sender=lambda: sender,
            # The records of a connection that is gone expire.
            remove_connection=lambda connection_id: None,
            clock=epoch_milliseconds,
            sleep=time.sleep,
            report=self._failures.append,
        )

    def revoke(self, name: str) -> Revoked:
        """Disable the user, delete the login sessions, close the sockets; twice does no harm.

        Raises `RevocationError` when there is no such user, or a socket could not be closed.
        """
        username = self._set_enabled(name, enabled=False)
        sessions = self._delete_sessions(username)
        return Revoked(username, sessions, self._close_sockets(username))

    def restore(self, name: str) -> str:
        """Let the user log in again; raises `RevocationError` when there is no such user."""
        return self._set_enabled(name, enabled=True)

    def _set_enabled(self, name: str, *, enabled: bool) -> str:
        """The user's name as the user pool spells it, as in sessions and channels."""
        change = self._cognito.admin_enable_user if enabled else self._cognito.admin_disable_user
        try:
            change(UserPoolId=self._pool, Username=name)
            return self._cognito.admin_get_user(UserPoolId=self._pool, Username=name)["Username"]
        except self._cognito.exceptions.UserNotFoundException as error:
            raise RevocationError(f"there is no user {name}") from error

    def _delete_sessions(self, username: str) -> int:
        hashes = [item["token_hash"] for item in self._sessions(username)]
        for token_hash in hashes:
            key = {"token_hash": token_hash}
            self._dynamodb.delete_item(TableName=self._sessions_table, Key=key)
        return len(hashes)

    def _sessions(self, username: str) -> Iterator[dict[str, Any]]:
        """The user's sessions, read consistently."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=self._sessions_table,
            ConsistentRead=True,
            FilterExpression="username = :username",
            ExpressionAttributeValues={":username": {"S": username}},
        )
        for page in pages:
            yield from page.get("Items", ())

    def _close_sockets(self, username: str) -> int:
        """Close them; what is stored of each goes with `$disconnect`, as ever."""
        try:
            closed = self._sockets.close(username)
        except StoreError as error:
            raise RevocationError(f"the sockets stay open: {error.reason}") from error
        if self._failures:
            [first, *others] = self._failures
            more = f" (and {len(others)} more)" if others else ""
            raise RevocationError(f"a socket stays open: {first}{more}")
        return closed


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says; ends the program when it makes no sense."""
    parser = UserArguments("make revoke", "Shut a user out, now.", "the name of the user")
    parser.add_argument("--restore", action="store_true", help="let the user log in again")
    return parser.read(given)


def main(given: Sequence[str] | None = None) -> int:
    """Revoke and say what was taken away; status 1 with one line when that fails."""
    options = arguments(given)
    try:
        stack = chosen_stack(options)
        print(_done(Revoker(stack), options.name, restore=options.restore))
    except (StackError, RevocationError) as error:
        print(f"revoke: {error}", file=sys.stderr)
        return 1
    except AWS_ERRORS as error:
        print(f"revoke: {aws_reason(error)}", file=sys.stderr)
        return 1
    return 0


def _done(revoker: Revoker, username: str, *, restore: bool) -> str:
    if restore:
        return f"{revoker.restore(username)} can log in again"
    revoked = revoker.revoke(username)
    return (
        f"{revoked.username} cannot log in any more; login sessions deleted: {revoked.sessions}, "
        f"sockets closed: {revoked.sockets}"
    )


if __name__ == "__main__":
    sys.exit(main())
