"""Sending to clients through the management API."""

from collections.abc import Callable, Iterable
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
