"""The HTTP server on bound sockets."""

import asyncio
import socket
from typing import Any

from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.protocol import Handler, HttpProtocol, RequestLimits

SHUTDOWN_SECONDS = 1.0


class Listener:
    """Hands every request on the sockets to `handler`; what is not HTTP becomes a record."""

    def __init__(
        self,
        sockets: list[socket.socket],
        handler: Handler,
        *,
        clock: ClockAndIds,
        observe: Observe,
        limits: RequestLimits | None = None,
    ) -> None:
        self._sockets = sockets
        self._handler = handler
        self._clock = clock
        self._observe = observe
        self._limits = limits or RequestLimits()
        self._servers: list[asyncio.Server] = []
        self._tasks: set[asyncio.Task[Any]] = set()

    async def start(self) -> None:
        """Accept requests."""
        loop = asyncio.get_running_loop()
        for bound in self._sockets:
            self._servers.append(await loop.create_server(self._protocol, sock=bound))

    async def close(self) -> None:
        """Stop accepting, end what is under way, and drop clients that do not take their data."""
        for task in self._tasks:
            task.cancel()
        for server in self._servers:
            server.close()
            server.close_clients()
        try:
            async with asyncio.timeout(SHUTDOWN_SECONDS):
                await asyncio.gather(*(server.wait_closed() for server in self._servers))
        except TimeoutError:
            for server in self._servers:
                server.abort_clients()
        for bound in self._sockets:
            bound.close()

    def _protocol(self) -> HttpProtocol:
        return HttpProtocol(
            self._handler, limits=self._limits, refused=self._refused, tasks=self._tasks
        )

    def _refused(self, status: int, cause: str) -> None:
        record = ApiRecord(
            at=self._clock.now(),
            api="http",
            route_key="bad request",
            outcome=str(status),
            detail=cause,
            problem=True,
        )
        self._observe(record)
