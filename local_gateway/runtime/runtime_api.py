"""The Lambda Runtime API over HTTP, for one execution environment.

Paths, headers and statuses: Lambda developer guide, runtimes-api.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Protocol

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http_parser import RawRequestMessage
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler

from local_gateway.core.results import Failed

PREFIX = "/2018-06-01/runtime/"

# 6 MB and the room that Lambda leaves for the envelope.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100

# awslambdaric repeats the error, up to 1 MiB of it, in a header for X-Ray.
_MAX_HEADER_BYTES = 2 * 1024 * 1024

_ERROR_TYPE_HEADER = "Lambda-Runtime-Function-Error-Type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to a handler; `deadline_ms` is epoch milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


class RefusedError(Exception):
    """A call that does not fit the environment's state; answered 403, or 400 for a wrong id."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type


class RuntimeApiHandler(Protocol):
    """What stands behind the API; the methods raise `RefusedError`."""

    def next(self) -> asyncio.Future[Delivery]:
        """The runtime asks for its next event."""

    def respond(self, request_id: str, payload: bytes) -> None:
        """The handler returned."""

    def respond_too_large(self, request_id: str) -> None:
        """The handler returned more than Lambda takes."""

    def fail(self, request_id: str, failure: Failed) -> None:
        """The handler raised."""

    def fail_init(self, failure: Failed) -> None:
        """The handler could not be loaded."""


class RuntimeApi:
    """Turns calls over HTTP into calls of the handler."""

    def __init__(self, handler: RuntimeApiHandler) -> None:
        self._handler = handler

    async def serve(self, request: web.BaseRequest) -> web.StreamResponse:
        """Answer one request."""
        try:
            return await self._route(request)
        except RefusedError as refused:
            return _json(
                refused.status, {"errorType": refused.error_type, "errorMessage": str(refused)}
            )

    async def _route(self, request: web.BaseRequest) -> web.StreamResponse:
        call = request.method, *request.path.removeprefix(PREFIX).split("/")
        match call:
            case "GET", "invocation", "next":
                return _delivery(await self._handler.next())
            case "POST", "invocation", request_id, "response":
                return await self._response(request, request_id)
            case "POST", "invocation", request_id, "error":
                self._handler.fail(request_id, await _failure(request))
            case "POST", "init", "error":
                self._handler.fail_init(await _failure(request))
            case "POST", "restore", "error":
                self._handler.fail_init(await _failure(request))
            case "GET", "restore", "next":
                return web.Response()  # nothing was snapshotted: go on at once
            case _:
                raise RefusedError(404, "InvalidPath", "no such call in the Runtime API")
        return _json(202, {"status": "OK"})

    async def _response(self, request: web.BaseRequest, request_id: str) -> web.StreamResponse:
        payload = await _read(request)
        if payload is None:
            self._handler.respond_too_large(request_id)
            raise RefusedError(413, "RequestEntityTooLarge", "the response is too large")
        self._handler.respond(request_id, payload)
        return _json(202, {"status": "OK"})


@asynccontextmanager
async def listening(handler: RuntimeApiHandler) -> AsyncIterator[str]:
    """A Runtime API on a free port of the loopback interface, as `host:port`."""
    server = web.Server(
        RuntimeApi(handler).serve,
        request_factory=_make_request,
        handler_cancellation=True,
        access_log=None,
        max_field_size=_MAX_HEADER_BYTES,
        lingering_time=0,
    )
    listener = await asyncio.get_running_loop().create_server(server, "127.0.0.1", 0)
    try:
        host, port = listener.sockets[0].getsockname()
        yield f"{host}:{port}"
    finally:
        listener.close()
        # A poll that is pending never ends by itself: do not wait for it.
        await server.shutdown(timeout=0.05)
        await listener.wait_closed()


async def _read(request: web.BaseRequest) -> bytes | None:
    """The body; None when too large, but then it has been received to its end all the same."""
    chunks: list[bytes] = []
    size = 0
    async for chunk in request.content.iter_any():
        size += len(chunk)
        if size <= MAX_RESPONSE_BYTES:
            chunks.append(chunk)
        else:
            chunks.clear()
    return b"".join(chunks) if size <= MAX_RESPONSE_BYTES else None


async def _failure(request: web.BaseRequest) -> Failed:
    """The reported error; what is malformed is replaced by the header's error type."""
    fallback = request.headers.get(_ERROR_TYPE_HEADER, "Runtime.Unknown")
    try:
        body = json.loads(await _read(request) or b"{}")
    except ValueError:
        return Failed(fallback, "")
    if not isinstance(body, dict):
        return Failed(fallback, "")
    return Failed(str(body.get("errorType") or fallback), str(body.get("errorMessage") or ""))


def _delivery(delivery: Delivery) -> web.Response:
    headers = {
        "Lambda-Runtime-Aws-Request-Id": delivery.request_id,
        "Lambda-Runtime-Deadline-Ms": str(delivery.deadline_ms),
        "Lambda-Runtime-Invoked-Function-Arn": delivery.function_arn,
        "Lambda-Runtime-Trace-Id": delivery.trace_id,
    }
    return web.Response(body=delivery.payload, headers=headers, content_type="application/json")


def _json(status: int, body: Mapping[str, str]) -> web.Response:
    return web.Response(
        status=status, body=json.dumps(body).encode(), content_type="application/json"
    )


def _make_request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: asyncio.Task[None],
) -> web.BaseRequest:
    loop = asyncio.get_running_loop()
    return web.BaseRequest(message, payload, protocol, writer, task, loop)
