"""Shut a user of the bot out, now: no login, no session, no socket.

    make revoke NAME=ana                     of the bot that `make run` has started, on PORT=…
    make revoke NAME=ana STACK=sapa          of the stack on AWS, with your credentials
    make revoke NAME=ana ARGS=--restore      lets the user log in again

The user is disabled first, so that nothing that is taken away can come back.
"""

import argparse
import sys
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from botocore.exceptions import ClientError

from tools.scripts.stacks import AWS_ERRORS, Stack, StackError, aws_reason
from tools.scripts.user_arguments import UserArguments, chosen_stack

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_dynamodb import DynamoDBClient

# Handshakes that were let in before the sessions were gone may still be written down.
ROUNDS = 3


class RevocationError(Exception):
    """Not everything could be taken away; the message is for a person."""


@dataclass(frozen=True, slots=True)
class Revoked:
    """How much was taken away."""

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
        self._sockets: ApiGatewayManagementApiClient = client(
            "apigatewaymanagementapi", endpoint_url=stack.output("ManagementApiUrl")
        )
        self._pool = stack.output("UserPoolId")
        self._sessions_table = stack.output("SessionsTableName")
        self._connections_table = stack.output("ConnectionsTableName")

    def revoke(self, username: str) -> Revoked:
        """Disable the user, delete the login sessions, close the sockets; twice does no harm.

        Raises `RevocationError` when there is no such user, or a socket could not be closed.
        """
        self._set_enabled(username, enabled=False)
        sessions = self._delete_sessions(username)
        return Revoked(sessions, self._close_sockets(username))

    def restore(self, username: str) -> None:
        """Let the user log in again; raises `RevocationError` when there is no such user."""
        self._set_enabled(username, enabled=True)

    def _set_enabled(self, username: str, *, enabled: bool) -> None:
        change = self._cognito.admin_enable_user if enabled else self._cognito.admin_disable_user
        try:
            change(UserPoolId=self._pool, Username=username)
        except self._cognito.exceptions.UserNotFoundException as error:
            raise RevocationError(f"there is no user {username}") from error

    def _delete_sessions(self, username: str) -> int:
        hashes = [item["token_hash"] for item in self._items(self._sessions_table, username)]
        for token_hash in hashes:
            key = {"token_hash": token_hash}
            self._dynamodb.delete_item(TableName=self._sessions_table, Key=key)
        return len(hashes)

    def _close_sockets(self, username: str) -> int:
        """Close them; what is stored of each goes with `$disconnect`, as ever."""
        closed: set[str] = set()
        gone: set[str] = set()
        for _ in range(ROUNDS):
            open_now = {
                item["connection_id"]["S"]
                for item in self._items(self._connections_table, username)
            }
            for connection_id in open_now - closed - gone:
                (closed if self._close(connection_id) else gone).add(connection_id)
        return len(closed)

    def _close(self, connection_id: str) -> bool:
        try:
            self._sockets.delete_connection(ConnectionId=connection_id)
        except self._sockets.exceptions.GoneException:
            return False
        except ClientError as error:
            raise RevocationError(f"a socket stays open: {aws_reason(error)}") from error
        return True

    def _items(self, table: str, username: str) -> Iterator[dict[str, Any]]:
        """The user's items, read consistently: an index would miss those of a moment ago."""
        pages = self._dynamodb.get_paginator("scan").paginate(
            TableName=table,
            ConsistentRead=True,
            FilterExpression="username = :username",
            ExpressionAttributeValues={":username": {"S": username}},
        )
        for page in pages:
            yield from page.get("Items", ())


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
        revoker.restore(username)
        return f"{username} can log in again"
    revoked = revoker.revoke(username)
    return (
        f"{username} cannot log in any more; login sessions deleted: {revoked.sessions}, "
        f"sockets closed: {revoked.sockets}"
    )


if __name__ == "__main__":
    sys.exit(main())
