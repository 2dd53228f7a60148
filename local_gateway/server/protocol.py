"""HTTP/1.1 on one TCP connection: requests in, responses out, bounded in size and time."""

import asyncio
import logging
import time
from collections import deque
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from email.utils import formatdate
from enum import Enum, auto
from functools import lru_cache
from http import HTTPStatus
from typing import Any, cast

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.http_parser import ReceivedRequest, RequestParser
from local_gateway.server.responses import json_message

_LOG = logging.getLogger(__name__)
_PHRASES = {status.value: status.phrase for status in HTTPStatus}
# How long a client may go on sending what is not read any more, so that it sees the response.
LINGER_SECONDS = 10.0


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


@dataclass(frozen=True, slots=True)
class Upgrade:
    """`101 Switching Protocols`: from then on `protocol` owns the socket."""

    headers: Headers
    protocol: asyncio.Protocol


class ResponseWriter:
    """Sends the body of a response piece by piece; the connection's end is the body's end."""

    def __init__(self, transport: asyncio.Transport) -> None:
        self._transport = transport
        self._drained = asyncio.Event()
        self._drained.set()

    @property
    def is_open(self) -> bool:
        """Whether the client is still there."""
        return not self._transport.is_closing()

    async def write(self, data: bytes) -> None:
        """Send, and wait for a client that reads slowly; `ConnectionError` when it is gone."""
        if not self.is_open:
            raise ConnectionResetError
        self._transport.write(data)
        await self._drained.wait()

    def pause(self) -> None:
        """Let `write` wait."""
        self._drained.clear()

    def resume(self) -> None:
        """Let `write` go on."""
        self._drained.set()


@dataclass(frozen=True, slots=True)
class StreamedResponse:
    """A 200 whose body `send` writes, as long as it likes."""

    headers: Headers
    send: Callable[[ResponseWriter], Coroutine[Any, Any, None]]


type Answer = Response | Upgrade | StreamedResponse
type Handler = Callable[[Request], Coroutine[Any, Any, Answer]]
type Refused = Callable[[int, str], None]


class _Phase(Enum):
    """What the connection's timer is about."""

    HEAD = auto()
    BODY = auto()
    BUSY = auto()
    LINGERING = auto()


class HttpProtocol(asyncio.Protocol):
    """Hands one request after the other to `handler`; what is not HTTP goes to `refused`.

    `refused` takes the status and the cause. Tasks of handlers are in `tasks` while they run.
    """

    def __init__(
        self,
        handler: Handler,
        *,
        limits: RequestLimits,
        refused: Refused,
        tasks: set[asyncio.Task[Any]],
    ) -> None:
        self._handler = handler
        self._limits = limits
        self._refused = refused
        self._tasks = tasks
        self._loop = asyncio.get_running_loop()
        self._waiting: deque[ReceivedRequest] = deque()
        self._held = b""
        self._phase = _Phase.HEAD
        self._due = 0.0
        self._timer: asyncio.TimerHandle | None = None
        self._writer: ResponseWriter | None = None
        self._transport: asyncio.Transport
        self._parser: RequestParser

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        peer = transport.get_extra_info("peername")
        self._parser = RequestParser(
            peer[0] if peer else "",
            max_head_bytes=self._limits.header_bytes,
            max_body_bytes=self._limits.body_bytes,
        )
        self._wait(_Phase.HEAD, self._limits.head_seconds)

    def data_received(self, data: bytes) -> None:
        if self._phase is _Phase.BUSY:
            self._held += data
            self._transport.pause_reading()
        elif self._phase is not _Phase.LINGERING:
            self._waiting.extend(self._parser.feed(data))
            self._proceed()

    def connection_lost(self, exc: Exception | None) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._writer is not None:
            self._writer.resume()

    def pause_writing(self) -> None:
        if self._writer is not None:
            self._writer.pause()

    def resume_writing(self) -> None:
        if self._writer is not None:
            self._writer.resume()

    def _proceed(self) -> None:
        """Handle what has come, one request at a time, and refuse what is none."""
        while self._waiting and self._phase in (_Phase.HEAD, _Phase.BODY):
            self._handle(self._waiting.popleft())
        if self._phase not in (_Phase.HEAD, _Phase.BODY) or self._transport.is_closing():
            return
        if self._parser.problem is not None:
            self._refuse(400, "Bad Request", self._parser.problem)
            return
        pending = self._parser.pending
        if pending is None:
            return
        if pending.is_too_large:
            self._handle(ReceivedRequest(pending, keeps_alive=False, is_upgrade=False))
        elif self._phase is _Phase.HEAD:
            self._wait(_Phase.BODY, self._limits.body_seconds)
            if (pending.headers.get("expect") or "").lower() == "100-continue":
                self._transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")

    def _handle(self, received: ReceivedRequest) -> None:
        self._phase = _Phase.BUSY
        task = asyncio.Task(self._handler(received.request), loop=self._loop, eager_start=True)
        if task.done():
            self._answer(received, task)
            return
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        task.add_done_callback(lambda _: self._answer_late(received, task))

    def _answer_late(self, received: ReceivedRequest, task: asyncio.Task[Answer]) -> None:
        self._answer(received, task)
        if self._phase is _Phase.HEAD and not self._transport.is_closing():
            data, self._held = self._held, b""
            self._transport.resume_reading()
            self._waiting.extend(self._parser.feed(data))
            self._proceed()

    def _answer(self, received: ReceivedRequest, task: asyncio.Task[Answer]) -> None:
        if task.cancelled():
            self._transport.abort()
            return
        error = task.exception()
        if error is not None:
            _LOG.error("The gateway failed to handle a request", exc_info=error)
            received = replace(received, keeps_alive=False)
            answer: Answer = json_message(500, "Internal Server Error")
        else:
            answer = task.result()
        if isinstance(answer, Response):
            self._respond(received, answer)
        elif isinstance(answer, Upgrade):
            self._upgrade(answer)
        else:
            self._stream(answer)

    def _respond(self, received: ReceivedRequest, response: Response) -> None:
        request = received.request
        # After the offer of another protocol the parser reads no further request.
        closes = not received.keeps_alive or received.is_upgrade
        self._transport.write(
            response_bytes(response, closes=closes, has_body=request.method != "HEAD")
        )
        if not closes:
            self._wait(_Phase.HEAD, self._limits.head_seconds)
        elif request.is_too_large:
            self._linger()
        else:
            self._transport.close()

    def _refuse(self, status: int, message: str, cause: str) -> None:
        self._refused(status, cause)
        self._transport.write(response_bytes(json_message(status, message), closes=True))
        self._linger()

    def _linger(self) -> None:
        """Let the client send the rest, unread: a reset could cost it the response."""
        if self._transport.can_write_eof():
            self._transport.write_eof()
        self._wait(_Phase.LINGERING, LINGER_SECONDS)

    def _upgrade(self, upgrade: Upgrade) -> None:
        transport, protocol = self._transport, upgrade.protocol
        if self._timer is not None:
            self._timer.cancel()
        if transport.is_closing():
            protocol.connection_lost(None)
            return
        transport.write(_head(101, upgrade.headers))
        transport.set_protocol(protocol)
        protocol.connection_made(transport)
        transport.resume_reading()
        if data := self._parser.rest + self._held:
            protocol.data_received(data)

    def _stream(self, streamed: StreamedResponse) -> None:
        if self._transport.is_closing():
            return
        self._writer = ResponseWriter(self._transport)
        head = _head(200, Headers((*streamed.headers, ("Connection", "close"))))
        self._transport.write(head)
        task = self._loop.create_task(streamed.send(self._writer))
        self._tasks.add(task)
        task.add_done_callback(self._streamed)

    def _streamed(self, task: asyncio.Task[None]) -> None:
        self._tasks.discard(task)
        if not task.cancelled() and task.exception() is None:
            self._transport.close()
        else:
            self._transport.abort()

    def _wait(self, phase: _Phase, seconds: float) -> None:
        """Enter a phase that may last for so long; one timer serves all of them."""
        self._phase = phase
        self._due = self._loop.time() + seconds
        if self._timer is not None and self._timer.when() > self._due:
            self._timer.cancel()
            self._timer = None
        if self._timer is None:
            self._timer = self._loop.call_at(self._due, self._time_out)

    def _time_out(self) -> None:
        self._timer = None
        if self._phase is _Phase.BUSY:
            return
        if self._loop.time() < self._due:
            self._timer = self._loop.call_at(self._due, self._time_out)
        elif self._phase is _Phase.BODY:
            self._refuse(408, "Request Timeout", "the body takes too long")
        elif self._phase is _Phase.HEAD:
            self._transport.close()
        else:
            self._transport.abort()


def response_bytes(response: Response, *, closes: bool, has_body: bool = True) -> bytes:
    """A response as it travels."""
    body = response.body
    framing = "" if response.status in (204, 304) else f"Content-Length: {len(body)}\r\n"
    if closes:
        framing += "Connection: close\r\n"
    head = _head(response.status, response.headers, framing)
    return head + body if has_body else head


def _head(status: int, headers: Headers, framing: str = "") -> bytes:
    lines = "".join([f"{name}: {value}\r\n" for name, value in headers])
    date = _date(int(time.time()))
    head = f"HTTP/1.1 {status} {_PHRASES.get(status, '')}\r\n{lines}{framing}Date: {date}\r\n\r\n"
    return head.encode(errors="replace")


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
