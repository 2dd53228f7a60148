"""HTTP requests whose responses are read while they arrive, as a language model's are.

Each has a connection of its own: it lasts as long as the response, and is closed to end it early.
"""

import socket
import time
from collections.abc import Callable, Iterator, Mapping
from http import HTTPStatus
from types import TracebackType
from typing import Self

from sapa.aws.endpoint import Body, Server
from sapa.aws.http_connection import (
    LONGEST_LINE,
    MOST_HEADERS,
    BrokenConnectionError,
    Timeouts,
    open_socket,
    status_of,
)

# How often it is asked, while nothing comes, whether the response is still wanted.
ASK_SECONDS = 0.5
_RECEIVED_BYTES = 65_536


class UnwantedError(Exception):
    """Nobody waits for the response any more."""


type Authorization = Callable[[str, str, Body, Mapping[str, str]], str]
"""The header lines that authorize a request: of its method, path, body and headers."""


class StreamingEndpoint:
    """A service at `url` (http or https); safe to share between threads."""

    def __init__(self, url: str, *, authorization: Authorization, timeouts: Timeouts) -> None:
        self._server = Server(url)
        self.path = self._server.path
        self._authorization = authorization
        self._timeouts = timeouts

    def post(
        self, path: str, body: Body, headers: Mapping[str, str], is_wanted: Callable[[], bool]
    ) -> "HttpStream":
        """Send a request and read the head of its response; `headers` have names in lower case.

        Raises `UnwantedError`, `TimeoutError`, `BrokenConnectionError` and `OSError`.
        """
        authorization = self._authorization("POST", path, body, headers)
        others = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        request = (
            f"POST {path} HTTP/1.1\r\nHost: {self._server.host}\r\nConnection: close\r\n"
            f"Content-Length: {len(body.content)}\r\n{others}{authorization}\r\n"
        ).encode() + body.content
        connection = self._server.connect(open_socket, self._timeouts)
        return HttpStream(connection, request, self._timeouts.read, is_wanted)


class HttpStream:
    """A response: `status`, `headers` with names in lower case, and the body by iterating.

    Waiting longer than `seconds` for the next bytes raises `TimeoutError`. `is_wanted` is asked
    before each piece, and now and then while nothing comes; if not, `UnwantedError` is raised. A
    response that ends early raises `BrokenConnectionError`.
    """

    def __init__(
        self,
        connection: socket.socket,
        request: bytes,
        seconds: float,
        is_wanted: Callable[[], bool],
    ) -> None:
        self._socket = connection
        self._seconds = seconds
        self._is_wanted = is_wanted
        self._buffer = bytearray()
        try:
            connection.sendall(request)
            connection.settimeout(ASK_SECONDS)
            self.status, self.headers = self._head()
        except BaseException as error:
            self.close()
            if isinstance(error, ValueError):
                raise BrokenConnectionError(unanswered=False) from error
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __iter__(self) -> Iterator[bytes]:
        """The body as it comes, in pieces of any size."""
        try:
            if self.headers.get(b"transfer-encoding", b"").lower() == b"chunked":
                yield from self._chunks()
            elif b"content-length" in self.headers:
                yield from self._exactly(int(self.headers[b"content-length"]))
            else:
                yield from self._rest()
        except ValueError as error:
            raise BrokenConnectionError(unanswered=False) from error

    def close(self) -> None:
        """Close the connection; twice is fine."""
        self._socket.close()

    def _head(self) -> tuple[int, dict[bytes, bytes]]:
        status = 0
        while status < HTTPStatus.OK:
            status = status_of(self._line())
            headers = self._headers()
        return status, headers

    def _headers(self) -> dict[bytes, bytes]:
        headers: dict[bytes, bytes] = {}
        for _ in range(MOST_HEADERS):
            line = self._line()
            if not line:
                return headers
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        raise ValueError("too many headers")

    def _chunks(self) -> Iterator[bytes]:
        while size := int(self._line().partition(b";")[0], 16):
            yield from self._exactly(size)
            self._line()
        self._headers()

    def _exactly(self, size: int) -> Iterator[bytes]:
        if size < 0:
            raise ValueError("a length is negative")
        while size:
            if not self._buffer and not self._receive():
                raise ValueError("the body ends early")
            piece = bytes(self._buffer[:size])
            del self._buffer[:size]
            size -= len(piece)
            yield piece

    def _rest(self) -> Iterator[bytes]:
        """It ends where the connection does."""
        while self._buffer or self._receive():
            piece = bytes(self._buffer)
            self._buffer.clear()
            yield piece

    def _line(self) -> bytes:
        """A line without its end."""
        while (end := self._buffer.find(b"\n")) < 0:
            if len(self._buffer) > LONGEST_LINE or not self._receive():
                raise ValueError("the answer ends early")
        line = bytes(self._buffer[:end])
        del self._buffer[: end + 1]
        return line.removesuffix(b"\r")

    def _receive(self) -> bool:
        """Wait for the next bytes; false at the end of the connection."""
        until = time.monotonic() + self._seconds
        while True:
            if not self._is_wanted():
                raise UnwantedError
            try:
                received = self._socket.recv(_RECEIVED_BYTES)
            except TimeoutError:
                if time.monotonic() >= until:
                    raise
            except OSError as error:
                raise BrokenConnectionError(unanswered=False) from error
            else:
                self._buffer += received
                return bool(received)
