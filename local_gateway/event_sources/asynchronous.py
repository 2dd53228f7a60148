"""Asynchronous invocations: accepted at once, repeated when the function fails.

Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
invocation" (invocation-async-error-handling).
"""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from local_gateway.core.invocation import (
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    outcome_of,
)
from local_gateway.core.model import AsynchronousInvocation
from local_gateway.errors import GatewayError
from local_gateway.event_sources.clock import Clock
from local_gateway.event_sources.queues import QUEUE_ERRORS, Queue
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import Invoker

_RETRY_PAUSES_MS = (60_000, 120_000)
_FIRST_BACKOFF_MS, _LONGEST_BACKOFF_MS = 1_000, 300_000
_DEFAULT = AsynchronousInvocation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The origin of an invocation in the records: an API, and a rule or schedule."""

    api: str
    name: str


class AsynchronousInvoker:
    """Invokes functions in the background, by Lambda's rules for retries."""

    def __init__(
        self,
        invoker: Invoker,
        *,
        clock: Clock,
        reporter: Reporter,
        queue: Callable[[str], Queue],
    ) -> None:
        self._invoker = invoker
        self._clock = clock
        self._reporter = reporter
        self._queue = queue
        self._tasks: set[asyncio.Task[None]] = set()
        self.settings: Mapping[str, AsynchronousInvocation] = {}

    def begin(self, function: str, payload: str, trigger: Trigger) -> None:
        """Accept an event for a function."""
        task = asyncio.create_task(self._run(function, payload, trigger))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def idle(self) -> None:
        """Wait until nothing is under way."""
        while self._tasks:
            await asyncio.wait(self._tasks)

    async def close(self) -> None:
        """Drop what is under way or waits for its next attempt."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _run(self, function: str, payload: str, trigger: Trigger) -> None:
        settings = self.settings.get(function, _DEFAULT)
        accepted = self._clock.now()
        failures, backoff = 0, _FIRST_BACKOFF_MS
        while True:
            try:
                invocation = await self._invoker.invoke(function, payload.encode())
            except GatewayError as error:
                self._reporter.problem(trigger.api, trigger.name, error)
                return
            if isinstance(invocation.result, Throttled):
                pause, backoff = backoff, min(backoff * 2, _LONGEST_BACKOFF_MS)
            else:
                pause = _RETRY_PAUSES_MS[min(failures, 1)]
                failures += 1
            again = self._clock.now() + pause
            is_over = isinstance(invocation.result, Succeeded) or (
                failures > settings.maximum_retries
                or again > accepted + settings.maximum_age * 1000
            )
            self._report(function, trigger, invocation, None if is_over else pause)
            if is_over:
                await self._send_to_dead_letter_queue(settings, payload, invocation)
                return
            await self._clock.sleep_until(again)

    def _report(
        self, function: str, trigger: Trigger, invocation: Invocation, pause: int | None
    ) -> None:
        outcome, detail = outcome_of(invocation.result)
        if pause is not None:
            detail = f"{detail}; again in {pause // 1000} s"
        self._reporter.invocation(trigger.api, trigger.name, function, invocation, outcome, detail)

    async def _send_to_dead_letter_queue(
        self, settings: AsynchronousInvocation, payload: str, invocation: Invocation
    ) -> None:
        """Send what failed to the dead-letter queue (invocation-async-retain-records)."""
        url = settings.dead_letter_queue_url
        if url is None or isinstance(invocation.result, Succeeded):
            return
        attributes = {
            name: {"DataType": kind, "StringValue": value}
            for name, kind, value in (
                ("RequestID", "String", invocation.request_id),
                ("ErrorCode", "Number", "429" if _is_throttled(invocation.result) else "200"),
                ("ErrorMessage", "String", outcome_of(invocation.result)[1] or "failed"),
            )
        }
        try:
            await self._queue(url).send(payload, attributes=attributes)
        except QUEUE_ERRORS as error:
            self._reporter.problem("sqs", url.rpartition("/")[2], error)


def _is_throttled(result: InvocationResult) -> bool:
    return isinstance(result, Throttled)
