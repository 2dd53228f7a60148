"""The listening sockets and the HTTP server on them."""

import errno
import socket
from collections.abc import Awaitable, Callable

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from local_gateway.errors import GatewayError

# A handshake may carry about 10 KB of headers (REST quota), an HTTP API request 10 MB of body.
HEADER_BYTES = 16 * 1024
BODY_BYTES = 10 * 1024 * 1024
SHUTDOWN_SECONDS = 1.0

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]


def bind(hosts: tuple[str, ...], port: int) -> list[socket.socket]:
    """Bind `port` on every host; a host whose address family is missing here is passed over.

    Raises `GatewayError` when the port is in use. Bound before anything else starts, so that a
    busy port costs nobody a wait.
    """
    sockets: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            sockets.append(socket.create_server((host, port), family=family, backlog=1024))
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and sockets:
                continue
            for bound in sockets:
                bound.close()
            raise GatewayError(_bind_problem(error, host, port)) from error
        port = sockets[0].getsockname()[1]
    return sockets


def _bind_problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use: stop the program that listens there, or choose another one "
            f"(make run PORT={port + 1}, or --port {port + 1})"
        )
    return f"cannot listen on {host} port {port}: {error.strerror}"


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
