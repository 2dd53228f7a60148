"""Cutting a byte stream into HTTP/1.1 requests, without doing I/O.

The Runtime API has two round trips per invocation, so what a request costs here is most of what
an invocation costs; a general HTTP server would double it.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

# awslambdaric repeats the error, up to 1 MiB of it, in a header for X-Ray.
MAX_HEAD_BYTES = 2 * 1024 * 1024


class BadRequestError(Exception):
    """Bytes that are no request, or one that a runtime client has no reason to send."""


@dataclass(frozen=True, slots=True)
class Request:
    """`headers` by lower-cased name; `body` is None when it was larger than allowed."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes | None


class RequestReader:
    """Feed it what arrives; it yields every request that is complete."""

    def __init__(self, max_body_bytes: int) -> None:
        self._max_body_bytes = max_body_bytes
        self._buffer = bytearray()
        self._head: Request | None = None
        self._body_bytes = 0

    def feed(self, data: bytes) -> Iterator[Request]:
        """The requests that `data` completes; raises `BadRequestError`."""
        self._buffer += data
        while (request := self._take()) is not None:
            yield request

    def _take(self) -> Request | None:
        if self._head is None and not self._take_head():
            return None
        head = self._head
        if head is None or len(self._buffer) < self._body_bytes:
            self._drop_excess()
            return None
        body = bytes(self._buffer[: self._body_bytes])
        del self._buffer[: self._body_bytes]
        self._head = None
        if head.body is None:
            return head
        return Request(head.method, head.path, head.headers, body)

    def _take_head(self) -> bool:
        end = self._buffer.find(b"\r\n\r\n")
        if end > MAX_HEAD_BYTES or (end < 0 and len(self._buffer) > MAX_HEAD_BYTES):
            raise BadRequestError("the head of the request is too large")
        if end < 0:
            return False
        method, path, headers = _parse(bytes(self._buffer[:end]).decode("latin-1"))
        del self._buffer[: end + 4]
        self._body_bytes = _content_length(headers)
        too_large = self._body_bytes > self._max_body_bytes
        self._head = Request(method, path, headers, None if too_large else b"")
        return True

    def _drop_excess(self) -> None:
        """Forget what arrived of a body that is too large; the rest is still to come."""
        if self._head is not None and self._head.body is None:
            self._body_bytes -= len(self._buffer)
            self._buffer.clear()


def _parse(head: str) -> tuple[str, str, dict[str, str]]:
    request_line, *lines = head.split("\r\n")
    try:
        method, path, _version = request_line.split(" ")
    except ValueError:
        raise BadRequestError("expected METHOD PATH VERSION") from None
    headers = {}
    for line in lines:
        name, _, value = line.partition(":")
        headers[name.lower()] = value.strip()
    return method, path, headers


def _content_length(headers: Mapping[str, str]) -> int:
    if "transfer-encoding" in headers:
        raise BadRequestError("expected a Content-Length")
    text = headers.get("content-length", "0")
    if not (text.isascii() and text.isdigit()):
        raise BadRequestError("Content-Length is not a number")
    return int(text)
