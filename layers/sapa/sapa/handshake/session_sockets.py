"""Closes the sockets of login sessions that have ended, so that none of them answers afterwards.

There is no lock. Of a handshake and the end of its session, each writes first and reads then:

- The connect function stores the connection and its subscription to the user's channel. Then it
  reads the session, and refuses the handshake if the session has ended.
- A logout or a revocation deletes the session. Then it lists the subscriptions of the user's
  channel, and closes the connections of the session.

All these reads are consistent. So a connection that is not on the list was stored after the session
had been deleted: its handshake finds no session. A connection on the list is closed here, unless
its handshake still runs: then the management API answers 410 as for a closed one. Such a connection
is tried again until it is closed, until its subscription is gone (the handshake was refused, or the
client has left), or until it is so old that no handshake can still run. To keep this true, nothing
removes a young connection because of a 410.

The end of a session by its expiry needs no list: each message carries the time of it.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass

from sapa.channels.channel import Subscription, user_channel
from sapa.connections.connection import OPENING_SECONDS
from sapa.connections.sender import MessageSender, end_connection
from sapa.errors import (
    ConnectionGoneError,
    DeliveryError,
    QueueError,
    SapaError,
    StoreError,
    session_ended,
)

_FIRST_PAUSE = 0.05
_LONGEST_PAUSE = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SessionSockets:
    """Closes sockets after the session has been deleted.

    `list_subscriptions` reads a channel consistently. `clock` gives epoch milliseconds, `sleep`
    waits for seconds, `report` gets the errors of connections that could not be closed or removed.
    """

    list_subscriptions: Callable[[str], Iterable[Subscription]]
    sender: Callable[[], MessageSender]
    remove_connection: Callable[[str], None]
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    report: Callable[[SapaError], None]

    def close(self, username: str, session_id: str | None = None) -> int:
        """Close the sockets of a session, or of all sessions of the user, and count them.

        Each client first gets the frame `session_ended`. Raises `StoreError`.
        """
        subscriptions = self._subscriptions(username, session_id)
        closed = 0
        pause = _FIRST_PAUSE
        while True:
            results = {each.subscriber.connection_id: self._close(each) for each in subscriptions}
            closed += list(results.values()).count(True)
            opening = {connection_id for connection_id, result in results.items() if result is None}
            if not opening:
                return closed
            self.sleep(pause)
            pause = min(2 * pause, _LONGEST_PAUSE)
            subscriptions = [
                each
                for each in self._subscriptions(username, session_id)
                if each.subscriber.connection_id in opening
            ]

    def _subscriptions(self, username: str, session_id: str | None) -> list[Subscription]:
        return [
            each
            for each in self.list_subscriptions(user_channel(username))
            if session_id in (None, each.subscriber.session_id)
        ]

    def _close(self, subscription: Subscription) -> bool | None:
        """Whether it was closed now; `None` if its handshake may still be running."""
        connection_id = subscription.subscriber.connection_id
        try:
            end_connection(self.sender(), connection_id, session_ended())
        except ConnectionGoneError:
            if self.clock() - subscription.since < OPENING_SECONDS * 1000:
                return None
            self._remove(connection_id)
            return False
        except DeliveryError as error:
            self.report(error)
            return False
        return True

    def _remove(self, connection_id: str) -> None:
        try:
            self.remove_connection(connection_id)
        except (StoreError, QueueError) as error:
            self.report(error)
