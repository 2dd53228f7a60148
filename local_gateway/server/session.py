"""The shell of one connection: performs what the core asks for on a real socket."""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import cast

from local_gateway.core.http import Response
from local_gateway.core.invocation import InvocationResult
from local_gateway.core.management import SignatureRefusal
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Action,
    CallIntegration,
    CloseSocket,
    IntegrationFailure,
    IntegrationResult,
    Invoke,
    Purpose,
    RefuseHandshake,
    SendText,
    Warn,
)
from local_gateway.core.websocket.connection import Connection
from local_gateway.records import ApiRecord, Direction, Frame, Observe
from local_gateway.server.framing import Framing, Message, Text
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.invocations import Invocations

CLOSE_GRACE = 5.0
HARD_BUFFER_FACTOR = 4
MESSAGES_IN_FLIGHT = 128


class Session(asyncio.Protocol):
    """One client: drives its `Connection` from the handshake to the end of the socket."""

    def __init__(
        self,
        connection: Connection,
        *,
        invocations: Invocations,
        integrations: Integrations,
        clock: ClockAndIds,
        observe: Observe,
    ) -> None:
        self.connection = connection
        self.finished: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._framing = Framing(connection.stage.limits)
        self._invocations = invocations
        self._integrations = integrations
        self._clock = clock
        self._observe = observe
        self._transport: asyncio.Transport | None = None
        self._timer: asyncio.TimerHandle | None = None
        self._in_flight = 0
        self._waiting: deque[Message] = deque()
        self._is_paused = False

    async def handshake(
        self, stamp: RequestStamp, signature: SignatureRefusal | None = None
    ) -> AcceptHandshake | RefuseHandshake:
        """Run authorizer and `$connect`; the upgrade stays pending meanwhile, as on AWS.

        `signature` is why a signature that `$connect` wants is refused.
        """
        actions = self.connection.open(stamp, signature)
        while True:
            invoke: Invoke | CallIntegration | None = None
            for action in actions:
                match action:
                    case AcceptHandshake():
                        self._record(stamp.at, "$connect", "101 open")
                        return action
                    case RefuseHandshake(status, message, cause):
                        failed = status >= 500
                        outcome = f"{status} {message}"
                        self._record(stamp.at, "$connect", outcome, cause, problem=failed)
                        self._finish()
                        return action
                    case Warn(text):
                        self._record(stamp.at, "$connect", "warning", text, problem=True)
                    case Invoke() | CallIntegration():
                        invoke = action
            if invoke is None:
                raise AssertionError("a handshake step neither decides nor invokes")
            if isinstance(invoke, CallIntegration):
                mapped = await self._integrations.run(invoke, self.connection.connection_id)
                stamp = self._clock.stamp()
                actions = self.connection.integrated(invoke, mapped, stamp)
                continue
            started = stamp.at
            result = await self._invocations.run(invoke, self.connection.connection_id)
            stamp = self._clock.stamp()
            if invoke.purpose is Purpose.AUTHORIZE:
                actions = self.connection.authorized(result, stamp, stamp.at - started)
            else:
                actions = self.connection.connected(result, stamp)

    # The socket, as asyncio's protocol, after the 101

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        if self.finished.done():  # the stage was taken away during the handshake
            self._flush()
            transport.close()
        else:
            self._arm_timer()

    def data_received(self, data: bytes) -> None:
        self._waiting.extend(self._framing.receive(data))
        self._take_messages()

    def connection_lost(self, exc: Exception | None) -> None:
        self._framing.receive_eof()
        self._take_messages()
        self._finish()

    # The management API

    def post(self, data: bytes, at: int) -> Response:
        """Answer `POST @connections/{id}`."""
        transport = self._transport
        buffered = transport.get_write_buffer_size() if transport is not None else 0
        response, actions = self.connection.post(data, at, buffered)
        self._perform(actions, at)
        return response

    def delete(self, stamp: RequestStamp) -> Response:
        """Answer `DELETE @connections/{id}`."""
        response, actions = self.connection.delete(stamp)
        self._perform(actions, stamp.at)
        return response

    def shut_down(self) -> None:
        """Close because the gateway stops: 1012, and no `$disconnect` any more."""
        if self._framing.is_open:
            self._framing.send_close(1012, "Service restart")
            self._flush()
        self._finish()

    def _perform(self, actions: list[Action], at: int) -> None:
        for action in actions:
            match action:
                case Invoke() | CallIntegration():
                    self._invoke(action)
                case SendText(text):
                    self._send(text, at)
                case CloseSocket(code, reason):
                    self._close(code, reason, at)
                case Warn(text):
                    self._record(at, "message", "warning", text, problem=True)
                case AcceptHandshake() | RefuseHandshake():
                    raise AssertionError("the handshake is over")

    def _send(self, text: str, at: int) -> None:
        if self._framing.is_open:
            self._observe(Frame(at, self.connection.connection_id, Direction.OUT, text))
            self._framing.send_text(text)
            self._flush()

    def _close(self, code: int, reason: str, at: int) -> None:
        if self._framing.is_open:
            self._framing.send_close(code, reason)
            self._set_timer(CLOSE_GRACE, self._finish)
            self._flush()
        self._record(at, "$disconnect", f"closed {code}", reason)

    def _lost(self) -> None:
        if self.finished.done():  # the gateway stops: $disconnect cannot run any more
            return
        stamp = self._clock.stamp()
        code, reason = self._framing.close_seen()
        if self.connection.is_open:
            self._record(stamp.at, "$disconnect", f"closed {code}", reason)
        self._perform(self.connection.lost(code, reason, stamp), stamp.at)

    def _finish(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        if self._transport is not None:
            self._transport.close()
        if not self.finished.done():
            self.finished.set_result(None)

    def _take_messages(self) -> None:
        """Route what came in, some at a time: the rest waits, and the socket is not read.

        Once the socket is closing there is no more to come, so all that is left is routed.
        """
        while self._waiting and (self._in_flight < MESSAGES_IN_FLIGHT or not self._framing.is_open):
            self._take(self._waiting.popleft())
        self._flush()
        if not self._framing.is_open:
            self._lost()
        elif self._in_flight >= MESSAGES_IN_FLIGHT and self._transport is not None:
            self._is_paused = True
            self._transport.pause_reading()

    def _take(self, message: Message) -> None:
        stamp = self._clock.stamp()
        if isinstance(message, Text):
            text = message.body
            self._observe(Frame(stamp.at, self.connection.connection_id, Direction.IN, text))
            self._perform(self.connection.text_received(text, stamp), stamp.at)
        else:
            self._perform(self.connection.binary_received(stamp), stamp.at)

    def _invoke(self, invoke: Invoke | CallIntegration) -> None:
        self._in_flight += 1
        if isinstance(invoke, Invoke):
            self._invocations.begin(invoke, self.connection.connection_id, self._answered)
        else:
            self._integrations.begin(invoke, self.connection.connection_id, self._integrated)

    def _integrated(
        self, call: CallIntegration, result: IntegrationResult | IntegrationFailure
    ) -> None:
        self._in_flight -= 1
        if self._is_paused:
            self._resume_reading()
        if call.purpose is Purpose.MESSAGE:
            stamp = self._clock.stamp()
            self._perform(self.connection.integrated(call, result, stamp), stamp.at)

    def _resume_reading(self) -> None:
        if self._transport is not None:
            self._is_paused = False
            self._transport.resume_reading()
            self._take_messages()

    def _answered(self, invoke: Invoke, result: InvocationResult, at: int) -> None:
        self._in_flight -= 1
        if self._is_paused:
            self._resume_reading()
        if invoke.purpose is Purpose.MESSAGE:
            self._perform(self.connection.replied(invoke, result, at), at)

    def _vanish(self) -> None:
        """Drop the TCP connection without a word."""
        if self._transport is not None:
            self._waiting.clear()
            self._transport.abort()

    def _arm_timer(self) -> None:
        seconds = max(0.0, self.connection.deadline - self._clock.now()) / 1000
        self._set_timer(seconds, self._check_deadline)

    def _set_timer(self, seconds: float, action: Callable[[], None]) -> None:
        """One thing at a time is due: a limit, or the end of a closing socket."""
        if self._timer is not None:
            self._timer.cancel()
        self._timer = asyncio.get_running_loop().call_later(seconds, action)

    def _check_deadline(self) -> None:
        stamp = self._clock.stamp()
        actions = self.connection.expired(stamp)
        self._perform(actions, stamp.at)
        if not actions and self.connection.is_open:
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

    def _record(
        self,
        at: int,
        route_key: str,
        outcome: str,
        detail: str | None = None,
        *,
        problem: bool = False,
    ) -> None:
        record = ApiRecord(
            at=at,
            api="websocket",
            route_key=route_key,
            outcome=outcome,
            connection_id=self.connection.connection_id,
            detail=detail or None,
            problem=problem,
        )
        self._observe(record)
