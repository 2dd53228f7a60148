"""WebSocket framing for one socket: bytes in, messages out, and back.

The `websockets` library's sans-I/O protocol does the framing; the 128 KB message and 32 KB frame
limits are its `max_size` pair, so that an oversize frame is refused from its header alone.
"""

from dataclasses import dataclass

from websockets.frames import CloseCode, Frame, Opcode
from websockets.protocol import SEND_EOF, Protocol, Side, State

from local_gateway.core.websocket.stage import Limits

ABNORMAL = 1006
_CONTROL_OPCODES = frozenset({Opcode.CLOSE, Opcode.PING, Opcode.PONG})


@dataclass(frozen=True, slots=True)
class Text:
    """A complete text message."""

    body: str


@dataclass(frozen=True, slots=True)
class Binary:
    """A binary message; its content does not matter, nothing accepts it."""


type Message = Text | Binary


class _QuietProtocol(Protocol):
    """Closes without a reason text: no close of AWS's for a broken rule was seen with one.

    A close frame between fragments keeps its code: RFC 6455, section 5.4, allows it there.
    """

    def fail(self, code: CloseCode | int, reason: str = "") -> None:
        received = self.close_rcvd
        if received is not None:
            without_code = received.code == CloseCode.NO_STATUS_RCVD
            code = CloseCode.NORMAL_CLOSURE if without_code else received.code
        super().fail(code, "")


class Framing:
    """The framing state of one socket; errors end in a close frame of its own.

    While it `is_open`, messages can be sent.
    """

    def __init__(self, limits: Limits) -> None:
        self._protocol = _QuietProtocol(
            Side.SERVER, state=State.OPEN, max_size=(limits.message_bytes, limits.frame_bytes)
        )
        self.is_open = True
        self._fragment_size = limits.frame_bytes
        self._fragments = bytearray()

    def receive(self, data: bytes) -> list[Message]:
        """Take bytes from the socket; returns the messages that they complete."""
        self._protocol.receive_data(data)
        messages: list[Message] = []
        for event in self._protocol.events_received():
            if not isinstance(event, Frame) or event.opcode in _CONTROL_OPCODES:
                continue
            if event.opcode is Opcode.BINARY:
                messages.append(Binary())
                continue
            self._fragments += event.data
            if not event.fin:
                continue
            text, self._fragments = self._fragments, bytearray()
            try:
                messages.append(Text(text.decode()))
            except UnicodeDecodeError:
                self._protocol.fail(CloseCode.INVALID_DATA)
                break
        self.is_open = self._protocol.state is State.OPEN
        return messages

    def receive_eof(self) -> None:
        """The socket will bring no more bytes."""
        self._protocol.receive_eof()
        self.is_open = False

    def send_text(self, text: str) -> None:
        """Queue a message, cut into frames no larger than the service's own."""
        data = text.encode()
        size = self._fragment_size
        self._protocol.send_text(data[:size], fin=len(data) <= size)
        for start in range(size, len(data), size):
            self._protocol.send_continuation(data[start : start + size], start + size >= len(data))

    def send_close(self, code: int, reason: str) -> None:
        """Queue a close frame."""
        self._protocol.send_close(code, reason)
        self.is_open = False

    def outgoing(self) -> tuple[bytes, bool]:
        """The bytes to write now, and whether the socket is to be closed after them."""
        chunks = self._protocol.data_to_send()
        return b"".join(chunks), SEND_EOF in chunks

    def close_seen(self) -> tuple[int, str]:
        """Code and reason of the side that closed first; 1006 without any."""
        protocol = self._protocol
        first = protocol.close_rcvd if protocol.close_rcvd_then_sent else protocol.close_sent
        close = first or protocol.close_rcvd or protocol.close_sent
        return (int(close.code), close.reason) if close is not None else (ABNORMAL, "")
