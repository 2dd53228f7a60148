"""How many connections a user may have, and what happens to one too many.

The index by user lags behind by moments, so of connections that are opened at the same time a few
more may get through.
"""

from collections.abc import Callable
from dataclasses import dataclass

from sapa.channels.membership import Membership
from sapa.connections.connection import Connection, ConnectionStore
from sapa.connections.sender import MessageSender
from sapa.errors import ConnectionGoneError, DeliveryError

# The handshake waits for it.
MAX_CLOSED = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """Lets connections in; `limit` 0 is none, `clock` gives epoch seconds.

    With `closes_oldest` a connection too many closes the user's oldest ones, else it is refused;
    `report` is told of those that could not be closed.
    """

    membership: Membership
    connections: ConnectionStore
    sender: Callable[[], MessageSender]
    limit: int
    closes_oldest: bool
    clock: Callable[[], int]
    report: Callable[[DeliveryError], None]

    def admit(self, connection: Connection) -> bool:
        """Remember a connection, unless it is refused. Raises `StoreError`, `QueueError`."""
        others = self._others(connection) if self.limit else []
        surplus = len(others) + 1 - self.limit if self.limit else 0
        if surplus > 0 and not self.closes_oldest:
            return False
        self.membership.connect(connection)
        for other in others[: max(0, min(surplus, MAX_CLOSED))]:
            self._close(other.connection_id)
        return True

    def _others(self, connection: Connection) -> list[Connection]:
        """The user's open connections, the oldest first."""
        now = self.clock()
        others = [
            other
            for other in self.connections.of_user(connection.username)
            if other.expires_at > now and other.connection_id != connection.connection_id
        ]
        return sorted(others, key=lambda other: other.connected_at)

    def _close(self, connection_id: str) -> None:
        """One that cannot be closed now is among the oldest the next time, too."""
        try:
            self.sender().close(connection_id)
        except ConnectionGoneError:
            self.membership.forget(connection_id)
        except DeliveryError as error:
            self.report(error)
