"""The inspector over HTTP: page, files, events, stack, and closing a connection."""

import asyncio
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from aiohttp import web

from local_gateway.core.ports import Origin
from local_gateway.inspector import access
from local_gateway.inspector.connection_list import ConnectionList, OpenConnections
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.stream import SlowPageError, Stream
from local_gateway.server.responses import json_message

SEGMENT = "_gateway"
MAX_PAGES = 16

_FILES = Path(__file__).parent / "static"
_CONTENT_TYPES = {
    ".html": "text/html",
    ".css": "text/css",
    ".js": "text/javascript",
    ".svg": "image/svg+xml",
}
_HEADERS = {
    "Cache-Control": "no-store",
    "Content-Security-Policy": (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        "connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; "
        "require-trusted-types-for 'script'"
    ),
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}

# A server on one of these addresses answers on loopback, too.
_REACHING_LOOPBACK = frozenset({"127.0.0.1", "::1", "localhost", "0.0.0.0", "::"})  # noqa: S104


def why_unavailable(hosts: Sequence[str], origin: Origin) -> str | None:
    """Why the page cannot be at `/_gateway` of the first origin; `None` if it can.

    A stage may be called `_gateway` on AWS, so it may here, and keeps its path.
    """
    http = (origin.http_api,) if origin.http_api is not None else ()
    for api in (*origin.websocket_apis, *http):
        if any(stage.name == SEGMENT for stage in api.stages):
            return f"{api.logical_id} has a stage called {SEGMENT}, which keeps that path"
    if _REACHING_LOOPBACK.isdisjoint(hosts):
        return f"it is only for this machine, and --host {hosts[0]} does not include loopback"
    return None


class InspectorSite:
    """Everything below `/_gateway`; `describe` returns the JSON of `/_gateway/stack`."""

    def __init__(
        self,
        inspector: Inspector,
        connections: OpenConnections,
        describe: Callable[[], Mapping[str, Any]],
    ) -> None:
        self._inspector = inspector
        self._connections = connections
        self._describe = describe
        self._run = secrets.token_hex(8)
        self._files = {file.name: file for file in _FILES.iterdir() if file.is_file()}
        self._streams: set[asyncio.Task[None]] = set()

    async def handle(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer a request."""
        refusal = access.problem(request.method, request.remote or "", request.headers)
        if refusal is not None:
            return json_message(403, refusal, _HEADERS)
        first, _, rest = (
            request.rel_url.raw_path.removeprefix(f"/{SEGMENT}").strip("/").partition("/")
        )
        if first == "connections" and rest:
            return self._close(request.method, unquote(rest))
        if request.method not in access.READING:
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "GET"})
        match first, rest:
            case "", "":
                return self._file("index.html")
            case "stack", "":
                return web.json_response(self._describe(), headers=_HEADERS)
            case "events", "":
                return await self._events(request)
            case "static", name if name in self._files:
                return self._file(name)
        return json_message(404, "Not Found", _HEADERS)

    async def close(self) -> None:
        """End the streams, which would delay the end of the server."""
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    def _file(self, name: str) -> web.Response:
        file = self._files[name]
        kind = _CONTENT_TYPES[file.suffix]
        return web.Response(
            body=file.read_bytes(), content_type=kind, charset="utf-8", headers=_HEADERS
        )

    def _close(self, method: str, connection_id: str) -> web.Response:
        if method != "DELETE":
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "DELETE"})
        if self._connections.close_connection(connection_id):
            return web.Response(status=204, headers=_HEADERS)
        return json_message(410, "Gone", _HEADERS)

    async def _events(self, request: web.BaseRequest) -> web.StreamResponse:
        if len(self._streams) >= MAX_PAGES:
            return json_message(503, f"{MAX_PAGES} inspector pages are open already.", _HEADERS)
        response = web.StreamResponse(headers=_HEADERS)
        response.content_type = "text/event-stream"
        response.charset = "utf-8"
        response.force_close()
        await response.prepare(request)
        stream = Stream(
            self._inspector,
            ConnectionList(self._connections, self._inspector),
            run=self._run,
        )
        task = asyncio.create_task(stream.serve(_BrowserPage(request, response)))
        self._streams.add(task)
        try:
            await task
        except (SlowPageError, ConnectionError):
            if request.transport is not None:
                request.transport.abort()
        except asyncio.CancelledError:
            # `close` cancels only the stream; a cancelled handler has to pass it on.
            handler = asyncio.current_task()
            if handler is None or handler.cancelling():
                raise
        finally:
            self._streams.discard(task)
        return response


class _BrowserPage:
    """A `Page` in a browser, behind a response that stays open."""

    def __init__(self, request: web.BaseRequest, response: web.StreamResponse) -> None:
        self._request = request
        self._response = response

    @property
    def is_open(self) -> bool:
        """Whether the socket is open."""
        transport = self._request.transport
        return transport is not None and not transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send; raises `ConnectionError` when the page is closed."""
        await self._response.write(data)
