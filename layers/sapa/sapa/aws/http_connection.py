"""One kept-alive HTTP/1.1 connection for small requests.

`http.client` spends most of its time on the headers of the answer, of which only a few matter, and
loads a mail parser to do it.
"""

import select
import socket
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, BinaryIO

if TYPE_CHECKING:
    import ssl

LONGEST_LINE = 65_536
MOST_HEADERS = 200


class BrokenConnectionError(Exception):
    """The connection cannot be used any more.

    `unanswered` is true when not a byte came back: a kept-alive connection may have been closed
    while it was idle, and the request deserves a fresh one.
    """

    def __init__(self, *, unanswered: bool) -> None:
        super().__init__("the HTTP connection broke")
        self.unanswered = unanswered


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where to connect to; `tls` is set for https."""

    host: str
    port: int
    tls: "ssl.SSLContext | None"


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts:
    """The longest waits, in seconds: to connect, and for each answer."""

    connect: float
    read: float


@dataclass(frozen=True, slots=True)
class ServiceResponse:
    """A status, the headers with their names in lower case, and the whole body."""

    status: int
    headers: dict[bytes, bytes]
    body: bytes


def open_socket(address: Address, timeouts: Timeouts) -> socket.socket:
    """Connect, with TLS for https. Raises `TimeoutError` and `OSError`."""
    plain = socket.create_connection((address.host, address.port), timeouts.connect)
    try:
        plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        wrapped = (
            address.tls.wrap_socket(plain, server_hostname=address.host) if address.tls else plain
        )
        wrapped.settimeout(timeouts.read)
    except BaseException:
        plain.close()
        raise
    return wrapped


class HttpConnection:
    """A connection; `is_open` says whether it can take another request.

    Waiting longer than `timeouts` raises `TimeoutError`; connecting also raises `OSError`.
    """

    def __init__(self, address: Address, timeouts: Timeouts) -> None:
        self._socket = open_socket(address, timeouts)
        self._reader: BinaryIO = self._socket.makefile("rb")
        self._arrivals = select.poll()
        self._arrivals.register(self._socket, select.POLLIN)
        self.is_open = True

    def was_closed(self) -> bool:
        """Whether the other side has ended an idle connection.

        Whatever can be read between two exchanges is the end. It may come a moment later, or be
        lost: an environment that was frozen for hours learns of nothing.
        """
        return bool(self._arrivals.poll(0))

    def exchange(self, request: bytes) -> ServiceResponse:
        """Send a whole request and return its answer.

        Raises `BrokenConnectionError` and `TimeoutError`; the connection is closed then.
        """
        answered = False
        try:
            self._socket.sendall(request)
            line = self._line()
            answered = True
            return self._response(line)
        except TimeoutError:
            self.close()
            raise
        except (OSError, ValueError) as error:
            self.close()
            raise BrokenConnectionError(unanswered=not answered) from error

    def close(self) -> None:
        """Close it; twice is fine."""
        self.is_open = False
        self._reader.close()
        self._socket.close()

    def _response(self, line: bytes) -> ServiceResponse:
        status = status_of(line)
        headers = self._headers()
        while status < HTTPStatus.OK:
            status = status_of(self._line())
            headers = self._headers()
        body = self._body(status, headers)
        if headers.get(b"connection", b"").lower() == b"close" or line.startswith(b"HTTP/1.0"):
            self.close()
        return ServiceResponse(status, headers, body)

    def _headers(self) -> dict[bytes, bytes]:
        headers: dict[bytes, bytes] = {}
        for _ in range(MOST_HEADERS):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return headers
            name, _, value = line.partition(b":")
            headers[name.lower()] = value.strip()
        raise ValueError("too many headers")

    def _body(self, status: int, headers: dict[bytes, bytes]) -> bytes:
        if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return b""
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            return self._chunks()
        if b"content-length" in headers:
            return self._read(int(headers[b"content-length"]))
        # It ends where the connection does.
        body = self._reader.read()
        self.close()
        return body

    def _chunks(self) -> bytes:
        parts: list[bytes] = []
        while size := int(self._line().partition(b";")[0], 16):
            parts.append(self._read(size))
            self._read(2)
        self._headers()
        return b"".join(parts)

    def _read(self, size: int) -> bytes:
        if not size:
            return b""
        body = self._reader.read(size)
        if len(body) < size:
            raise ValueError("the body ends early")
        return body

    def _line(self) -> bytes:
        line = self._reader.readline(LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ValueError("the answer ends early")
        return line


def status_of(line: bytes) -> int:
    """The status of an answer's first line. Raises `ValueError`."""
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("not an HTTP/1 answer")
    return int(rest[:3])
