"""The servers that others are compared with: bare echoes, and sinks that take posts.

`python -m tools.benchmarks.references websockets|aiohttp|sink|slow_sink` prints `Ready` and the
port.
"""

import asyncio
import sys
from collections.abc import Callable, Coroutine
from typing import cast

# About what a post within a region takes.
SLOW_SECONDS = 0.01


def _ready(port: int) -> None:
    print(f"Ready: http://127.0.0.1:{port}", flush=True)


async def echo_with_websockets() -> None:
    """The `websockets` library: no compression, no keep-alive pings."""
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    async with serve(
        echo, "127.0.0.1", 0, compression=None, ping_interval=None, backlog=1024
    ) as server:
        _ready(next(iter(server.sockets)).getsockname()[1])
        await server.serve_forever()


async def echo_with_aiohttp() -> None:
    """aiohttp's server: no compression."""
    from aiohttp import WSMsgType, web

    async def echo(request: web.Request) -> web.WebSocketResponse:
        response = web.WebSocketResponse(compress=False)
        await response.prepare(request)
        async for message in response:
            if message.type is WSMsgType.TEXT:
                await response.send_str(message.data)
        return response

    application = web.Application()
    application.router.add_get("/", echo)
    runner = web.AppRunner(application, access_log=None)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0, backlog=1024).start()
    _ready(runner.addresses[0][1])
    await asyncio.Event().wait()


class _Sink(asyncio.Protocol):
    """Answers 200 to every post, and reads of it no more than its length."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds
        self._buffer = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        while (end := self._buffer.find(b"\r\n\r\n")) >= 0:
            head = self._buffer[:end].lower()
            length = int(head.partition(b"content-length:")[2].split(b"\r\n", 1)[0])
            if len(self._buffer) < end + 4 + length:
                return
            self._buffer = self._buffer[end + 4 + length :]
            if self._seconds:
                asyncio.get_running_loop().call_later(self._seconds, self._answer)
            else:
                self._answer()

    def _answer(self) -> None:
        self._transport.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")


async def sink(seconds: float = 0.0) -> None:
    """Take posts and answer each after so many seconds."""
    loop = asyncio.get_running_loop()
    server = await loop.create_server(lambda: _Sink(seconds), "127.0.0.1", 0, backlog=1024)
    _ready(server.sockets[0].getsockname()[1])
    await server.serve_forever()


def main() -> None:
    """Serve until interrupted."""
    servers: dict[str, Callable[[], Coroutine[None, None, None]]] = {
        "websockets": echo_with_websockets,
        "aiohttp": echo_with_aiohttp,
        "sink": sink,
        "slow_sink": lambda: sink(SLOW_SECONDS),
    }
    try:
        asyncio.run(servers[sys.argv[1]]())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
