"""The HTTP server on bound sockets."""

import socket

from aiohttp import web

from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import Sources
from local_gateway.server.protocol import AnswerAtOnce, Handler, HttpServer, RequestLimits

SHUTDOWN_SECONDS = 1.0


class Listener:
    """Hands every request on the sockets to `handler`; what is not HTTP becomes a record.

    An ordinary management call goes to `at_once` before, if there is one.
    """

    def __init__(
        self,
        sockets: list[socket.socket],
        handler: Handler,
        *,
        sources: Sources,
        observe: Observe,
        limits: RequestLimits | None = None,
        at_once: AnswerAtOnce | None = None,
    ) -> None:
        self._sockets = sockets
        self._handler = handler
        self._sources = sources
        self._observe = observe
        self._limits = limits or RequestLimits()
        self._at_once = at_once
        self._runner: web.ServerRunner | None = None

    async def start(self) -> None:
        """Accept requests."""
        server = HttpServer(
            self._handler, limits=self._limits, refused=self._refused, at_once=self._at_once
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

    def _refused(self, status: int, cause: str) -> None:
        record = ApiRecord(
            at=self._sources.now(),
            api="http",
            route_key="bad request",
            outcome=str(status),
            detail=cause,
            problem=True,
        )
        self._observe(record)
