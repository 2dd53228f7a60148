"""Invoking functions for clients: integration timeouts, records, background work."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from local_gateway.core.invocation import (
    Invocation,
    InvocationResult,
    Succeeded,
    TimedOut,
    outcome_of,
)
from local_gateway.core.websocket.actions import Invoke, Purpose
from local_gateway.core.websocket.authorizer import Refused, decide
from local_gateway.core.websocket.integration_response import malformed_reason, proxy_response
from local_gateway.records import ApiRecord, Observe
from local_gateway.server.interfaces import ClockAndIds, Invoker

# `json.dumps` would make an encoder for each event.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

# Takes the result of an invocation and when it came, in epoch milliseconds.
type Answered = Callable[[Invoke, InvocationResult, int], None]


class Invocations:
    """Calls functions; one that outlives its integration timeout runs on."""

    def __init__(self, invoker: Invoker, *, clock: ClockAndIds, observe: Observe) -> None:
        self._invoker = invoker
        self._clock = clock
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Invocation]] = set()

    async def call(
        self, function: str, event: Mapping[str, Any], seconds: float
    ) -> Invocation | None:
        """One invocation, or `None` once `seconds` have passed."""
        task = self._start(function, event)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return task.result() if done else None

    async def run(self, invoke: Invoke, connection_id: str) -> InvocationResult:
        """The result of an action, `TimedOut` once its integration timeout has passed."""
        answer: asyncio.Future[InvocationResult] = self._loop.create_future()

        def end(_: Invoke, result: InvocationResult, at: int) -> None:
            if not answer.done():
                answer.set_result(result)

        self.begin(invoke, connection_id, end)
        return await answer

    def begin(self, invoke: Invoke, connection_id: str, answered: Answered) -> None:
        """Run in the background and hand the result to `answered`, like `run`."""

        def end(task: asyncio.Task[Invocation] | None = None) -> None:
            timer.cancel()
            if task is None:  # too late: the function runs on, its result is dropped
                begun.remove_done_callback(end)
            elif task.cancelled():
                return
            invocation = task.result() if task is not None else None
            at = self._clock.now()
            answered(invoke, self._ended(invoke, connection_id, invocation, at), at)

        timer = self._loop.call_later(invoke.timeout, end)
        begun = self._start(invoke.function, invoke.event)
        begun.add_done_callback(end)

    async def close(self) -> None:
        """Cancel what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    def _start(self, function: str, event: Mapping[str, Any]) -> asyncio.Task[Invocation]:
        """Invoke at once, not in the loop's next turn."""
        work = self._invoker.invoke(function, _to_json(event).encode())
        task = asyncio.Task(work, loop=self._loop, eager_start=True)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _ended(
        self, invoke: Invoke, connection_id: str, invocation: Invocation | None, at: int
    ) -> InvocationResult:
        result = invocation.result if invocation is not None else TimedOut(invoke.timeout)
        outcome, detail = outcome_of(result)
        problem = _problem(invoke, result) if isinstance(result, Succeeded) else detail
        if problem is not None and isinstance(result, Succeeded):
            outcome, detail = "error", problem
        record = ApiRecord.from_invocation(
            invocation,
            at=at,
            api="websocket",
            route_key="authorizer" if invoke.purpose is Purpose.AUTHORIZE else invoke.route_key,
            outcome=outcome,
            connection_id=connection_id,
            function=invoke.function,
            detail=detail,
            problem=problem is not None,
        )
        self._observe(record)
        return result


def _problem(invoke: Invoke, result: Succeeded) -> str | None:
    """Why what a function returned is a failure all the same; `None` if it is not."""
    match invoke.purpose:
        case Purpose.AUTHORIZE:
            decision = decide(result, invoke.event["methodArn"])
            is_malformed = isinstance(decision, Refused) and decision.status == 500
            return decision.cause if isinstance(decision, Refused) and is_malformed else None
        case Purpose.DISCONNECT:
            return None  # the answer has no effect
    response = proxy_response(result)
    if response is None:
        return malformed_reason(result)
    return f"the function answered {response.status}" if response.status >= 500 else None
