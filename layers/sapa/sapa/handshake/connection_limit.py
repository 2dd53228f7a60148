"""How many connections a user may have, and what happens to one too many.

The index by user is a little late. So a few more connections may get through when they are opened
at the same time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum

from sapa.channels.membership import Membership
from sapa.connections.connection import Connection, ConnectionStore
from sapa.connections.sender import MessageSender, end_connection
from sapa.errors import ConnectionGoneError, DeliveryError, too_many_connections

# The handshake waits for it.
MAX_CLOSED = 3


class LimitPolicy(StrEnum):
    """What happens to a connection too many."""

    CLOSE_OLDEST = "close-oldest"
    REFUSE_NEWEST = "refuse-newest"


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionLimit:
    """Checks connections in; with `limit` 0 a user may have any number.

    `clock` gives epoch milliseconds; `report` gets the errors of connections that could not be
    closed.
    """

    membership: Membership
    connections: ConnectionStore
    sender: Callable[[], MessageSender]
    limit: int
    policy: LimitPolicy
    clock: Callable[[], int]
    report: Callable[[DeliveryError], None]

    def check_in(self, connection: Connection) -> bool:
        """Store a connection, unless it is refused. Raises `StoreError`, `QueueError`."""
        others = self._others(connection) if self.limit else []
        surplus = len(others) + 1 - self.limit if self.limit else 0
        if surplus > 0 and self.policy is LimitPolicy.REFUSE_NEWEST:
            return False
        self.membership.connect(connection)
        for other in others[: max(0, min(surplus, MAX_CLOSED))]:
            self._close(other.connection_id)
        return True

    def _others(self, connection: Connection) -> list[Connection]:
        """The user's open connections, the oldest first."""
        now = self.clock() // 1000
        others = [
            other
            for other in self.connections.of_user(connection.username)
            if other.expires_at > now and other.connection_id != connection.connection_id
        ]
        return sorted(others, key=lambda other: other.connected_at)

    def _close(self, connection_id: str) -> None:
        """A connection that cannot be closed now is among the oldest the next time, too."""
        try:
            end_connection(self.sender(), connection_id, too_many_connections())
        except ConnectionGoneError:
            self.membership.remove_connection(connection_id)
        except DeliveryError as error:
            self.report(error)
