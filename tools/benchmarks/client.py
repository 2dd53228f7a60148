"""The load: one small WebSocket client for every server, so that it costs the same everywhere.

A library's client would cost more than a bare echo does. Frames are at most 64 KB, nothing is
compressed, and an answer that is not the expected one ends the run: error frames are fast too.
"""

import secrets
import selectors
import socket
import struct
import time
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from typing import Self
from urllib.parse import urlsplit

from tools.benchmarks.processes import BenchmarkError

HANDSHAKES = 20
"""How many handshakes are under way at a time."""

_TIMEOUT_SECONDS = 30.0
_TEXT = 0x81
_MASKED = 0x80
_SHORT, _MEDIUM = 125, 126


class UnexpectedAnswerError(BenchmarkError):
    """A server answered something else than the benchmark is about."""


def text_frame(text: str) -> bytes:
    """A client's frame. Its masking key is zero, which leaves the text as it is."""
    payload = text.encode()
    if len(payload) <= _SHORT:
        return bytes((_TEXT, _MASKED | len(payload), 0, 0, 0, 0)) + payload
    return struct.pack("!BBHI", _TEXT, _MASKED | _MEDIUM, len(payload), 0) + payload


class Client:
    """A WebSocket on a blocking socket; raises `UnexpectedAnswerError`."""

    def __init__(self, url: str, cookie: str | None = None) -> None:
        parts = urlsplit(url)
        address = (parts.hostname or "127.0.0.1", parts.port or 80)
        self.socket = socket.create_connection(address, _TIMEOUT_SECONDS)
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._buffer = b""
        query = f"?{parts.query}" if parts.query else ""
        lines = [
            f"GET {parts.path or '/'}{query} HTTP/1.1",
            f"Host: {parts.netloc}",
            "Upgrade: websocket",
            "Connection: Upgrade",
            f"Sec-WebSocket-Key: {b64encode(secrets.token_bytes(16)).decode()}",
            "Sec-WebSocket-Version: 13",
            *([f"Cookie: {cookie}"] if cookie else []),
        ]
        self.socket.sendall("\r\n".join([*lines, "", ""]).encode())

    def open(self) -> Self:
        """Wait for the end of the handshake, which the constructor has begun."""
        while b"\r\n\r\n" not in self._buffer:
            self._receive()
        head, _, self._buffer = self._buffer.partition(b"\r\n\r\n")
        status_line = head.split(b"\r\n", 1)[0].decode("latin-1")
        if " 101" not in status_line:
            self.socket.close()
            raise UnexpectedAnswerError(f"the handshake was answered {status_line!r}")
        return self

    def close(self) -> None:
        """Drop the socket; the server has to cope."""
        self.socket.close()

    def ask(self, frame: bytes, expected: bytes) -> None:
        """Send a frame and wait for its answer."""
        self.socket.sendall(frame)
        while not (count := self.answers(expected)):
            self._receive()
        if count > 1:
            raise UnexpectedAnswerError(f"{count} answers to one message")

    def receive(self) -> bytes:
        """Wait for one frame, whatever it carries."""
        while (payload := self._take()) is None:
            self._receive()
        return payload

    def answers(self, expected: bytes) -> int:
        """How many complete frames have arrived; each must carry `expected`."""
        count = 0
        while (payload := self._take()) is not None:
            if payload != expected:
                raise UnexpectedAnswerError(f"expected {expected!r}, not {payload[:200]!r}")
            count += 1
        return count

    def _receive(self) -> None:
        data = self.socket.recv(65536)
        if not data:
            raise UnexpectedAnswerError("the server closed the socket")
        self._buffer += data

    def _take(self) -> bytes | None:
        buffer = self._buffer
        if len(buffer) < 2:
            return None
        if buffer[0] != _TEXT:
            raise UnexpectedAnswerError(f"expected a text frame, not {buffer[:200]!r}")
        start, length = 2, buffer[1]
        if length == _MEDIUM:
            if len(buffer) < 4:
                return None
            start, length = 4, struct.unpack_from("!H", buffer, 2)[0]
        end = start + length
        if len(buffer) < end:
            return None
        self._buffer = buffer[end:]
        return buffer[start:end]

    def receive_ready(self) -> None:
        """Take what has arrived; the caller knows that something has."""
        self._receive()


@contextmanager
def connected(url: str, count: int, cookie: str | None = None) -> Iterator[list[Client]]:
    """That many open clients, whose handshakes are made some at a time."""
    clients: list[Client] = []
    with ExitStack() as stack:
        while len(clients) < count:
            batch = [Client(url, cookie) for _ in range(min(HANDSHAKES, count - len(clients)))]
            for client in batch:
                stack.callback(client.close)
            clients += [client.open() for client in batch]
        yield clients


def round_trips(client: Client, frame: bytes, expected: bytes, count: int) -> list[float]:
    """Milliseconds of each of `count` messages, one after the other."""
    clock = time.perf_counter_ns
    times = []
    for _ in range(count):
        begun = clock()
        client.ask(frame, expected)
        times.append((clock() - begun) / 1e6)
    return times


def rates(
    clients: Sequence[Client], frame: bytes, expected: bytes, *, seconds: float, slices: int
) -> list[float]:
    """Messages a second in each of `slices` parts of `seconds`.

    Every client sends its next message when the last is answered, all of them at once.
    """
    clock = time.perf_counter
    with selectors.DefaultSelector() as selector:
        for client in clients:
            selector.register(client.socket, selectors.EVENT_READ, client)
            client.socket.sendall(frame)
        per_second = []
        for _ in range(slices):
            begun, count = clock(), 0
            until = begun + seconds / slices
            while clock() < until:
                count += _turn(selector, frame, expected)
            per_second.append(count / (clock() - begun))
        _drain(selector, expected)
    return per_second


def _turn(selector: selectors.BaseSelector, frame: bytes, expected: bytes) -> int:
    count = 0
    for key, _ in selector.select(_TIMEOUT_SECONDS):
        client: Client = key.data
        client.receive_ready()
        if client.answers(expected):
            client.socket.sendall(frame)
            count += 1
    return count


def _drain(selector: selectors.BaseSelector, expected: bytes) -> None:
    """Wait for the answers that are still to come."""
    while selector.get_map():
        for key, _ in selector.select(_TIMEOUT_SECONDS):
            client: Client = key.data
            client.receive_ready()
            if client.answers(expected):
                selector.unregister(key.fileobj)
