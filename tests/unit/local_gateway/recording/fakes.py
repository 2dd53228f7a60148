"""Functions without processes, and a clock that stands still."""

import json
from collections.abc import Callable
from typing import Any

from local_gateway.core.invocation import Invocation, InvocationResult, Succeeded
from local_gateway.server.interfaces import ClockAndIds

AT = 1_700_000_000_042
TIME = "2023-11-14T22:13:20.042Z"
CONNECTION = "L0SM9cOFvHcCIhw="
OTHER = "M0SM9cOFvHcCIhw="


class StoppedClock(ClockAndIds):
    """It is always `AT`."""

    def now(self) -> int:
        """Epoch milliseconds."""
        return AT


type Handler = Callable[[Any], InvocationResult]


class FakeInvoker:
    """Calls Python functions by logical id; keeps what it was asked to invoke."""

    def __init__(self, **handlers: Handler) -> None:
        self._handlers = handlers
        self.invoked: list[tuple[str, Any]] = []

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Call it with the event."""
        event = json.loads(payload)
        self.invoked.append((function, event))
        result = self._handlers[function](event)
        return Invocation(result=result, request_id="r", cold=False, duration=0.5)


def returning(value: Any) -> Handler:
    """A handler that always returns the same."""
    return lambda _: Succeeded(json.dumps(value).encode())


def message_event(body: str, route_key: str = "$default") -> dict[str, Any]:
    """As much of a message's event as matters here."""
    context = {"routeKey": route_key, "eventType": "MESSAGE", "connectionId": CONNECTION}
    return {"requestContext": context, "body": body}


class Told:
    """What a person was warned of."""

    def __init__(self) -> None:
        self.warnings: list[str] = []

    def __call__(self, text: str) -> None:
        self.warnings.append(text)
