"""HTTP/1.1 on one TCP connection: aiohttp's protocol, with bounds and answers of our own."""

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from aiohttp import web
from aiohttp.abc import AbstractStreamWriter
from aiohttp.http import RawRequestMessage
from aiohttp.http_exceptions import HttpProcessingError
from aiohttp.streams import StreamReader
from aiohttp.web_protocol import RequestHandler, RequestPayloadError

from local_gateway.core.iam.sigv4 import SignedRequest
from local_gateway.server.management_calls import Incomplete, read_call
from local_gateway.server.responses import json_message

type Handler = Callable[[web.BaseRequest], Awaitable[web.StreamResponse]]
type AnswerAtOnce = Callable[[SignedRequest], bytes | None]
type Refused = Callable[[int, str], None]

TOO_LARGE = 413
HOLD_SECONDS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class RequestLimits:
    """How much of a request is taken, in bytes, and how long it may take to arrive, in seconds.

    A handshake may carry about 10 KB of headers (quotas of REST APIs) and an HTTP API's request
    10 MB of body; the times are this gateway's own. Between two requests a connection may also
    be silent for `head_seconds`.
    """

    header_bytes: int = 16 * 1024
    body_bytes: int = 10 * 1024 * 1024
    head_seconds: float = 15.0
    body_seconds: float = 30.0


class BodyError(Exception):
    """A request's body cannot be had; `status` and `message` are the answer."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.message = message


async def read_body(request: web.BaseRequest) -> bytes:
    """The whole body; raises `BodyError` when it is too large, too slow or malformed."""
    limits = request.protocol.limits if isinstance(request.protocol, _Protocol) else RequestLimits()
    if (request.content_length or 0) > limits.body_bytes:
        raise BodyError(TOO_LARGE, "Request Entity Too Large")
    try:
        async with asyncio.timeout(limits.body_seconds):
            return await request.read()
    except web.HTTPRequestEntityTooLarge:
        raise BodyError(TOO_LARGE, "Request Entity Too Large") from None
    except TimeoutError:
        raise BodyError(408, "Request Timeout") from None
    except RequestPayloadError:
        raise BodyError(400, "Bad Request") from None


class HttpServer(web.Server):
    """Makes a protocol for each connection; `refused` is told status and cause of a bad request."""

    def __init__(
        self,
        handler: Handler,
        *,
        limits: RequestLimits,
        refused: Refused,
        at_once: AnswerAtOnce | None = None,
    ) -> None:
        super().__init__(handler, request_factory=_request)
        self._limits = limits
        self._refused = refused
        self._at_once = at_once

    def __call__(self) -> RequestHandler:
        """A protocol for one connection."""
        return _Protocol(self, self._limits, self._refused, self._at_once)


class _Protocol(RequestHandler):
    """Answers what is not HTTP in API Gateway's style: JSON, one line in the log, no traceback."""

    __slots__ = ("_answer_at_once", "_held", "_hold", "_refused", "limits")

    def __init__(
        self,
        server: HttpServer,
        limits: RequestLimits,
        refused: Refused,
        at_once: AnswerAtOnce | None,
    ) -> None:
        super().__init__(
            server,
            loop=asyncio.get_running_loop(),
            access_log=None,  # type: ignore[arg-type]  # aiohttp's own way to have none
            max_line_size=limits.header_bytes,
            max_field_size=limits.header_bytes,
            auto_decompress=False,
            # aiohttp closes a connection that was quiet for so long before a request's head is
            # complete, from its start or since the last answer: the end of slow-loris clients.
            keepalive_timeout=limits.head_seconds,
        )
        self.limits = limits
        self._refused = refused
        # Until the client sends something else: from then on aiohttp has read a part of it.
        self._answer_at_once = at_once
        self._held = b""
        self._hold: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Asyncio: answer an ordinary management call, or let aiohttp read on."""
        if self._answer_at_once is None or self.transport is None:
            super().data_received(data)
            return
        hold, self._hold = self._hold, None
        if hold is not None:
            hold.cancel()
            data, self._held = self._held + data, b""
        call = read_call(data, self.limits.header_bytes)
        if isinstance(call, Incomplete) and hold is None:
            # Many clients send head and body one after the other.
            self._held = data
            self._hold = self._loop.call_later(HOLD_SECONDS, self._let_go)
            return
        answer = self._answer_at_once(call) if isinstance(call, SignedRequest) else None
        if answer is None:
            self._answer_at_once = None
            super().data_received(data)
        else:
            self.transport.write(answer)
            self._next_keepalive_close_time = self._loop.time() + self._keepalive_timeout

    def connection_lost(self, exc: BaseException | None) -> None:
        """Asyncio: the client is gone."""
        if self._hold is not None:
            self._hold.cancel()
        super().connection_lost(exc)

    def _let_go(self) -> None:
        """The body takes its time: let aiohttp wait for it."""
        self._hold = None
        self._answer_at_once = None
        data, self._held = self._held, b""
        super().data_received(data)

    def handle_error(
        self,
        request: web.BaseRequest,
        status: int = 500,
        exc: BaseException | None = None,
        message: str | None = None,
    ) -> web.StreamResponse:
        """The answer to a request that could not be read, or that the gateway failed on."""
        if isinstance(exc, BodyError):
            self._refused(exc.status, exc.message)
            response = json_message(exc.status, exc.message)
        elif isinstance(exc, HttpProcessingError):
            # Behind the colon are the bytes that are wrong: they may be somebody's cookie.
            self._refused(status, exc.message.partition(":")[0].rstrip())
            response = json_message(status, "Bad Request")
        else:
            super().handle_error(request, status, exc, message)
            response = json_message(status, "Internal Server Error")
        response.force_close()
        return response


class _Request(web.BaseRequest):
    """A request whose answer does not say what server sent it, as API Gateway's do not."""

    async def _prepare_hook(self, response: web.StreamResponse) -> None:
        response.headers.popall("Server", None)


def _request(
    message: RawRequestMessage,
    payload: StreamReader,
    protocol: RequestHandler,
    writer: AbstractStreamWriter,
    task: object,
) -> web.BaseRequest:
    limits = protocol.limits if isinstance(protocol, _Protocol) else RequestLimits()
    return _Request(
        message,
        payload,
        protocol,
        writer,
        task,  # type: ignore[arg-type]
        asyncio.get_running_loop(),
        client_max_size=limits.body_bytes,
    )
