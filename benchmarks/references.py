"""The servers that others are compared with: bare echoes, and nothing around them.

`python -m benchmarks.references websockets|aiohttp` prints `Ready` and the port.
"""

import asyncio
import sys


def _ready(port: int) -> None:
    print(f"Ready: http://127.0.0.1:{port}", flush=True)


async def echo_with_websockets() -> None:
    """The `websockets` library: no compression, no keep-alive pings."""
    from websockets.asyncio.server import ServerConnection, serve

    async def echo(connection: ServerConnection) -> None:
        async for message in connection:
            await connection.send(message)

    options = {"compression": None, "ping_interval": None}
    async with serve(echo, "127.0.0.1", 0, **options, backlog=1024) as server:  # type: ignore[arg-type]
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


def main() -> None:
    """Serve until interrupted."""
    servers = {"websockets": echo_with_websockets, "aiohttp": echo_with_aiohttp}
    try:
        asyncio.run(servers[sys.argv[1]]())
    except KeyboardInterrupt:
        return


if __name__ == "__main__":
    main()
