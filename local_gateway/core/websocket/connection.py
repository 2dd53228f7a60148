"""One WebSocket connection as a state machine: events in, actions out.

The machine knows neither sockets nor clocks: each input carries its `Moment`, and the shell
performs what comes back. Source of the order of things: developer guide, "Manage connected users
and client apps: $connect and $disconnect routes".
"""

from enum import Enum, auto

from local_gateway.core import management
from local_gateway.core.http import Handshake, Identity, Moment
from local_gateway.core.ids import message_id
from local_gateway.core.invocation import InvocationResult
from local_gateway.core.management import ManagementResponse
from local_gateway.core.model import AuthorizationType, Authorizer, WebSocketRoute
from local_gateway.core.websocket import authorizer as authorization
from local_gateway.core.websocket import error_frames, events
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
from local_gateway.core.websocket.close_reasons import reason_of
from local_gateway.core.websocket.integration_response import proxy_response
from local_gateway.core.websocket.stage import Stage
from local_gateway.core.websocket.validation import invalid_reason

CONNECT, DISCONNECT = "$connect", "$disconnect"
SUBPROTOCOL = "Sec-WebSocket-Protocol"
AUTHORIZER_TIMEOUT = 30.0


class State(Enum):
    """Where a connection is in its life."""

    NEW = auto()
    AUTHORIZING = auto()
    CONNECTING = auto()
    OPEN = auto()
    CLOSED = auto()


class Connection:
    """A connection of one stage, from the upgrade request to its `$disconnect`."""

    def __init__(self, stage: Stage, identity: Identity, handshake: Handshake) -> None:
        self.stage = stage
        self.identity = identity
        self.state = State.NEW
        self.last_active = identity.connected_at
        self._handshake = handshake
        self._authorizer: dict[str, str] | None = None

    @property
    def connection_id(self) -> str:
        """The id that events and the management API use."""
        return self.identity.connection_id

    @property
    def is_open(self) -> bool:
        """Whether the handshake was accepted and nobody has closed since."""
        return self.state is State.OPEN

    @property
    def deadline(self) -> float:
        """When (epoch milliseconds) silence or age ends this connection."""
        limits = self.stage.limits
        return min(self.last_active + limits.idle_ms, self.identity.connected_at + limits.age_ms)

    # The handshake

    def open(self, moment: Moment) -> list[Action]:
        """Start the handshake: throttle, authorizer, `$connect` function, in AWS's order."""
        route = self.stage.api.routes.get(CONNECT)
        if not self.stage.admits(CONNECT, moment.at):
            return self._refuse(429, "Too Many Requests", "throttled")
        if route is None:
            return self._accept(moment)
        if route.authorization_type is AuthorizationType.NONE or route.authorizer is None:
            return self._invoke_connect(route, moment, None)
        return self._authorize(route, route.authorizer, moment)

    def _authorize(
        self, route: WebSocketRoute, authorizer: Authorizer, moment: Moment
    ) -> list[Action]:
        missing = authorization.missing_identity_source(authorizer, self._handshake, self.identity)
        if missing is not None:
            near = authorization.near_miss(missing, self._handshake)
            refused = authorization.unauthorized(missing)
            warning = [Warn(near)] if near else []
            return [*warning, *self._refuse(refused.status, refused.message, refused.cause)]
        self.state = State.AUTHORIZING
        event = events.authorizer_event(self.identity, self._handshake, moment)
        return [self._invocation(Purpose.AUTHORIZE, route, moment, event)]

    def authorized(self, result: InvocationResult, moment: Moment, latency_ms: int) -> list[Action]:
        """Take the authorizer's answer: refuse, or go on to the `$connect` function."""
        if self.state is not State.AUTHORIZING:
            return []
        keys = {"aws:SourceIp": self.identity.source_ip}
        decision = authorization.decide(result, events.connect_arn(self.identity), keys)
        if isinstance(decision, authorization.Refused):
            return self._refuse(decision.status, decision.message, decision.cause)
        self._authorizer = dict(decision.context)
        route = self.stage.api.routes.get(CONNECT)  # the API may have been deployed anew without it
        return self._invoke_connect(route, moment, latency_ms) if route else self._accept(moment)

    def _invoke_connect(
        self, route: WebSocketRoute, moment: Moment, latency_ms: int | None
    ) -> list[Action]:
        self.state = State.CONNECTING
        context: dict[str, str | int] | None = None
        if self._authorizer is not None and latency_ms is not None:
            context = {**self._authorizer, "integrationLatency": latency_ms}
        event = events.connect_event(self.identity, self._handshake, moment, context)
        return [self._invocation(Purpose.CONNECT, route, moment, event)]

    def connected(self, result: InvocationResult, moment: Moment) -> list[Action]:
        """Take the `$connect` function's answer: 2xx opens, other statuses pass unchanged."""
        if self.state is not State.CONNECTING:
            return []
        response = proxy_response(result)
        if response is None or response.status < 200:  # an informational answer decides nothing
            return self._refuse(502, "Internal server error", f"$connect gave {result}")
        if not response.accepts:
            message = "Forbidden" if response.status == 403 else "Connection refused"
            return self._refuse(response.status, message, "$connect refused")
        subprotocol = response.header(SUBPROTOCOL)
        if subprotocol is not None and not subprotocol.isprintable():
            return self._refuse(502, "Internal server error", f"{SUBPROTOCOL} has control codes")
        return self._accept(moment, subprotocol)

    def _accept(self, moment: Moment, subprotocol: str | None = None) -> list[Action]:
        self.state = State.OPEN
        self.last_active = moment.at  # nobody can speak before the handshake is over
        return [AcceptHandshake(subprotocol)]

    def _refuse(self, status: int, message: str, cause: str) -> list[Action]:
        self.state = State.CLOSED
        return [RefuseHandshake(status, message, cause)]

    # Messages

    def text_received(self, body: str, moment: Moment, unique: bytes) -> list[Action]:
        """Route one text message; `unique` makes its message id."""
        if self.state is not State.OPEN:
            return []
        self.last_active = moment.at
        ids = (self.connection_id, moment.request_id)
        route_key = self.stage.route_key(body)
        route = self.stage.api.routes.get(route_key) if route_key else None
        if route is None:
            return [SendText(error_frames.forbidden(*ids))]
        if not self.stage.admits(route.route_key, moment.at):
            return [SendText(error_frames.too_many_requests(*ids))]
        problem = invalid_reason(route, body)
        if problem is not None:
            return [Warn(problem), SendText(error_frames.invalid_request_body(*ids))]
        event = events.message_event(
            self.identity,
            moment,
            route_key=route.route_key,
            message_id=message_id(self.connection_id, unique),
            body=body,
            authorizer=self._authorizer,
        )
        return [self._invocation(Purpose.MESSAGE, route, moment, event)]

    def replied(self, invoke: Invoke, result: InvocationResult, at: int) -> list[Action]:
        """Take a message function's answer: a frame only for a failure or a two-way route."""
        if self.state is not State.OPEN:
            return []
        response = proxy_response(result)
        if response is None:
            self.last_active = at
            frame = error_frames.internal_server_error(self.connection_id, invoke.request_id)
            return [SendText(frame)]
        route = self.stage.api.routes.get(invoke.route_key)
        if route is None or not route.two_way or response.body is None:
            return []
        self.last_active = at
        return [SendText(response.body)]

    def binary_received(self, moment: Moment) -> list[Action]:
        """Close: binary frames are not supported (developer guide, binary media types)."""
        return self._close(1003, moment)

    # The end

    def expired(self, moment: Moment) -> list[Action]:
        """Close when the idle or age limit has come; otherwise nothing."""
        return self._close(1001, moment) if moment.at >= self.deadline else []

    def lost(self, code: int, reason: str, moment: Moment) -> list[Action]:
        """The socket is gone: the client closed (its code, 1005 for none) or vanished (1006)."""
        if self.state is not State.OPEN:
            return []
        self.state = State.CLOSED
        route = self.stage.api.routes.get(DISCONNECT)
        if route is None:
            return []
        event = events.disconnect_event(
            self.identity,
            moment,
            code=code,
            reason=reason or reason_of(code),
            authorizer=self._authorizer,
        )
        return [self._invocation(Purpose.DISCONNECT, route, moment, event)]

    def _close(self, code: int, moment: Moment) -> list[Action]:
        if self.state is not State.OPEN:
            return []
        return [CloseSocket(code, reason_of(code)), *self.lost(code, "", moment)]

    # The management API

    def post(self, data: bytes, at: int, buffered: int) -> tuple[ManagementResponse, list[Action]]:
        """`POST @connections/{id}`; `buffered` is what the client has not read yet, in bytes."""
        limits = self.stage.limits
        if self.state is not State.OPEN:
            return management.gone(), []
        if len(data) > limits.message_bytes:
            return management.payload_too_large(), []
        if buffered > limits.buffered_bytes:
            return management.limit_exceeded(), []
        self.last_active = at
        return management.ok(), [SendText(data.decode(errors="replace"))]

    def describe(self) -> ManagementResponse:
        """`GET @connections/{id}`."""
        if self.state is not State.OPEN:
            return management.gone()
        return management.description(self.identity, self.identity.connected_at, self.last_active)

    def delete(self, moment: Moment) -> tuple[ManagementResponse, list[Action]]:
        """`DELETE @connections/{id}`: the client sees 1000, the caller cannot choose."""
        if self.state is not State.OPEN:
            return management.gone(), []
        return management.deleted(), self._close(1000, moment)

    def _invocation(
        self, purpose: Purpose, route: WebSocketRoute, moment: Moment, event: dict[str, object]
    ) -> Invoke:
        function, timeout = route.function, route.timeout
        if purpose is Purpose.AUTHORIZE and route.authorizer is not None:
            function, timeout = route.authorizer.function, AUTHORIZER_TIMEOUT
        return Invoke(purpose, function, route.route_key, moment.request_id, event, timeout)
