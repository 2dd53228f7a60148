"""Cuts a byte stream into HTTP/1.1 requests, without doing I/O; `httptools` reads the syntax."""

from dataclasses import dataclass, replace
from urllib.parse import urlsplit

import httptools

from local_gateway.core.http import Headers, Request

MAX_HEADERS = 128
_VERSIONS = frozenset({"1.0", "1.1"})


@dataclass(frozen=True, slots=True)
class ReceivedRequest:
    """A complete request, and what the client expects of its connection."""

    request: Request
    keeps_alive: bool
    is_upgrade: bool


class RequestParser:
    """Feed it what arrives; it returns every request that is complete.

    `problem` says why the bytes are no request; then the stream cannot be read any further.
    `pending` is a request whose body is still coming. After an upgrade (or CONNECT), `rest` holds
    what followed the request, in whatever protocol.
    """

    def __init__(self, source_ip: str, *, max_head_bytes: int, max_body_bytes: int) -> None:
        self.problem: str | None = None
        self.pending: Request | None = None
        self.rest = b""
        self._source_ip = source_ip
        self._max_head_bytes = max_head_bytes
        self._max_body_bytes = max_body_bytes
        self._parser = httptools.HttpRequestParser(self)
        self._received: list[ReceivedRequest] = []
        self._head_bytes = 0
        self.on_message_begin()

    def feed(self, data: bytes) -> list[ReceivedRequest]:
        """The requests that `data` completes."""
        if self.pending is None:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self.problem = self.problem or str(error)
        if self.pending is None and self._head_bytes > self._max_head_bytes:
            self.problem = self.problem or "the head of the request is too large"
        received, self._received = self._received, []
        return received

    # What httptools calls

    def on_message_begin(self) -> None:
        self._url = b""
        self._headers: list[tuple[bytes, bytes]] = []
        self._body: list[bytes] = []
        self._body_bytes = 0

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._headers.append((name, value))

    def on_headers_complete(self) -> None:
        pairs = [(name.decode("latin-1"), _text(value)) for name, value in self._headers]
        size = len(self._url) + sum([len(name) + len(value) for name, value in self._headers])
        if size > self._max_head_bytes or len(pairs) > MAX_HEADERS:
            self.problem = "the head of the request is too large"
            return
        if self._parser.get_http_version() not in _VERSIONS:
            self.problem = "the version of HTTP is none that is spoken here"
            return
        headers = Headers(pairs)
        length = headers.get("content-length") or "0"
        target = self._url.decode("latin-1")
        try:
            path, query = _split(target)
        except ValueError:
            self.problem = "the URL of the request is malformed"
            return
        self.pending = Request(
            method=self._parser.get_method().decode("latin-1"),
            path=path,
            query_string=query,
            headers=headers,
            source_ip=self._source_ip,
            is_too_large=int(length) > self._max_body_bytes,
        )

    def on_body(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes <= self._max_body_bytes:
            self._body.append(data)
        elif self.pending is not None and not self.pending.is_too_large:
            self.pending = replace(self.pending, is_too_large=True)

    def on_message_complete(self) -> None:
        request, self.pending = self.pending, None
        self._head_bytes = 0
        if request is None or self.problem is not None:
            return
        if self._body and not request.is_too_large:
            request = replace(request, body=b"".join(self._body))
        parser = self._parser
        self._received.append(
            ReceivedRequest(request, parser.should_keep_alive(), parser.should_upgrade())
        )


def _split(target: str) -> tuple[str, str]:
    """Path and query string, without the scheme and host that a proxy's client sends."""
    target = target.partition("#")[0]
    if not target.startswith("/"):
        parts = urlsplit(target)
        return parts.path, parts.query
    path, _, query = target.partition("?")
    return path, query


def _text(value: bytes) -> str:
    """A header's value; bytes that are not UTF-8 must not break the JSON of an event."""
    value = value.rstrip(b" \t")
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
