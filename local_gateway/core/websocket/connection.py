"""One WebSocket connection as a state machine: events in, actions out.

The machine knows neither sockets nor clocks: each input carries its time, and the shell
performs what comes back. Source of the order of things: developer guide, "Manage connected users
and client apps: $connect and $disconnect routes".
"""

import json
from dataclasses import replace
from enum import Enum, auto

from local_gateway.core import management
from local_gateway.core.http import Request, Response
from local_gateway.core.ids import message_id
from local_gateway.core.invocation import InvocationResult, Succeeded, outcome_of
from local_gateway.core.management import SignatureRefusal
from local_gateway.core.model import Authorizer, WebSocketRoute
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket import authorizer as authorization
from local_gateway.core.websocket import events
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
from local_gateway.core.websocket.events import Identity
from local_gateway.core.websocket.integration import LambdaProxy, Mock
from local_gateway.core.websocket.integration_response import malformed_reason, proxy_response
from local_gateway.core.websocket.mapping import SUBPROTOCOL, integration_request
from local_gateway.core.websocket.stage import Stage
from local_gateway.core.websocket.validation import invalid_reason

CONNECT, DISCONNECT = "$connect", "$disconnect"
AUTHORIZER_TIMEOUT = 30.0

# `disconnectReason` as captured on AWS where the closing side gave none; other codes have no text.
_CLOSE_REASONS = {
    1000: "Connection Closed Normally",
    1001: "Going away",
    1005: "Client-side close frame status not set",
}


class State(Enum):
    """Where a connection is in its life."""

    NEW = auto()
    AUTHORIZING = auto()
    CONNECTING = auto()
    OPEN = auto()
    CLOSED = auto()


class Connection:
    """A connection of a stage, from the upgrade request to its `$disconnect`."""

    def __init__(self, stage: Stage, identity: Identity, handshake: Request) -> None:
        self.stage = stage
        self.identity = identity
        self.connection_id = identity.connection_id
        self.state = State.NEW
        self.last_active = identity.connected_at
        self._handshake = handshake
        self._authorizer: dict[str, str] | None = None
        self._usage_identifier_key: str | None = None

    @property
    def is_open(self) -> bool:
        """Whether the handshake was accepted and the connection is not closed."""
        return self.state is State.OPEN

    @property
    def deadline(self) -> float:
        """When (epoch milliseconds) silence or age ends this connection."""
        limits = self.stage.limits
        return min(self.last_active + limits.idle_ms, self.identity.connected_at + limits.age_ms)

    # The handshake

    def open(self, stamp: RequestStamp, signature: SignatureRefusal | None = None) -> list[Action]:
        """Start the handshake: throttle, authorizer, API key, `$connect` function.

        `signature` is why a signature that the route wants is refused. The order is AWS's: "after
        the Lambda authorizer, API Gateway verifies the usage plan" (re:Post, api-gateway-logs).
        """
        route = self.stage.api.routes.get(CONNECT)
        if not self.stage.admits(CONNECT, stamp.at):
            return self._refuse(429, "Too Many Requests", "throttled")
        if route is None:
            return self._accept(stamp)
        if signature is not None:
            return self._refuse(403, signature.message, signature.error_type)
        if route.authorizer is None:
            return self._invoke_connect(route, stamp, None)
        return self._authorize(route, route.authorizer, stamp)

    def _authorize(
        self, route: WebSocketRoute, authorizer: Authorizer, stamp: RequestStamp
    ) -> list[Action]:
        missing = authorization.missing_identity_source(authorizer, self._handshake, self.identity)
        if missing is not None:
            refused = authorization.unauthorized(missing)
            return self._refuse(refused.status, refused.message, refused.cause)
        self.state = State.AUTHORIZING
        warnings = map(Warn, authorization.near_misses(authorizer, self._handshake))
        event = events.authorizer_event(self.identity, self._handshake, stamp)
        return [*warnings, self._invocation(Purpose.AUTHORIZE, route, stamp, event)]

    def authorized(
        self, result: InvocationResult, stamp: RequestStamp, latency_ms: int
    ) -> list[Action]:
        """Take the authorizer's answer: refuse, or go on to the `$connect` function."""
        if self.state is not State.AUTHORIZING:
            return []
        keys = {"aws:SourceIp": self.identity.source_ip}
        decision = authorization.decide(result, events.connect_arn(self.identity), keys)
        if isinstance(decision, authorization.Refused):
            return self._refuse(decision.status, decision.message, decision.cause)
        self._authorizer = dict(decision.context)
        self._usage_identifier_key = decision.usage_identifier_key
        route = self.stage.api.routes.get(CONNECT)  # a new deployment may lack it
        return self._invoke_connect(route, stamp, latency_ms) if route else self._accept(stamp)

    def _invoke_connect(
        self, route: WebSocketRoute, stamp: RequestStamp, latency_ms: int | None
    ) -> list[Action]:
        if route.api_key_required:
            refused = self._check_api_key(stamp)
            if refused:
                return refused
        self.state = State.CONNECTING
        context: dict[str, str | int] | None = None
        if self._authorizer is not None and latency_ms is not None:
            context = {**self._authorizer, "integrationLatency": latency_ms}
        event = events.connect_event(self.identity, self._handshake, stamp, context)
        return [self._invocation(Purpose.CONNECT, route, stamp, event)]

    def _check_api_key(self, stamp: RequestStamp) -> list[Action]:
        """Refuse a handshake without a key that a usage plan lets into the stage."""
        plans = self.stage.usage_plans
        key = plans.key_of(self._handshake.headers, self._usage_identifier_key)
        if key is None:
            return self._refuse(403, "Forbidden", plans.refusal_cause())
        if (problem := plans.limit_problem(key, stamp.at)) is not None:
            return self._refuse(429, problem, "refused by the usage plan")
        caller = (*self.identity.caller, ("apiKey", key.value), ("apiKeyId", key.key_id))
        self.identity = replace(self.identity, caller=caller)
        return []

    def connected(self, result: InvocationResult, stamp: RequestStamp) -> list[Action]:
        """Take the `$connect` function's answer: 2xx opens, other statuses pass unchanged."""
        if self.state is not State.CONNECTING:
            return []
        response = proxy_response(result)
        if response is None:
            return self._refuse(502, "Internal server error", _failure(result))
        if response.status < 200:  # an informational answer decides nothing
            cause = f"$connect answered {response.status}, expected 200 or more"
            return self._refuse(502, "Internal server error", cause)
        return self._decided(response.status, response.headers.get(SUBPROTOCOL), stamp)

    def integrated(
        self,
        call: CallIntegration,
        result: IntegrationResult | IntegrationFailure,
        stamp: RequestStamp,
    ) -> list[Action]:
        """Take the mapped result of an integration that is no Lambda proxy."""
        if call.purpose is Purpose.CONNECT:
            if self.state is not State.CONNECTING:
                return []
            if isinstance(result, IntegrationFailure):
                return self._refuse(result.status, result.message, result.cause)
            return self._decided(result.status, result.subprotocol, stamp)
        if self.state is not State.OPEN:
            return []
        if isinstance(result, IntegrationFailure):
            self.last_active = stamp.at
            return [_error_frame(result.message, self.connection_id, call.request_id)]
        if not result.text:
            return []
        self.last_active = stamp.at
        return [SendText(result.text)]

    def _decided(self, status: int, subprotocol: str | None, stamp: RequestStamp) -> list[Action]:
        """Any 2xx of `$connect` opens, another status is the handshake's."""
        if not 200 <= status < 300:
            message = "Forbidden" if status == 403 else "Connection refused"
            return self._refuse(status, message, "$connect refused")
        if subprotocol is not None and not subprotocol.isprintable():
            return self._refuse(502, "Internal server error", f"{SUBPROTOCOL} has control codes")
        return self._accept(stamp, subprotocol)

    def _accept(self, stamp: RequestStamp, subprotocol: str | None = None) -> list[Action]:
        self.state = State.OPEN
        self.last_active = stamp.at  # no messages come before the handshake is over
        return [AcceptHandshake(subprotocol)]

    def _refuse(self, status: int, message: str, cause: str) -> list[Action]:
        self.state = State.CLOSED
        return [RefuseHandshake(status, message, cause)]

    # Messages

    def text_received(self, body: str, stamp: RequestStamp) -> list[Action]:
        """Route a text message."""
        if self.state is not State.OPEN:
            return []
        self.last_active = stamp.at
        ids = (self.connection_id, stamp.request_id)
        route = self.stage.route_of(body)
        if route is None:
            return [_error_frame("Forbidden", *ids)]
        if not self.stage.admits(route.route_key, stamp.at):
            return [_error_frame("Too Many Requests", *ids)]
        problem = invalid_reason(route, body) if route.request_models else None
        if problem is not None:
            return [Warn(problem), _error_frame("Invalid request body", *ids)]
        event = events.message_event(
            self.identity,
            stamp,
            route_key=route.route_key,
            message_id=message_id(*ids),
            body=body,
            authorizer=self._authorizer,
        )
        return [self._invocation(Purpose.MESSAGE, route, stamp, event)]

    def replied(self, invoke: Invoke, result: InvocationResult, at: int) -> list[Action]:
        """Take a message function's answer: a frame only for a failure or a two-way route."""
        if self.state is not State.OPEN:
            return []
        response = proxy_response(result)
        if response is None:
            self.last_active = at
            return [_error_frame("Internal server error", self.connection_id, invoke.request_id)]
        route = self.stage.api.routes.get(invoke.route_key)
        body = response.body if route is not None and route.two_way else None
        if body is None:
            return []
        self.last_active = at
        return [SendText(body)]

    def binary_received(self, stamp: RequestStamp) -> list[Action]:
        """Close: binary frames are not supported (developer guide, binary media types)."""
        return self._close(1003, stamp)

    # The end

    def expired(self, stamp: RequestStamp) -> list[Action]:
        """Close when the idle or age limit has come; otherwise nothing."""
        return self._close(1001, stamp) if stamp.at >= self.deadline else []

    def lost(self, code: int, reason: str, stamp: RequestStamp) -> list[Action]:
        """The socket is gone: the client closed (its code, 1005 for none) or vanished (1006)."""
        if self.state is not State.OPEN:
            return []
        self.state = State.CLOSED
        route = self.stage.api.routes.get(DISCONNECT)
        if route is None:
            return []
        event = events.disconnect_event(
            self.identity,
            stamp,
            code=code,
            reason=reason or _CLOSE_REASONS.get(code, ""),
            authorizer=self._authorizer,
        )
        return [self._invocation(Purpose.DISCONNECT, route, stamp, event)]

    def _close(self, code: int, stamp: RequestStamp) -> list[Action]:
        if self.state is not State.OPEN:
            return []
        return [CloseSocket(code, _CLOSE_REASONS.get(code, "")), *self.lost(code, "", stamp)]

    # The management API

    def post(self, data: bytes, at: int, buffered: int) -> tuple[Response, list[Action]]:
        """`POST @connections/{id}`; `buffered` is what the client has not read yet, in bytes."""
        limits = self.stage.limits
        if self.state is not State.OPEN:
            return management.GONE, []
        if len(data) > limits.message_bytes:
            return management.PAYLOAD_TOO_LARGE, []
        if buffered > limits.buffered_bytes:
            return management.LIMIT_EXCEEDED, []
        self.last_active = at
        return management.OK, [SendText(data.decode(errors="replace"))]

    def describe(self) -> Response:
        """`GET @connections/{id}`."""
        if self.state is not State.OPEN:
            return management.GONE
        identity = self.identity
        return management.description(
            identity.connected_at, self.last_active, identity.source_ip, identity.user_agent
        )

    def delete(self, stamp: RequestStamp) -> tuple[Response, list[Action]]:
        """`DELETE @connections/{id}`: the client sees 1000, the caller cannot choose."""
        if self.state is not State.OPEN:
            return management.GONE, []
        return management.DELETED, self._close(1000, stamp)

    def _invocation(
        self, purpose: Purpose, route: WebSocketRoute, stamp: RequestStamp, event: dict[str, object]
    ) -> Invoke | CallIntegration:
        integration, key, request_id = route.integration, route.route_key, stamp.request_id
        if purpose is Purpose.AUTHORIZE and route.authorizer is not None:
            function, timeout = route.authorizer.function, AUTHORIZER_TIMEOUT
            return Invoke(purpose, function, key, request_id, event, timeout)
        if isinstance(integration, LambdaProxy):
            return Invoke(purpose, integration.function, key, request_id, event, route.timeout)
        # Nothing is called at the end of a connection, so a mock needs no status.
        is_idle = purpose is Purpose.DISCONNECT and isinstance(integration.backend, Mock)
        return CallIntegration(
            purpose=purpose,
            integration=integration,
            route_key=key,
            request_id=request_id,
            event=event,
            request=Response(200) if is_idle else integration_request(integration, event),
            two_way=route.two_way and purpose is Purpose.MESSAGE,
            timeout=route.timeout,
        )


def _failure(result: InvocationResult) -> str:
    """Why a function's result is no response."""
    malformed = malformed_reason(result) if isinstance(result, Succeeded) else None
    return malformed or outcome_of(result)[1] or "no response"


def _error_frame(message: str, connection_id: str, request_id: str) -> SendText:
    """The frame that API Gateway itself sends when a message cannot be handled.

    The socket stays open after it, also on one-way routes. Members and spacing are those of
    captured frames: a space after the first colon and after the commas, none elsewhere. AWS's
    wording for a throttled message is not published.
    """
    connection, request = json.dumps(connection_id), json.dumps(request_id)
    return SendText(
        f'{{"message": "{message}", "connectionId":{connection}, "requestId":{request}}}'
    )
