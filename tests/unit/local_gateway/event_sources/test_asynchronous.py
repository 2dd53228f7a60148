"""Asynchronous invocations: retries, their pauses, age, dead letters."""

from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled
from local_gateway.core.model import AsynchronousInvocation
from local_gateway.event_sources.asynchronous import AsynchronousInvoker, Trigger
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import ClockAndIds
from tests.support.clock import START, VirtualClock
from tests.unit.local_gateway.event_sources.fakes import FakeInvoker, FakeObserver, FakeQueue

FAILED = Failed("ValueError", "no")
DONE = Succeeded(b"null")
OCCASION = Trigger(api="events", name="rule")


@dataclass
class Workbench:
    invoker: FakeInvoker
    observer: FakeObserver
    clock: VirtualClock
    queue: FakeQueue
    asynchronous: AsynchronousInvoker

    async def seconds_until_next_attempt(self) -> float:
        """Go there."""
        return (await self.clock.advance() - START).total_seconds()


@asynccontextmanager
async def workbench(
    results: Sequence[InvocationResult],
    settings: AsynchronousInvocation | None = None,
    start: datetime = START,
) -> AsyncIterator[Workbench]:
    invoker, observer, clock = FakeInvoker(results=results), FakeObserver(), VirtualClock(start)
    queue = FakeQueue()
    asynchronous = AsynchronousInvoker(
        invoker,
        clock=clock,
        reporter=Reporter(observer.observe, ClockAndIds()),
        queue=lambda url: queue,
    )
    asynchronous.settings = {} if settings is None else {"F": settings}
    yield Workbench(invoker, observer, clock, queue, asynchronous)
    await asynchronous.close()


async def test_success_is_not_repeated() -> None:
    async with workbench([DONE]) as bench:
        bench.asynchronous.begin("F", '{"a":1}', OCCASION)
        [record] = await bench.observer.wait_for(1)
        assert (record.api, record.route_key, record.outcome) == ("events", "rule", "ok")
        assert bench.invoker.payloads == [b'{"a":1}']


async def test_failure_is_tried_again_after_one_minute_and_after_two_more() -> None:
    async with workbench([FAILED]) as bench:
        bench.asynchronous.begin("F", "{}", OCCASION)
        assert await bench.seconds_until_next_attempt() == 60
        assert await bench.seconds_until_next_attempt() == 180
        records = await bench.observer.wait_for(3)
        assert [record.detail for record in records] == [
            "ValueError: no; again in 60 s",
            "ValueError: no; again in 120 s",
            "ValueError: no",
        ]
        assert len(bench.invoker.payloads) == 3


async def test_no_retries_when_the_template_says_so() -> None:
    settings = AsynchronousInvocation(maximum_retries=0, dead_letter_queue_url="http://dead")
    async with workbench([FAILED], settings) as bench:
        bench.asynchronous.begin("F", '{"a":1}', OCCASION)
        await bench.observer.wait_for(1)
        await bench.asynchronous.idle()
        [(body, _, attributes)] = bench.queue.sent
        assert body == '{"a":1}'
        assert attributes is not None
        assert attributes["ErrorMessage"] == {"DataType": "String", "StringValue": "ValueError: no"}
        assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}


async def test_throttled_invocations_wait_longer_and_longer() -> None:
    async with workbench([Throttled(), Throttled(), Throttled(), DONE]) as bench:
        bench.asynchronous.begin("F", "{}", OCCASION)
        moments = [await bench.seconds_until_next_attempt() for _ in range(3)]
        assert moments == [1, 3, 7]
        records = await bench.observer.wait_for(4)
        assert records[-1].outcome == "ok"


async def test_event_that_is_too_old_is_given_up() -> None:
    settings = AsynchronousInvocation(maximum_age=100)
    async with workbench([FAILED], settings) as bench:
        bench.asynchronous.begin("F", "{}", OCCASION)
        assert await bench.seconds_until_next_attempt() == 60
        records = await bench.observer.wait_for(2)
        assert records[-1].detail == "ValueError: no"
        await bench.asynchronous.idle()
        assert len(bench.invoker.payloads) == 2
