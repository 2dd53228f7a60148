"""The inspector over HTTP: page, files, events, stack, and closing a connection."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.ports import ApiPort
from local_gateway.inspector import access
from local_gateway.inspector.connection_list import ConnectionList, OpenConnections
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.stream import Stream
from local_gateway.server.protocol import Answer, ResponseWriter, StreamedResponse
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


def why_unavailable(hosts: Sequence[str], origin: ApiPort) -> str | None:
    """Why the page cannot be at `/_gateway` of the first origin; `None` if it can.

    A stage may be called `_gateway` on AWS, so it may here, and keeps its path.
    """
    for api in origin.apis():
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

    async def handle(self, request: Request) -> Answer:
        """Answer a request."""
        refusal = access.problem(request)
        if refusal is not None:
            return json_message(403, refusal, _HEADERS)
        first, _, rest = request.path.removeprefix(f"/{SEGMENT}").strip("/").partition("/")
        if first == "connections" and rest:
            return self._close(request.method, unquote(rest))
        if request.method not in access.READING:
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "GET, HEAD"})
        match first, rest:
            case "", "":
                return self._file("index.html")
            case "stack", "":
                return _response("application/json", json.dumps(self._describe()).encode())
            case "events", "":
                is_head = request.method == "HEAD"
                return _response("text/event-stream", b"") if is_head else self._events()
            case "static", name if name in self._files:
                return self._file(name)
        return json_message(404, "Not Found", _HEADERS)

    async def close(self) -> None:
        """End the streams, which would delay the end of the server."""
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    def _file(self, name: str) -> Response:
        file = self._files[name]
        return _response(_CONTENT_TYPES[file.suffix], file.read_bytes())

    def _close(self, method: str, connection_id: str) -> Response:
        if method != "DELETE":
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "DELETE"})
        if self._connections.close_connection(connection_id):
            return Response(204, Headers(_HEADERS.items()))
        return json_message(410, "Gone", _HEADERS)

    def _events(self) -> Answer:
        if len(self._streams) >= MAX_PAGES:
            return json_message(503, f"{MAX_PAGES} inspector pages are open already.", _HEADERS)
        return StreamedResponse(_headers("text/event-stream"), self._send_events)

    async def _send_events(self, writer: ResponseWriter) -> None:
        stream = Stream(
            self._inspector,
            ConnectionList(self._connections, self._inspector),
            run=self._run,
        )
        task = asyncio.create_task(stream.serve(writer))
        self._streams.add(task)
        try:
            await task
        finally:
            self._streams.discard(task)


def _headers(content_type: str) -> Headers:
    return Headers((("Content-Type", f"{content_type}; charset=utf-8"), *_HEADERS.items()))


def _response(content_type: str, body: bytes) -> Response:
    return Response(200, _headers(content_type), body)
