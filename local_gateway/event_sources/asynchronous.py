"""Asynchronous invocations: accepted at once, repeated when the function fails.

Source: Lambda developer guide, "How Lambda handles errors and retries with asynchronous
invocation" (invocation-async-error-handling).
"""

import asyncio
import json
import uuid
from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.core.event_sources.destinations import (
    EVENT_AGE_EXCEEDED,
    RETRIES_EXHAUSTED,
    SUCCESS,
    asynchronous_record,
)
from local_gateway.core.event_sources.model import Destination
from local_gateway.core.http import trace_header
from local_gateway.core.invocation import Failed, Invocation, Succeeded, Throttled, outcome_of
from local_gateway.core.lambda_api.lineage import (
    function_key,
    with_invocation,
)
from local_gateway.core.model import Application, AsynchronousInvocation, LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.event_sources.clock import Clock
from local_gateway.event_sources.destinations import DestinationSender
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import Invoker

_RETRY_PAUSES_MS = (60_000, 120_000)
_FIRST_BACKOFF_MS, _LONGEST_BACKOFF_MS = 1_000, 300_000
_DEFAULT = AsynchronousInvocation()


@dataclass(frozen=True, slots=True, kw_only=True)
class Trigger:
    """The origin of an invocation in the records: an API, and a rule, schedule or caller."""

    api: str
    name: str


@dataclass(frozen=True, slots=True, kw_only=True)
class _Event:
    """An event that was accepted at `at`, in epoch milliseconds."""

    function: str
    payload: str
    trigger: Trigger
    request_id: str
    trace_id: str | None
    at: int


class AsynchronousInvoker:
    """Invokes functions in the background, by Lambda's rules for retries."""

    def __init__(
        self,
        invoker: Invoker,
        *,
        clock: Clock,
        reporter: Reporter,
        sender: DestinationSender,
        loops: RecursiveLoops,
    ) -> None:
        self._invoker = invoker
        self._clock = clock
        self._reporter = reporter
        self._sender = sender
        self._loops = loops
        self._tasks: set[asyncio.Task[None]] = set()
        self._settings: Mapping[str, AsynchronousInvocation] = {}
        self._functions: Mapping[str, LambdaFunction] = {}

    def serve(self, application: Application) -> None:
        """From now on, these are the functions and their settings."""
        self._settings = application.asynchronous
        self._functions = application.functions

    def begin(
        self,
        function: str,
        payload: str,
        trigger: Trigger,
        *,
        request_id: str | None = None,
        trace_id: str | None = None,
    ) -> None:
        """Accept an event for a function; `trace_id` continues the chain that led to it."""
        event = _Event(
            function=function,
            payload=payload,
            trigger=trigger,
            request_id=request_id or str(uuid.uuid4()),
            trace_id=trace_id,
            at=self._clock.now(),
        )
        task = asyncio.create_task(self._run(event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    def accept(
        self,
        function: str,
        payload: bytes,
        *,
        api: str,
        name: str,
        request_id: str,
        trace_id: str | None,
    ) -> None:
        """Accept an event from the Lambda API."""
        trigger = Trigger(api=api, name=name)
        self.begin(function, payload.decode(), trigger, request_id=request_id, trace_id=trace_id)

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

    async def _run(self, event: _Event) -> None:
        settings = self._settings.get(event.function, _DEFAULT)
        trigger = event.trigger
        if self._loops.stop(event.function, event.trace_id, trigger.api, trigger.name):
            loop = Failed("RecursiveInvocationException", "the function is in a recursive loop")
            stopped = Invocation(result=loop, request_id=event.request_id, cold=False, duration=0.0)
            await self._end(event, settings, stopped, 0)
            return
        failures, attempts, backoff = 0, 0, _FIRST_BACKOFF_MS
        while True:
            try:
                invocation = await self._invoker.invoke(
                    event.function,
                    event.payload.encode(),
                    trace_id=event.trace_id,
                    request_id=event.request_id,
                )
            except GatewayError as error:
                self._reporter.problem(event.trigger.api, event.trigger.name, error)
                return
            attempts += 1
            if isinstance(invocation.result, Throttled):
                pause, backoff = backoff, min(backoff * 2, _LONGEST_BACKOFF_MS)
            else:
                pause = _RETRY_PAUSES_MS[min(failures, 1)]
                failures += 1
            again = self._clock.now() + pause
            is_over = isinstance(invocation.result, Succeeded) or (
                failures > settings.maximum_retries
                or again > event.at + settings.maximum_age * 1000
            )
            self._report(event, invocation, None if is_over else pause)
            if is_over:
                is_too_old = failures <= settings.maximum_retries
                await self._end(event, settings, invocation, attempts, is_too_old=is_too_old)
                return
            await self._clock.sleep_until(again)

    def _report(self, event: _Event, invocation: Invocation, pause: int | None) -> None:
        outcome, detail = outcome_of(invocation.result)
        if pause is not None:
            detail = f"{detail}; again in {pause // 1000} s"
        trigger = event.trigger
        self._reporter.invocation(
            trigger.api, trigger.name, event.function, invocation, outcome, detail
        )

    async def _end(
        self,
        event: _Event,
        settings: AsynchronousInvocation,
        invocation: Invocation,
        attempts: int,
        *,
        is_too_old: bool = False,
    ) -> None:
        """Send the event or its record to where the function's settings say."""
        is_success = isinstance(invocation.result, Succeeded)
        if not is_success and settings.dead_letters is not None:
            await self._send_dead_letter(settings.dead_letters, event, invocation)
        destination = settings.on_success if is_success else settings.on_failure
        if destination is None or event.function not in self._functions:
            return
        failure = EVENT_AGE_EXCEEDED if is_too_old else RETRIES_EXHAUSTED
        record = asynchronous_record(
            invocation,
            at=self._clock.now(),
            function_arn=self._functions[event.function].arn,
            payload=event.payload,
            condition=SUCCESS if is_success else failure,
            attempts=attempts,
        )
        if destination.function is not None:
            trigger = Trigger(api="destination", name=f"of {event.function}")
            trace_id = event.trace_id or trace_header(event.at, event.request_id)
            self.begin(
                destination.function,
                json.dumps(record),
                trigger,
                trace_id=with_invocation(
                    trace_id, function_key(self._functions[event.function].arn)
                ),
            )
        else:
            await self._sender.send_record(destination, record, is_success=is_success)

    async def _send_dead_letter(
        self, dead_letters: Destination, event: _Event, invocation: Invocation
    ) -> None:
        """Send what failed to the dead-letter queue (invocation-async-retain-records)."""
        code = "429" if isinstance(invocation.result, Throttled) else "200"
        attributes = {
            name: {"DataType": kind, "StringValue": value}
            for name, kind, value in (
                ("RequestID", "String", invocation.request_id),
                ("ErrorCode", "Number", code),
                ("ErrorMessage", "String", outcome_of(invocation.result)[1] or "failed"),
            )
        }
        await self._sender.send(dead_letters, event.payload, attributes)
