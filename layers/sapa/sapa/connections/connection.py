"""Open connections: who is on the other end of each socket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from sapa.channels.channel import Subscriber

if TYPE_CHECKING:
    from sapa.lambda_events import ConnectionEvent

# API Gateway closes a connection after two hours; the record may outlive it by a little, since
# $disconnect is best effort and DynamoDB's TTL is late.
MAX_LIFETIME_SECONDS = 2 * 60 * 60
LIFETIME_SLACK_SECONDS = 10 * 60
CONNECTION_SECONDS = MAX_LIFETIME_SECONDS + LIFETIME_SLACK_SECONDS


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A socket of `username` on `endpoint`, opened by the login session `session_id`.

    `connected_at` and `expires_at` are epoch seconds.
    """

    connection_id: str
    username: str
    endpoint: str
    session_id: str
    connected_at: int
    expires_at: int

    def subscriber(self) -> Subscriber:
        """The connection as channels know it."""
        return Subscriber(
            connection_id=self.connection_id,
            username=self.username,
            session_id=self.session_id,
            expires_at=self.expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Parting:
    """A connection that is gone; `channels` has since when it is in each, epoch milliseconds.

    Its user's own channel, in which everybody is, is not among them.
    """

    subscriber: Subscriber
    channels: Mapping[str, int]


class ConnectionStore(Protocol):
    """Where connections are kept, with the channels of each; all methods raise `StoreError`.

    What a connection is in is known here first and last: whoever enters notes it before anything
    else is written, so that who cleans up knows where to look. `since` is epoch milliseconds.
    """

    def put(self, connection: Connection) -> None:
        """Store a connection, which is in no channel yet."""

    def enter(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        """Note that a connection is in a channel, and return since when it is.

        That is an earlier time if it is noted already, and `None` for a connection that is gone.
        Raises `TooManyChannelsError` if it is in `limit` channels.
        """

    def enter_anew(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        """Replace what is noted, if it is `earlier` still; false if it is not."""

    def leave(self, connection_id: str, channel: str, since: int | None = None) -> int | None:
        """Note that a connection is not in a channel any more, and return since when it was.

        `None` if it was not, or since another time than `since`.
        """

    def since(self, connection_id: str, channel: str) -> int | None:
        """Since when a connection is in a channel; 0 if it is not, `None` if it is gone."""

    def part(self, connection_id: str) -> Parting | None:
        """Mark a connection as gone, so that it enters nothing more; `None` if it is not there."""

    def delete(self, connection_id: str) -> None:
        """Forget a connection; one that is not there is fine."""

    def of_user(self, username: str) -> Iterator[Connection]:
        """The stored connections of a user, expired ones included."""


def new_connection(opened: "ConnectionEvent") -> Connection:
    """The record of a connection that has just been let in."""
    connected_at = opened.connected_at // 1000
    return Connection(
        connection_id=opened.connection_id,
        username=opened.username,
        endpoint=opened.endpoint,
        session_id=opened.session_id,
        connected_at=connected_at,
        expires_at=connected_at + CONNECTION_SECONDS,
    )


def connections_of_session(
    store: ConnectionStore, username: str, session_id: str, now: int
) -> list[Connection]:
    """The connections that one login session of a user holds open at `now`."""
    return [
        connection
        for connection in store.of_user(username)
        if connection.session_id == session_id and connection.expires_at > now
    ]
