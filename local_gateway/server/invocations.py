"""Invoking functions for clients: integration timeouts, records, background work."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from local_gateway.core.invocation import Invocation, InvocationResult, Succeeded, TimedOut
from local_gateway.core.websocket.actions import Invoke, Purpose
from local_gateway.records import ApiRecord, Observe, outcome_of
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
        record = ApiRecord.from_invocation(
            invocation,
            at=at,
            api="websocket",
            route_key="authorizer" if invoke.purpose is Purpose.AUTHORIZE else invoke.route_key,
            outcome=outcome,
            connection_id=connection_id,
            function=invoke.function,
            detail=detail,
            problem=not isinstance(result, Succeeded),
        )
        self._observe(record)
        return result
