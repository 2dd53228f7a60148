"""Cuts a byte stream into HTTP/1.1 requests, without doing I/O; `httptools` reads the syntax."""

from dataclasses import dataclass
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

    `problem` says why the bytes are no request; then the stream cannot be read any further. After
    an upgrade (or CONNECT), `rest` holds what followed the request, in whatever protocol.
    """

    def __init__(self, source_ip: str, *, max_head_bytes: int, max_body_bytes: int) -> None:
        self.problem: str | None = None
        self.rest = b""
        self._source_ip = source_ip
        self._max_head_bytes = max_head_bytes
        self._max_body_bytes = max_body_bytes
        self._parser = httptools.HttpRequestParser(self)
        self._received: list[ReceivedRequest] = []
        self._fed_bytes = 0
        self._url = b""
        self._pairs: list[tuple[bytes, bytes]] = []
        self._target: tuple[str, str] | None = None  # path and query string of a complete head
        self._headers = Headers()
        self._body: list[bytes] = []
        self._body_bytes = 0

    def feed(self, data: bytes) -> list[ReceivedRequest]:
        """The requests that `data` completes."""
        if self._target is None:
            self._fed_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade as upgrade:
            self.rest = data[upgrade.args[0] :]
        except httptools.HttpParserError as error:
            self.problem = self.problem or str(error)
        if self._target is None and self._fed_bytes > self._max_head_bytes:
            self.problem = self.problem or "the head of the request is too large"
        received, self._received = self._received, []
        return received

    @property
    def pending(self) -> Request | None:
        """A request whose body is still coming, without it."""
        if self._target is None:
            return None
        length = int(self._headers.get("content-length") or 0)
        return self._request(b"", max(length, self._body_bytes))

    # What httptools calls

    def on_url(self, url: bytes) -> None:
        self._url += url

    def on_header(self, name: bytes, value: bytes) -> None:
        self._pairs.append((name, value))

    def on_headers_complete(self) -> None:
        url, pairs = self._url, self._pairs
        self._url, self._pairs = b"", []
        size = len(url) + sum([len(name) + len(value) for name, value in pairs])
        if size > self._max_head_bytes or len(pairs) > MAX_HEADERS:
            self.problem = "the head of the request is too large"
        elif self._parser.get_http_version() not in _VERSIONS:
            self.problem = "the version of HTTP is not supported"
        else:
            try:
                self._target = _path_and_query(url.decode("latin-1"))
            except ValueError:
                self.problem = "the URL of the request is malformed"
            self._headers = _headers(pairs)

    def on_body(self, data: bytes) -> None:
        self._body_bytes += len(data)
        if self._body_bytes <= self._max_body_bytes:
            self._body.append(data)

    def on_message_complete(self) -> None:
        if self._target is not None and self.problem is None:
            parser = self._parser
            self._received.append(
                ReceivedRequest(
                    self._request(b"".join(self._body), self._body_bytes),
                    parser.should_keep_alive(),
                    parser.should_upgrade(),
                )
            )
        self._target = None
        self._pairs, self._body = [], []
        self._fed_bytes = self._body_bytes = 0

    def _request(self, body: bytes, body_bytes: int) -> Request:
        is_too_large = body_bytes > self._max_body_bytes
        path, query_string = self._target or ("", "")
        return Request(
            method=self._parser.get_method().decode("latin-1"),
            path=path,
            query_string=query_string,
            headers=self._headers,
            body=b"" if is_too_large else body,
            source_ip=self._source_ip,
            is_too_large=is_too_large,
            version=self._parser.get_http_version(),
        )


def _path_and_query(target: str) -> tuple[str, str]:
    """Without the scheme and host that a proxy's client sends, and without a fragment."""
    target = target.partition("#")[0]
    if not target.startswith("/"):
        parts = urlsplit(target)
        return parts.path, parts.query
    path, _, query = target.partition("?")
    return path, query


def _headers(pairs: list[tuple[bytes, bytes]]) -> Headers:
    try:
        return Headers([(name.decode(), value.decode().rstrip(" \t")) for name, value in pairs])
    except UnicodeDecodeError:  # bytes that are not UTF-8 must not break the JSON of an event
        return Headers([(name.decode(), _text(value).rstrip(" \t")) for name, value in pairs])


def _text(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
