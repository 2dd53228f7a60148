"""Invoking functions for connections: integration timeouts, records, background work."""

import asyncio
import json
from collections.abc import Callable, Mapping
from typing import Any

from local_gateway.core.invocation import Invocation, InvocationResult, Succeeded, TimedOut
from local_gateway.core.websocket.actions import Invoke, Purpose
from local_gateway.records import ApiRecord, Observe, outcome_of
from local_gateway.server.faults import Mishap
from local_gateway.server.interfaces import Crasher, Invoker, Sources

# `json.dumps` would make an encoder for each event.
_to_json = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode

type Answered = Callable[[Invoke, InvocationResult], None]


class Invocations:
    """Calls functions; one that outlives its integration timeout runs on.

    `crasher` is needed where mishaps happen.
    """

    def __init__(
        self,
        invoker: Invoker,
        *,
        sources: Sources,
        observe: Observe,
        crasher: Crasher | None = None,
    ) -> None:
        self._invoker = invoker
        self._crasher = crasher
        self._sources = sources
        self._observe = observe
        self._loop = asyncio.get_running_loop()
        self._tasks: set[asyncio.Task[Invocation]] = set()

    async def call(
        self,
        function: str,
        event: Mapping[str, Any],
        seconds: float,
        mishap: Mishap | None = None,
    ) -> Invocation | None:
        """One invocation, or `None` once `seconds` have passed."""
        task = self._start(function, event, mishap)
        done, _ = await asyncio.wait({task}, timeout=seconds)
        return task.result() if done else None

    async def run(
        self, invoke: Invoke, connection_id: str, mishap: Mishap | None = None
    ) -> InvocationResult:
        """The result of an action, `TimedOut` once its integration timeout has passed."""
        invocation = await self.call(invoke.function, invoke.event, invoke.timeout, mishap)
        return self._ended(invoke, connection_id, invocation)

    def begin(
        self, invoke: Invoke, connection_id: str, answered: Answered, mishap: Mishap | None = None
    ) -> None:
        """Run in the background and hand the result to `answered`, like `run`."""

        def end(task: asyncio.Task[Invocation] | None = None) -> None:
            timer.cancel()
            if task is None:  # too late: the function runs on, and nobody is told
                begun.remove_done_callback(end)
            elif task.cancelled():
                return
            invocation = task.result() if task is not None else None
            answered(invoke, self._ended(invoke, connection_id, invocation))

        timer = self._loop.call_later(invoke.timeout, end)
        begun = self._start(invoke.function, invoke.event, mishap)
        begun.add_done_callback(end)

    async def close(self) -> None:
        """Cancel what is still under way."""
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)

    async def _suffer(self, mishap: Mishap, function: str, payload: bytes) -> Invocation:
        await asyncio.sleep(mishap.delay)
        if mishap.crash and self._crasher is not None:
            return await self._crasher.crash(function, payload)
        return await self._invoker.invoke(function, payload)

    def _start(
        self, function: str, event: Mapping[str, Any], mishap: Mishap | None
    ) -> asyncio.Task[Invocation]:
        """Invoke at once, not in the loop's next turn."""
        payload = _to_json(event).encode()
        work = (
            self._invoker.invoke(function, payload)
            if mishap is None
            else self._suffer(mishap, function, payload)
        )
        task = asyncio.Task(work, loop=self._loop, eager_start=True)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
        return task

    def _ended(
        self, invoke: Invoke, connection_id: str, invocation: Invocation | None
    ) -> InvocationResult:
        result = invocation.result if invocation is not None else TimedOut(invoke.timeout)
        self._record(invoke, connection_id, result, invocation)
        return result

    def _record(
        self,
        invoke: Invoke,
        connection_id: str,
        result: InvocationResult,
        invocation: Invocation | None,
    ) -> None:
        outcome, detail = outcome_of(result)
        record = ApiRecord.from_invocation(
            invocation,
            at=self._sources.now(),
            api="websocket",
            route_key="authorizer" if invoke.purpose is Purpose.AUTHORIZE else invoke.route_key,
            outcome=outcome,
            connection_id=connection_id,
            function=invoke.function,
            detail=detail,
            problem=not isinstance(result, Succeeded),
        )
        self._observe(record)
