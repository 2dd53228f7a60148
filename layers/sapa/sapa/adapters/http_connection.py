"""One kept-alive HTTP/1.1 connection that posts small bodies and reads nothing but the status.

`http.client` spends most of its time on the headers of the answer, of which only three matter.
"""

import socket
import ssl
from dataclasses import dataclass
from http import HTTPStatus
from typing import BinaryIO

_LONGEST_LINE = 65_536
_MOST_HEADERS = 200


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
    tls: ssl.SSLContext | None


class HttpConnection:
    """A connection; `is_open` says whether it can take another request.

    Every wait for the other side lasts `timeout` seconds at most, then raises `TimeoutError`;
    connecting also raises `OSError`.
    """

    def __init__(self, address: Address, timeout: float) -> None:
        plain = socket.create_connection((address.host, address.port), timeout)
        try:
            plain.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            wrapped = (
                address.tls.wrap_socket(plain, server_hostname=address.host)
                if address.tls
                else plain
            )
        except BaseException:
            plain.close()
            raise
        self._socket: socket.socket = wrapped
        self._reader: BinaryIO = wrapped.makefile("rb")
        self.is_open = True

    def exchange(self, request: bytes) -> int:
        """Send a whole request and return the status of its answer.

        Raises `BrokenConnectionError` and `TimeoutError`; the connection is closed then.
        """
        answered = False
        try:
            self._socket.sendall(request)
            line = self._line()
            answered = True
            return self._answer(line)
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

    def _answer(self, line: bytes) -> int:
        status = _status(line)
        headers = self._headers()
        while status < HTTPStatus.OK:
            status = _status(self._line())
            headers = self._headers()
        self._skip_body(status, headers)
        if headers.get(b"connection", b"").lower() == b"close" or line.startswith(b"HTTP/1.0"):
            self.close()
        return status

    def _headers(self) -> dict[bytes, bytes]:
        found: dict[bytes, bytes] = {}
        for _ in range(_MOST_HEADERS):
            line = self._line()
            if line in (b"\r\n", b"\n"):
                return found
            name, _, value = line.partition(b":")
            found[name.lower()] = value.strip()
        raise ValueError("too many headers")

    def _skip_body(self, status: int, headers: dict[bytes, bytes]) -> None:
        if status in (HTTPStatus.NO_CONTENT, HTTPStatus.NOT_MODIFIED):
            return
        if headers.get(b"transfer-encoding", b"").lower() == b"chunked":
            while size := int(self._line().partition(b";")[0], 16):
                self._skip(size + 2)
            self._headers()
        elif b"content-length" in headers:
            self._skip(int(headers[b"content-length"]))
        else:
            # It ends where the connection does, and nothing more is needed of it.
            self.close()

    def _skip(self, size: int) -> None:
        if size and len(self._reader.read(size)) < size:
            raise ValueError("the body ends early")

    def _line(self) -> bytes:
        line = self._reader.readline(_LONGEST_LINE)
        if not line.endswith(b"\n"):
            raise ValueError("the answer ends early")
        return line


def _status(line: bytes) -> int:
    version, _, rest = line.partition(b" ")
    if not version.startswith(b"HTTP/1."):
        raise ValueError("not an HTTP/1 answer")
    return int(rest[:3])
