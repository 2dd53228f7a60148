"""The listening sockets and the HTTP server on them."""

import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

# A handshake may carry about 10 KB of headers (REST quota), an HTTP API request 10 MB of body.
HEADER_BYTES = 16 * 1024
BODY_BYTES = 10 * 1024 * 1024
SHUTDOWN_SECONDS = 1.0

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


class Listener:
    """An HTTP server on bound sockets."""

    def __init__(self, sockets: list[socket.socket], handler: Handler) -> None:
        self._sockets = sockets
        self._handler = handler
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Accept requests."""
        server = web.Server(
            self._handler,
            request_factory=_request,
            access_log=None,
            max_line_size=HEADER_BYTES,
            max_field_size=HEADER_BYTES,
            auto_decompress=False,
        )
        self._runner = web.ServerRunner(server, shutdown_timeout=SHUTDOWN_SECONDS)
        await self._runner.setup()
        for bound in self._sockets:
            await web.SockSite(self._runner, bound).start()

    async def close(self) -> None:
        """Stop accepting and drop what is left."""
        if self._runner is not None:
            await self._runner.cleanup()
        for bound in self._sockets:
            bound.close()


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: object,
) -> web.BaseRequest:
    loop = protocol._loop
    return web.BaseRequest(
        message,
        payload,
        protocol,
        writer,
        task,  # type: ignore[arg-type]
        loop,
        client_max_size=BODY_BYTES,
    )
