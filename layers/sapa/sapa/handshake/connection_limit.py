"""How many connections a user may have, and what happens to one too many.

The index by user is a little late. So a few more connections may get through when they are opened
at the same time.
"""

from collections.abc import Callable
from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

from sapa.channels.channel import user_channel
from sapa.channels.membership import Membership
from sapa.connections.connection import HANDSHAKE_SECONDS, Connection, ConnectionStore
from sapa.connections.sender import MessageSender, end_connection
from sapa.errors import ConnectionGoneError, DeliveryError, too_many_connections

# The handshake waits for it.
MAX_CLOSED = 3

type Refusal = Literal["too_many_connections", "no_session"]


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

    def check_in(self, connection: Connection, is_logged_in: Callable[[], bool]) -> Refusal | None:
        """Store a connection; the reason if it is refused. Raises `StoreError`, `QueueError`.

        `is_logged_in` reads the session. That must come after the connection is stored:
        `sapa.handshake.session_sockets` says why.
        """
        others = self._of_user(connection.username) if self.limit else []
        surplus = len(others) + 1 - self.limit if self.limit else 0
        if surplus > 0 and self.policy is LimitPolicy.REFUSE_NEWEST:
            return "too_many_connections"
        self.membership.connect(connection)
        stays = False
        try:
            stays = is_logged_in()
        finally:
            if not stays:
                # A `$disconnect` that came meanwhile may have removed the record alone.
                own = user_channel(connection.username)
                self.membership.remove_connection(connection.connection_id, own)
        if not stays:
            return "no_session"
        for other in others[: max(0, min(surplus, MAX_CLOSED))]:
            self._close(other)
        return None

    def refuses(self, username: str) -> bool:
        """Whether a further connection of the user would be refused now. Raises `StoreError`."""
        if not self.limit or self.policy is not LimitPolicy.REFUSE_NEWEST:
            return False
        return len(self._of_user(username)) >= self.limit

    def _of_user(self, username: str) -> list[Connection]:
        """The user's open connections, the oldest first."""
        now = self.clock() // 1000
        stored = self.connections.of_user(username)
        return sorted(
            (each for each in stored if each.expires_at > now), key=lambda each: each.connected_at
        )

    def _close(self, connection: Connection) -> None:
        """A connection that cannot be closed now is among the oldest the next time, too."""
        connection_id = connection.connection_id
        try:
            end_connection(self.sender(), connection_id, too_many_connections())
        except ConnectionGoneError:
            # A young one may be opened a moment later, and a logout has to find it then.
            if self.clock() // 1000 - connection.connected_at >= HANDSHAKE_SECONDS:
                self.membership.remove_connection(connection_id)
        except DeliveryError as error:
            self.report(error)
