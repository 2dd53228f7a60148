"""Sending to clients through the management API."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import Enum, auto
from typing import Protocol

from sapa.errors import ConnectionGoneError


class MessageSender(Protocol):
    """Who can reach an open socket.

    Both methods raise `ConnectionGoneError` for a closed one and `DeliveryError` otherwise.
    """

    def post(self, connection_id: str, frame: str) -> None:
        """Send one text frame."""

    def close(self, connection_id: str) -> None:
        """Close the socket; the client sees code 1000."""


class Outcome(Enum):
    """What became of one post of many."""

    DELIVERED = auto()
    GONE = auto()
    # Refused, failed, or not tried for lack of time: it may be tried again.
    FAILED = auto()
    # No answer in time: it may be tried again, but not at once.
    SLOW = auto()


class BulkSender(Protocol):
    """Who can reach many open sockets at once."""

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, Outcome]:
        """Send one text frame to all connections; no post begins when `seconds` are over.

        Never raises for what a connection or the network does; every id has an outcome.
        """


def deliver(
    frames: Iterable[str], connection_id: str, sender: MessageSender, forget: Callable[[str], None]
) -> bool:
    """Post frames in order and say whether the client was still there.

    A gone connection is forgotten at once: `$disconnect` may never come for it. Raises
    `DeliveryError`, and what `forget` raises.
    """
    try:
        for frame in frames:
            sender.post(connection_id, frame)
    except ConnectionGoneError as gone:
        forget(gone.connection_id)
        return False
    return True
