"""The shell of one connection: performs what the core asks for on a real socket."""

import asyncio
from collections import deque
from collections.abc import Callable

from local_gateway.core.invocation import InvocationResult
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Action,
    CloseSocket,
    Invoke,
    Purpose,
    RefuseHandshake,
    SendText,
    Warn,
)
from local_gateway.core.websocket.connection import Connection
from local_gateway.records import ApiRecord, Direction, Frame, Observe
from local_gateway.server.faults import Fate, Tell
from local_gateway.server.framing import Framing, Message, Text
from local_gateway.server.interfaces import Sources
from local_gateway.server.invocations import Invocations

CLOSE_GRACE = 5.0
HARD_BUFFER_FACTOR = 4
MESSAGES_IN_FLIGHT = 128


class Session:
    """One client: drives its `Connection` from the handshake to the end of the socket."""

    def __init__(
        self,
        connection: Connection,
        *,
        invocations: Invocations,
        sources: Sources,
        observe: Observe,
        fate: Callable[[Tell], Fate],
    ) -> None:
        self.connection = connection
        self.fate = fate(self._record)
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._framing = Framing(connection.stage.limits)
        self._invocations = invocations
        self._sources = sources
        self._observe = observe
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_flight = 0
        self._waiting: deque[Message] = deque()
        self._is_paused = False

    async def handshake(self) -> AcceptHandshake | RefuseHandshake:
        """Run authorizer and `$connect`; the upgrade stays pending meanwhile, as on AWS."""
        actions = self.connection.open(self._sources.moment())
        while True:
            invoke: Invoke | None = None
            for action in actions:
                match action:
                    case AcceptHandshake():
                        self._record("$connect", "101 open")
                        return action
                    case RefuseHandshake(status, message, cause):
                        failed = status >= 500
                        self._record("$connect", f"{status} {message}", cause, problem=failed)
                        return action
                    case Warn(text):
                        self._record("$connect", "warning", text, problem=True)
                    case Invoke():
                        invoke = action
            if invoke is None:
                raise AssertionError("a handshake step neither decides nor invokes")
            actions = await self._next_step(invoke)

    async def _next_step(self, invoke: Invoke) -> list[Action]:
        started = self._sources.now()
        mishap = self.fate.mishap(invoke.purpose, invoke.purpose)
        result = await self._invocations.run(invoke, self.connection.connection_id, mishap)
        moment = self._sources.moment()
        if invoke.purpose is Purpose.AUTHORIZE:
            return self.connection.authorized(result, moment, moment.at - started)
        return self.connection.connected(result, moment)

    # The socket; `feed_data` and `feed_eof` are the HTTP server's interface for upgraded sockets

    def attach(self, transport: asyncio.Transport) -> None:
        """Begin to serve the socket after the 101."""
        self._transport = transport
        self._arm_timer()

    def feed_data(self, data: bytes) -> tuple[bool, bytes]:
        """Take bytes from the socket."""
        self._waiting.extend(self._framing.receive(data))
        self._take_messages()
        return False, b""

    def feed_eof(self) -> None:
        """Take the news that the socket is gone."""
        self._framing.receive_eof()
        self._take_messages()
        self._finish()

    @property
    def buffered(self) -> int:
        """Bytes that the client has not taken yet."""
        return self._transport.get_write_buffer_size() if self._transport is not None else 0

    def perform(self, actions: list[Action]) -> None:
        """Do what the core asks for after a call from outside (the management API)."""
        self._perform(actions)
        self._flush()

    def shut_down(self) -> None:
        """Close because the gateway stops: 1012, and no `$disconnect` any more."""
        if self._framing.is_open:
            self._framing.send_close(1012, "Service restart")
            self._flush()
        self._finish()

    def _perform(self, actions: list[Action]) -> None:
        for action in actions:
            match action:
                case SendText(text):
                    self._send(text)
                case CloseSocket(code, reason):
                    self._close(code, reason)
                case Invoke():
                    self._invoke(action)
                case Warn(text):
                    self._record("message", "warning", text, problem=True)
                case AcceptHandshake() | RefuseHandshake():
                    raise AssertionError("the handshake is over")

    def _send(self, text: str) -> None:
        if self._framing.is_open:
            self._show(Direction.OUT, text)
            self._framing.send_text(text)

    def _close(self, code: int, reason: str) -> None:
        if self._framing.is_open:
            self._framing.send_close(code, reason)
            self._set_timer(CLOSE_GRACE, self._finish)
        self._record("$disconnect", f"closed {code}", reason)

    def _lost(self) -> None:
        if self.finished.done():  # the gateway stops: nobody is left to run $disconnect
            return
        code, reason = self._framing.close_seen()
        if self.connection.is_open:
            self._record("$disconnect", f"closed {code}", reason)
        self._perform(self.connection.lost(code, reason, self._sources.moment()))

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if not self.finished.done():
            self.finished.set_result(None)

    def _take_messages(self) -> None:
        """Route what came in, some at a time: the rest waits, and the socket is not read.

        Once the socket is closing there is no more to come, so all that is left is routed.
        """
        is_open = self._framing.is_open
        while self._waiting and (self._in_flight < MESSAGES_IN_FLIGHT or not is_open):
            self._take(self._waiting.popleft())
        self._flush()
        if not self._framing.is_open:
            self._lost()
        elif self._transport is not None and self._in_flight >= MESSAGES_IN_FLIGHT:
            self._is_paused = True
            self._transport.pause_reading()

    def _take(self, message: Message) -> None:
        moment = self._sources.moment()
        if isinstance(message, Text):
            self._show(Direction.IN, message.body)
            self.fate.count_message()
            unique = self._sources.random_bytes()
            self._perform(self.connection.text_received(message.body, moment, unique))
            if self.fate.drops() and self._transport is not None:
                self._waiting.clear()
                self._transport.abort()
        else:
            self._perform(self.connection.binary_received(moment))

    def _invoke(self, invoke: Invoke) -> None:
        for mishap in self.fate.deliveries(invoke):
            self._in_flight += 1
            self._invocations.begin(invoke, self.connection.connection_id, self._answered, mishap)

    def _answered(self, invoke: Invoke, result: InvocationResult) -> None:
        self._in_flight -= 1
        if self._is_paused and self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
            self._take_messages()
        if invoke.purpose is Purpose.MESSAGE:
            self.perform(self.connection.replied(invoke, result, self._sources.now()))

    def _arm_timer(self) -> None:
        seconds = max(0.0, self.connection.deadline - self._sources.now()) / 1000
        self._set_timer(seconds, self._check_deadline)

    def _set_timer(self, seconds: float, action: Callable[[], None]) -> None:
        """One thing at a time is due: a limit, or the end of the patience with a closing socket."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _check_deadline(self) -> None:
        actions = self.connection.expired(self._sources.moment())
        if actions:
            self.perform(actions)
        elif self.connection.is_open:
            self._arm_timer()

    def _flush(self) -> None:
        transport = self._transport
        if transport is None or transport.is_closing():
            return
        data, close = self._framing.outgoing()
        if data:
            transport.write(data)
        limit = self.connection.stage.limits.buffered_bytes
        if transport.get_write_buffer_size() > HARD_BUFFER_FACTOR * limit:
            transport.abort()  # a client that only sends must not fill our memory with answers
        elif close and transport.can_write_eof():
            # Closing outright would reset the socket while the client's bytes are unread, and the
            # client would never see the close code: say our end is over and read on for a while.
            transport.write_eof()
            self._set_timer(CLOSE_GRACE, self._finish)

    def _show(self, direction: Direction, text: str) -> None:
        connection_id = self.connection.connection_id
        self._observe(Frame(self._sources.now(), connection_id, direction, text))

    def _record(
        self, route_key: str, outcome: str, detail: str | None = None, *, problem: bool = False
    ) -> None:
        record = ApiRecord(
            at=self._sources.now(),
            api="websocket",
            route_key=route_key,
            outcome=outcome,
            connection_id=self.connection.connection_id,
            detail=detail or None,
            problem=problem,
        )
        self._observe(record)
