"""The page, its files, its events, what the stack is, and one order: close a connection."""

import asyncio
import json
import secrets
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from local_gateway.core.http import Headers, Request, Response
from local_gateway.inspector import access
from local_gateway.inspector.connection_list import ConnectionList, Directory
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


class InspectorSite:
    """Everything below `/_gateway`; `describe` gives what `/_gateway/stack` answers, as JSON."""

    def __init__(
        self, inspector: Inspector, directory: Directory, describe: Callable[[], Mapping[str, Any]]
    ) -> None:
        self._inspector = inspector
        self._directory = directory
        self._describe = describe
        self._run = secrets.token_hex(8)
        self._files = {file.name: file for file in _FILES.iterdir() if file.is_file()}
        self._streams: set[asyncio.Task[None]] = set()

    async def handle(self, request: Request) -> Answer:
        """Answer one request."""
        refusal = access.problem(request)
        if refusal is not None:
            return json_message(403, refusal, _HEADERS)
        first, _, rest = request.path.removeprefix(f"/{SEGMENT}").strip("/").partition("/")
        if first == "connections" and rest:
            return self._close(request.method, unquote(rest))
        if request.method not in access.READING:
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "GET"})
        match first, rest:
            case "", "":
                return self._file("index.html")
            case "stack", "":
                return _response("application/json", json.dumps(self._describe()).encode())
            case "events", "":
                return self._events()
            case "static", name if name in self._files:
                return self._file(name)
        return json_message(404, "Not Found", _HEADERS)

    async def close(self) -> None:
        """End the streams, which would hold up the end of the server."""
        for stream in self._streams:
            stream.cancel()
        await asyncio.gather(*self._streams, return_exceptions=True)

    def _file(self, name: str) -> Response:
        file = self._files[name]
        return _response(_CONTENT_TYPES[file.suffix], file.read_bytes())

    def _close(self, method: str, connection_id: str) -> Response:
        if method != "DELETE":
            return json_message(405, "Method Not Allowed", {**_HEADERS, "Allow": "DELETE"})
        if self._directory.close_connection(connection_id):
            return Response(204, Headers(_HEADERS.items()))
        return json_message(410, "Gone", _HEADERS)

    def _events(self) -> Answer:
        if len(self._streams) >= MAX_PAGES:
            return json_message(503, f"{MAX_PAGES} inspector pages are open already.", _HEADERS)
        return StreamedResponse(_headers("text/event-stream"), self._send_events)

    async def _send_events(self, writer: ResponseWriter) -> None:
        stream = Stream(
            self._inspector,
            ConnectionList(self._directory, self._inspector),
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
