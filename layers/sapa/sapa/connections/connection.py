"""Open connections: who is on the other end of each socket."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from sapa.lambda_events import ConnectionEvent

# API Gateway closes a connection after two hours; the record may outlive it by a little, since
# $disconnect is best effort and DynamoDB's TTL is late.
MAX_LIFETIME_SECONDS = 2 * 60 * 60
LIFETIME_SLACK_SECONDS = 10 * 60
CONNECTION_SECONDS = MAX_LIFETIME_SECONDS + LIFETIME_SLACK_SECONDS
# A handshake is over so long after `connected_at`: the template gives 10 seconds to the authorizer
# and 10 to the connect function. Until then a 410 means "not open yet" as well as "gone".
HANDSHAKE_SECONDS = 30
# So long after the connect function has stored it, a connection is open or never will be.
OPENING_SECONDS = 15


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscriber:
    """A connection that may be in channels; `expires_at` is epoch seconds."""

    connection_id: str
    username: str
    session_id: str
    expires_at: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Connection:
    """A socket of `username` on `endpoint`, opened by the login session `session_id`.

    `connected_at` and `expires_at` are epoch seconds. It expires with the login at the latest, so
    that no event is sent to it afterwards.
    """

    connection_id: str
    username: str
    endpoint: str
    session_id: str
    connected_at: int
    expires_at: int

    @classmethod
    def from_event(cls, event: "ConnectionEvent") -> "Connection":
        """The connection that an event is about."""
        connected_at = event.connected_at // 1000
        return cls(
            connection_id=event.connection_id,
            username=event.username,
            endpoint=event.endpoint,
            session_id=event.session_id,
            connected_at=connected_at,
            expires_at=min(connected_at + CONNECTION_SECONDS, event.session_expires_at),
        )

    def subscriber(self) -> Subscriber:
        """The part that channels need."""
        return Subscriber(
            connection_id=self.connection_id,
            username=self.username,
            session_id=self.session_id,
            expires_at=self.expires_at,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class ClosedConnection:
    """A connection that is gone, and since when it was in each channel, in epoch milliseconds.

    Its user's own channel, in which every connection is, is not among the `channels`.
    """

    subscriber: Subscriber
    channels: Mapping[str, int]


class ConnectionStore(Protocol):
    """Where connections are kept, with the channels of each; all methods raise `StoreError`.

    A channel is added to a connection's record before anything else is written, and removed from
    it last. So a cleanup finds in the record all channels that it has to look at. `since` is epoch
    milliseconds.
    """

    def put(self, connection: Connection) -> None:
        """Store a connection, which is in no channel yet."""

    def add_channel(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        """Record that a connection is in a channel, and return since when it is.

        That is an earlier time if the channel is recorded already, and `None` for a connection
        that is gone. Raises `TooManyChannelsError` if the connection is in `limit` channels.
        """

    def replace_channel(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        """Replace the recorded time if it is still `earlier`; false if it is not."""

    def remove_channel(
        self, connection_id: str, channel: str, since: int | None = None
    ) -> int | None:
        """Record that a connection is no longer in a channel, and return since when it was.

        `None` if it was not in the channel, or since another time than `since`.
        """

    def channel_since(self, connection_id: str, channel: str) -> int | None:
        """Since when a connection is in a channel; 0 if it is not, `None` if it is gone."""

    def mark_closed(self, connection_id: str) -> ClosedConnection | None:
        """Mark a connection as gone, so that no channel is added; `None` if it is not stored."""

    def delete(self, connection_id: str) -> None:
        """Delete a connection, if it is stored."""

    def of_user(self, username: str) -> Iterator[Connection]:
        """The stored connections of a user, expired ones included."""
