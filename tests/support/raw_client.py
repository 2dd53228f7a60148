"""A WebSocket client that sends exactly the bytes it is told to."""

import os
import socket
import struct
from dataclasses import dataclass
from types import TracebackType
from typing import Self

from websockets.frames import Opcode

SECONDS = 20.0
# Key and answer of RFC 6455, section 1.3
KEY = "dGhlIHNhbXBsZSBub25jZQ=="
ACCEPT = "s3pPLMBiTxaQ9kYGzzhZRbK+xOo="
HEADERS = {
    "Host": "gateway.test",
    "Connection": "Upgrade",
    "Upgrade": "websocket",
    "Sec-WebSocket-Version": "13",
    "Sec-WebSocket-Key": KEY,
}


@dataclass(frozen=True, slots=True)
class Head:
    """The first part of an HTTP response; header names in lower case."""

    status: int
    headers: dict[str, str]


def request(path: str, headers: dict[str, str] | None = None, method: str = "GET") -> bytes:
    """An upgrade request; `headers` are added to, or replace, the ordinary ones."""
    lines = [f"{method} {path} HTTP/1.1"]
    lines += [f"{name}: {value}" for name, value in {**HEADERS, **(headers or {})}.items()]
    return "\r\n".join([*lines, "", ""]).encode()


def frame(
    opcode: int, data: bytes = b"", *, fin: bool = True, masked: bool = True, reserved: int = 0
) -> bytes:
    """One frame, correct or not."""
    first = (0x80 if fin else 0) | reserved << 4 | opcode
    mask_bit = 0x80 if masked else 0
    if len(data) < 126:
        head = struct.pack("!BB", first, mask_bit | len(data))
    elif len(data) < 65536:
        head = struct.pack("!BBH", first, mask_bit | 126, len(data))
    else:
        head = struct.pack("!BBQ", first, mask_bit | 127, len(data))
    if not masked:
        return head + data
    mask = os.urandom(4)
    key = int.from_bytes((mask * (len(data) // 4 + 1))[: len(data)])
    return head + mask + (int.from_bytes(data) ^ key).to_bytes(len(data))


class RawClient:
    """A TCP connection to the gateway."""

    def __init__(self, address: tuple[str, int], *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(SECONDS)
        self.socket.connect(address)
        self._reader = self.socket.makefile("rb")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._reader.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        """Send bytes as they are."""
        self.socket.sendall(data)

    def upgrade(self, path: str, headers: dict[str, str] | None = None) -> Head:
        """Send an upgrade request and read the head of the answer."""
        self.send(request(path, headers))
        return self.head()

    def head(self) -> Head:
        """Read the head of a response; fails at the end of the stream."""
        status = self._reader.readline().decode()
        assert status.startswith("HTTP/1."), status
        headers: dict[str, str] = {}
        while line := self._reader.readline().decode().strip():
            name, _, value = line.partition(":")
            headers[name.lower()] = value.strip()
        return Head(int(status.split()[1]), headers)

    def body(self, head: Head) -> bytes:
        """Read the body of a response with a length."""
        return self._reader.read(int(head.headers.get("content-length", "0")))

    def frame(self) -> tuple[int, bytes]:
        """Read one frame from the server: opcode and payload."""
        first, second = self._reader.read(2)
        length = second & 0x7F
        if length >= 126:
            length = int.from_bytes(self._reader.read(2 if length == 126 else 8))
        return first & 0x0F, self._reader.read(length)

    def close_code(self) -> int:
        """Read up to the close frame and tell its code."""
        while True:
            opcode, data = self.frame()
            if opcode == Opcode.CLOSE:
                return int.from_bytes(data[:2])

    def is_at_end(self) -> bool:
        """Read to the end of the stream; false if bytes come."""
        return self._reader.read(1) == b""

    def rest(self) -> bytes:
        """Everything up to the end of the stream, also an abrupt one."""
        received = b""
        try:
            while data := self._reader.read1():
                received += data
        except ConnectionError:
            pass
        return received

    def has_bytes(self) -> bool:
        """Whether the gateway has sent anything that was not read yet."""
        self.socket.setblocking(False)
        try:
            return bool(self.socket.recv(1, socket.MSG_PEEK))
        except BlockingIOError:
            return False
        finally:
            self.socket.settimeout(SECONDS)

    def vanish(self) -> None:
        """Reset the TCP connection."""
        self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self._reader.close()
        self.socket.close()
