"""The Lambda Runtime API over HTTP, for one execution environment.

Paths, headers and statuses: Lambda developer guide, runtimes-api.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from http import HTTPStatus
from socket import IPPROTO_TCP, TCP_NODELAY, create_server, socket
from typing import Protocol, cast

from local_gateway.core.http import Headers, Request
from local_gateway.core.http_parser import RequestParser
from local_gateway.core.invocation import Failed
from local_gateway.core.loopback_guard import foreign_page
from local_gateway.runtime.peer import belongs_to

PREFIX = "/2018-06-01/runtime/"

# 6 MB and the room that Lambda leaves for the envelope.
MAX_RESPONSE_BYTES = 6 * 1024 * 1024 + 100
# awslambdaric repeats the error, up to 1 MiB of it, in a header for X-Ray.
MAX_HEAD_BYTES = 2 * 1024 * 1024

_ERROR_TYPE_HEADER = "lambda-runtime-function-error-type"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """An event on its way to a handler; `deadline_ms` is epoch milliseconds."""

    request_id: str
    payload: bytes
    deadline_ms: int
    function_arn: str
    trace_id: str


class RefusedError(Exception):
    """A call that does not fit the environment's state, and the status it is answered with."""

    def __init__(self, status: int, error_type: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.error_type = error_type


# Takes the answer to a call for the next event; `None` when there will be none.
type Deliver = Callable[[Delivery | None], None]


class RuntimeApiHandler(Protocol):
    """What stands behind the API; the methods raise `RefusedError`."""

    def next(self, deliver: Deliver, /) -> None:
        """The runtime asks for its next event, which is handed to `deliver` some time."""

    def gone(self, deliver: Deliver, /) -> None:
        """Nobody waits for this answer any more."""

    def respond(self, request_id: str, payload: bytes) -> None:
        """The handler returned."""

    def respond_too_large(self, request_id: str) -> None:
        """The handler returned more than Lambda takes."""

    def fail(self, request_id: str, failure: Failed) -> None:
        """The handler raised."""

    def fail_init(self, failure: Failed) -> None:
        """The handler could not be loaded."""


class RuntimeApiConnection(asyncio.Protocol):
    """One connection of a runtime client, which is the process `pid`: one call at a time.

    Without `pid`, and where the system does not say whose a connection is, programs are trusted.
    """

    def __init__(self, handler: RuntimeApiHandler, pid: int | None) -> None:
        self._loop = asyncio.get_running_loop()
        self._handler = handler
        self._pid = pid
        self._is_own: bool | None = None
        self._parser = RequestParser(
            "", max_head_bytes=MAX_HEAD_BYTES, max_body_bytes=MAX_RESPONSE_BYTES
        )
        self._is_polling = False
        self._transport: asyncio.Transport

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self._pid is not None:
            peer, own = (transport.get_extra_info(name) for name in ("peername", "sockname"))
            self._is_own = belongs_to(self._pid, peer, own)

    def data_received(self, data: bytes) -> None:
        """Answer every request that is complete.

        A turn of the event loop later: what the process printed before it called is then read.
        """
        for received in self._parser.feed(data):
            self._loop.call_soon(self._answer, received.request)
        if self._parser.problem is not None:
            self._loop.call_soon(self._refuse, self._parser.problem)

    def connection_lost(self, exc: Exception | None) -> None:
        if self._is_polling:
            self._handler.gone(self._deliver)

    def _answer(self, request: Request) -> None:
        if self._is_polling:
            self._refuse("the call before this one has no answer yet")
            return
        try:
            self._call(request)
        except RefusedError as refused:
            self._send_error(refused.status, refused.error_type, str(refused))

    def _refuse(self, problem: str) -> None:
        self._send_error(400, "InvalidRequest", problem)
        self._transport.close()

    def _call(self, request: Request) -> None:
        if not self._is_own:
            self._check_sender(request.headers)
        match request.method, *request.path.removeprefix(PREFIX).split("/"):
            case "GET", "invocation", "next":
                if not self._transport.is_closing():
                    self._poll()
                return
            case "GET", "restore", "next":
                self._send(200, b"")  # nothing was snapshotted: go on at once
                return
            case "POST", "invocation", request_id, "response":
                self._respond(request_id, request)
            case "POST", "invocation", request_id, "error":
                self._handler.fail(request_id, _failure(request))
            case "POST", "init" | "restore", "error":
                self._handler.fail_init(_failure(request))
            case _:
                raise RefusedError(404, "InvalidPath", "no such call in the Runtime API")
        self._send(202, b'{"status":"OK"}\n')

    def _check_sender(self, headers: Headers) -> None:
        if self._is_own is False:
            raise RefusedError(403, "AccessDenied", "this is for the function's own process")
        origins, site = headers.get_all("Origin"), headers.get("Sec-Fetch-Site")
        foreign = foreign_page(headers.get_all("Host"), origins, site)
        if foreign is not None:
            raise RefusedError(403, "AccessDenied", foreign)

    def _poll(self) -> None:
        self._is_polling = True
        try:
            self._handler.next(self._deliver)
        except RefusedError:
            self._is_polling = False
            raise

    def _respond(self, request_id: str, request: Request) -> None:
        if request.is_too_large:
            self._handler.respond_too_large(request_id)
            raise RefusedError(413, "RequestEntityTooLarge", "the response is too large")
        self._handler.respond(request_id, request.body)

    def _deliver(self, delivery: Delivery | None) -> None:
        self._is_polling = False
        if delivery is None:
            self._transport.abort()
            return
        headers = (
            f"Lambda-Runtime-Aws-Request-Id: {delivery.request_id}\r\n"
            f"Lambda-Runtime-Deadline-Ms: {delivery.deadline_ms}\r\n"
            f"Lambda-Runtime-Invoked-Function-Arn: {delivery.function_arn}\r\n"
            f"Lambda-Runtime-Trace-Id: {delivery.trace_id}\r\n"
        )
        self._send(200, delivery.payload, headers)

    def _send_error(self, status: int, error_type: str, message: str) -> None:
        body: Mapping[str, str] = {"errorType": error_type, "errorMessage": message}
        self._send(status, json.dumps(body).encode())

    def _send(self, status: int, body: bytes, headers: str = "") -> None:
        head = (
            f"HTTP/1.1 {status} {_PHRASES[status]}\r\nContent-Type: application/json\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        self._transport.write(head.encode("latin-1", "replace") + body)


_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@contextmanager
def listen() -> Iterator[tuple[socket, str]]:
    """A free port of the loopback interface, and its `host:port`; calls wait for `serve`."""
    with create_server(("127.0.0.1", 0)) as listener:
        # asyncio does not do it for sockets of others: an answer would wait 40 ms for the
        # acknowledgement of the one before.
        listener.setsockopt(IPPROTO_TCP, TCP_NODELAY, 1)
        host, port = listener.getsockname()
        yield listener, f"{host}:{port}"


@asynccontextmanager
async def serve(
    listener: socket, handler: RuntimeApiHandler, pid: int | None
) -> AsyncIterator[None]:
    """Answer the calls of the process `pid`, and refuse others; without it, answer programs."""
    server = await asyncio.get_running_loop().create_server(
        lambda: RuntimeApiConnection(handler, pid), sock=listener
    )
    try:
        yield
    finally:
        server.close()
        server.abort_clients()
        await server.wait_closed()


def _failure(request: Request) -> Failed:
    """The reported error; what is malformed is replaced by the header's error type."""
    fallback = request.headers.get(_ERROR_TYPE_HEADER) or "Runtime.Unknown"
    try:
        body = json.loads(request.body or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        return Failed(fallback, "")
    error_type, message = body.get("errorType") or fallback, body.get("errorMessage") or ""
    return Failed(str(error_type), str(message), request.body)
