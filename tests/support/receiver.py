"""A server that stands for the gateway or its AWS services, and remembers its requests."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field

from aiohttp import web


@dataclass
class Receiver:
    """An HTTP server without TLS that remembers its requests."""

    port: int = 0
    requests: list[tuple[str, str, bytes]] = field(default_factory=list)
    signed_headers: list[str] = field(default_factory=list)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        where = f"{request.method} {request.raw_path}"
        self.requests.append((where, request.headers["Host"], await request.read()))
        self.signed_headers.append(request.headers.get("Authorization", ""))
        return web.Response()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """A receiver on a free port of this machine."""
    receiver = Receiver()
    runner = web.ServerRunner(web.Server(receiver.answer), shutdown_timeout=0.1)
    await runner.setup()
    site = web.TCPSite(runner, "127.0.0.1", 0)
    await site.start()
    receiver.port = runner.addresses[0][1]
    yield receiver
    await runner.cleanup()
