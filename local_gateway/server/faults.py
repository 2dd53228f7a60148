"""Fault injection: wrappers around the invoker and the session that make things go wrong.

Without chaos they do not exist. `core.chaos` says what the faults are and what their keys mean.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from local_gateway.core import management
from local_gateway.core.chaos import Fault, Key
from local_gateway.core.http import Response
from local_gateway.core.invocation import Failed, Invocation
from local_gateway.core.model import HttpApi, RestApi
from local_gateway.core.websocket.actions import CallIntegration, Invoke, Purpose
from local_gateway.core.websocket.connection import Connection
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.framing import Message, Text
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.server.invocations import Invocations
from local_gateway.server.session import Session

_POST = "POST @connections"


class Faults(Protocol):
    """Decides what goes wrong; `core.chaos.Chaos` does."""

    def applies(self, fault: Fault, /, *key: Key) -> bool:
        """Whether the fault applies to what `key` names."""

    def delay(self, *key: Key) -> float:
        """By how many seconds what `key` names is late, when it is slow."""


@dataclass(slots=True)
class _Target:
    """A connection or an HTTP route that faults apply to; counts what its keys are made of."""

    api: str
    key: tuple[Key, ...]
    connection_id: str | None = None
    messages: int = 0
    posts: int = 0
    requests: int = 0
    last_event: str = ""


class FaultInjector:
    """Numbers connections, messages, posts and requests, and applies faults to them.

    Every fault that applies becomes a record, with its route, as `chaos: <fault>`.
    """

    def __init__(self, faults: Faults, *, observe: Observe, clock: ClockAndIds) -> None:
        self._faults = faults
        self._observe = observe
        self._clock = clock
        self._connections: dict[str, _Target] = {}
        self._numbers: Counter[object] = Counter()
        self._api_names: dict[str, str] = {}
        self._http_routes: dict[tuple[str, str], _Target] = {}

    def add_api(self, api: HttpApi | RestApi) -> None:
        """Know the API by the id that its events have."""
        self._api_names[api.api_id] = api.logical_id

    def add_connection(self, connection: Connection) -> _Target:
        """Count a new connection of its stage."""
        stage = connection.stage
        self._numbers[stage] += 1
        key = (stage.name, self._numbers[stage])
        target = _Target("websocket", key, connection.connection_id)
        self._connections[connection.connection_id] = target
        return target

    def remove_connection(self, connection: Connection) -> None:
        """Forget a connection that has ended."""
        self._connections.pop(connection.connection_id, None)

    def target_of(self, context: dict[str, Any]) -> _Target | None:
        """What an event with this request context concerns; `None` if no faults apply to it."""
        route = _http_route(context)
        if route is None:
            return self._connections.get(context.get("connectionId", ""))
        name = self._api_names.get(context["apiId"])
        if name is None:
            return None
        key = (name, route)
        target = self._http_routes.setdefault(key, _Target("http", key))
        target.requests += 1
        return target

    def applies(self, fault: Fault, target: _Target, route: str, event: Key) -> bool:
        """Whether the fault applies to an event of the target; if so it becomes a record."""
        if not self._faults.applies(fault, *target.key, event):
            return False
        record = ApiRecord(
            at=self._clock.now(),
            api=target.api,
            route_key=route,
            outcome=f"chaos: {fault}",
            connection_id=target.connection_id,
        )
        self._observe(record)
        return True

    def delay(self, target: _Target, event: Key) -> float:
        """By how many seconds a slow event is late."""
        return self._faults.delay(*target.key, event)


class FaultInjectingInvoker:
    """An `Invoker` whose events come late or end an execution environment.

    `kill` ends an environment of a function that is free, if there is one.
    """

    def __init__(
        self,
        invoker: Invoker,
        injector: FaultInjector,
        *,
        clock: ClockAndIds,
        kill: Callable[[str], None],
    ) -> None:
        self._invoker = invoker
        self._injector = injector
        self._clock = clock
        self._kill = kill

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        event = json.loads(payload)
        context = event["requestContext"]
        target = self._injector.target_of(context)
        if target is None:
            return await self._invoker.invoke(
                function, payload, trace_id=trace_id, request_id=request_id
            )
        route, key = _route_and_key(event, context, target)
        is_slow = self._injector.applies(Fault.SLOW, target, route, key)
        crashes = self._injector.applies(Fault.CRASH, target, route, key)
        if is_slow:
            await asyncio.sleep(self._injector.delay(target, key))
        if not crashes:
            return await self._invoker.invoke(
                function, payload, trace_id=trace_id, request_id=request_id
            )
        self._kill(function)
        request_id = request_id or self._clock.new_id()
        message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
        result = Failed("Runtime.ExitError", message)
        return Invocation(result=result, request_id=request_id, cold=False, duration=0.0)


def _http_route(context: dict[str, Any]) -> str | None:
    """The route of a request to an HTTP or REST API."""
    if "httpMethod" in context:
        return f"{context['httpMethod']} {context['resourcePath']}"
    return str(context["routeKey"]) if "http" in context else None


def _route_and_key(
    event: dict[str, Any], context: dict[str, Any], target: _Target
) -> tuple[str, Key]:
    """The route that the record shows, and the last part of the faults' key."""
    if target.connection_id is None:
        line = context.get("http") or {**context, "method": context.get("httpMethod")}
        return f"{line['method']} {line['path']}", target.requests
    route = Purpose.AUTHORIZE if "methodArn" in event else context["routeKey"]
    is_message = context["eventType"] == "MESSAGE"
    key = f"message {target.messages}" if is_message else str(route)
    again, target.last_event = key == target.last_event, key
    return str(route), f"{key} again" if again else key


class FaultInjectingSession(Session):
    """A session that vanishes, refuses posts, and delivers events and posts twice or never."""

    def __init__(
        self,
        connection: Connection,
        *,
        invocations: Invocations,
        integrations: Integrations,
        clock: ClockAndIds,
        observe: Observe,
        injector: FaultInjector,
    ) -> None:
        super().__init__(
            connection,
            invocations=invocations,
            integrations=integrations,
            clock=clock,
            observe=observe,
        )
        self._injector = injector
        self._target = injector.add_connection(connection)
        self.finished.add_done_callback(lambda _: injector.remove_connection(connection))

    def post(self, data: bytes, at: int) -> Response:
        if not self.connection.is_open:
            return super().post(data, at)
        self._target.posts += 1
        number = self._target.posts
        if self._applies(Fault.GONE, _POST, number):
            return management.GONE
        if self._applies(Fault.LIMIT, _POST, number):
            return management.LIMIT_EXCEEDED
        response = super().post(data, at)
        if response is management.OK and self._applies(Fault.DUPLICATE, _POST, number):
            super().post(data, at)
        return response

    def _take(self, message: Message) -> None:
        is_text = isinstance(message, Text)
        self._target.messages += is_text
        super()._take(message)
        if is_text and self._applies(Fault.DROP, "message", self._target.messages):
            self._vanish()

    def _invoke(self, invoke: Invoke | CallIntegration) -> None:
        route = invoke.route_key
        is_message = invoke.purpose is Purpose.MESSAGE
        event = f"message {self._target.messages}" if is_message else str(invoke.purpose)
        is_end = invoke.purpose is Purpose.DISCONNECT
        if is_end and self._applies(Fault.LOST_DISCONNECT, route, event):
            return
        super()._invoke(invoke)
        if self._applies(Fault.DUPLICATE, route, event):
            super()._invoke(invoke)

    def _applies(self, fault: Fault, route: str, event: Key) -> bool:
        return self._injector.applies(fault, self._target, route, event)
