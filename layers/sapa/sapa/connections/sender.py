"""The ports through which clients are reached."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from enum import Enum, auto
from typing import Protocol

from sapa.connections.frames import render
from sapa.errors import ConnectionGoneError, DeliveryError, RefusalError


class MessageSender(Protocol):
    """Reaches one open socket.

    Both methods raise `ConnectionGoneError` for a closed one and `DeliveryError` otherwise.
    """

    def post(self, connection_id: str, frame: str) -> None:
        """Send a text frame."""

    def close(self, connection_id: str) -> None:
        """Close the socket."""


def end_connection(sender: MessageSender, connection_id: str, reason: RefusalError) -> None:
    """Tell the client why, then close the socket. Raises `ConnectionGoneError`, `DeliveryError`."""
    try:
        sender.post(connection_id, render(reason.as_json()))
    except DeliveryError:
        # A client that takes no frames is closed all the same.
        sender.close(connection_id)
    else:
        # A client may close the socket as soon as it has read why.
        with suppress(ConnectionGoneError):
            sender.close(connection_id)


class PostOutcome(Enum):
    """The result of one post."""

    DELIVERED = auto()
    GONE = auto()
    # Refused, failed, or not tried for lack of time: it may be tried again.
    FAILED = auto()
    # The connection takes no more frames at the moment: its client does not read.
    LIMITED = auto()
    # No answer in time: it may be tried again, but not at once.
    SLOW = auto()


class BulkSender(Protocol):
    """Reaches many open sockets at once."""

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, PostOutcome]:
        """Send one text frame to all connections; no post begins when `seconds` are over.

        Never raises for what a connection or the network does; every id has an outcome.
        """
