"""The 101 response, and handing an upgraded socket over to a session."""

import base64
import hashlib

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter

from local_gateway.core.http import Handshake, Headers
from local_gateway.core.iam.sigv4 import SignedRequest
from local_gateway.server.session import Session

# RFC 6455, section 1.3
HANDSHAKE_GUID = b"258EAFA5-E914-47DA-95CA-C5AB0DC85B11"
KEY_BYTES = 16
VERSION = "13"


def is_upgrade(request: web.BaseRequest) -> bool:
    """Whether the client asks for a WebSocket."""
    lines = request.headers.getall("Connection", [])
    options = {option.strip().lower() for line in lines for option in line.split(",")}
    return request.headers.get("Upgrade", "").lower() == "websocket" and "upgrade" in options


def malformed(request: web.BaseRequest) -> str | None:
    """What is wrong with an upgrade request by RFC 6455, section 4.2.1; `None` if nothing."""
    if request.method != "GET":
        return f"a WebSocket is opened with GET, not {request.method}"
    if request.headers.get("Sec-WebSocket-Version") != VERSION:
        return f"Sec-WebSocket-Version must be {VERSION}"
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except ValueError:
        key = b""
    return None if len(key) == KEY_BYTES else "Sec-WebSocket-Key must be 16 bytes in base64"


def handshake_of(request: web.BaseRequest) -> Handshake:
    """The upgrade request as the core sees it: the client's own spelling of header names."""
    headers = tuple((name.decode("latin-1"), _text(value)) for name, value in request.raw_headers)
    return Handshake(
        headers=headers, query=tuple(request.query.items()), source_ip=request.remote or ""
    )


def signed_request(request: web.BaseRequest, body: bytes) -> SignedRequest:
    """The request as it was signed."""
    return SignedRequest(
        method=request.method,
        path=request.rel_url.raw_path,
        query_string=request.rel_url.raw_query_string,
        headers=header_pairs(request),
        body=body,
    )


def header_pairs(request: web.BaseRequest) -> Headers:
    """The headers as they were sent: spelling, order, repetitions."""
    return tuple((name.decode("latin-1"), _text(value)) for name, value in request.raw_headers)


def _text(value: bytes) -> str:
    """A header's value; bytes that are not UTF-8 must not break the JSON of an event."""
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")


class UpgradeResponse(web.StreamResponse):
    """`101 Switching Protocols`; from then on the session owns the socket."""

    def __init__(self, session: Session, subprotocol: str | None) -> None:
        super().__init__(status=101)
        self._session = session
        self._is_prepared = False
        if subprotocol:
            self.headers["Sec-WebSocket-Protocol"] = subprotocol

    async def prepare(self, request: web.BaseRequest) -> AbstractStreamWriter | None:
        """Send the 101 and attach the session; a client that is gone already is told to it.

        The HTTP server calls this again when the session is over: then there is nothing to do.
        """
        if self._is_prepared:
            return None
        self._is_prepared = True
        self.headers["Upgrade"] = "websocket"
        self.headers["Connection"] = "upgrade"
        self.headers["Sec-WebSocket-Accept"] = _accept(request.headers["Sec-WebSocket-Key"])
        self.force_close()
        transport = request.transport
        if transport is None or transport.is_closing():
            self._session.feed_eof()
            return None
        writer = await super().prepare(request)
        self._session.attach(transport)
        # The parser interface is what aiohttp's own WebSocketResponse uses for upgraded sockets.
        request.protocol.set_parser(self._session)  # type: ignore[arg-type]
        request.protocol.keep_alive(False)
        return writer

    async def write_eof(self, data: bytes = b"") -> None:
        """Nothing follows: the session has had the last word."""


def _accept(key: str) -> str:
    digest = hashlib.sha1(key.strip().encode() + HANDSHAKE_GUID, usedforsecurity=False).digest()
    return base64.b64encode(digest).decode()
