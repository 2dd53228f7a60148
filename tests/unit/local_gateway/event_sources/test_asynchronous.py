"""Asynchronous invocations: retries, their pauses, age, dead letters, destinations, loops."""

import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from local_gateway.core.event_sources.model import Destination
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled
from local_gateway.core.lambda_api.lineage import LIMIT, function_key, invocations_in
from local_gateway.core.model import AsynchronousInvocation
from local_gateway.event_sources.asynchronous import AsynchronousInvoker, Trigger
from local_gateway.event_sources.destinations import DestinationSender
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import ClockAndIds
from tests.support.applications import application
from tests.support.clock import START, VirtualClock
from tests.unit.local_gateway.event_sources.fakes import FakeInvoker, FakeObserver, FakeQueue

FAILED = Failed("ValueError", "no")
DONE = Succeeded(b'"done"')
OCCASION = Trigger(api="events", name="rule")
FUNCTION, OTHER = "Message", "Http"
QUEUE = Destination(arn="arn:aws:sqs:eu-central-1:123456789012:dead", queue_url="http://dead")
ARN = application().functions[FUNCTION].arn


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

    async def record(self) -> dict[str, Any]:
        """The only record that was sent to the queue."""
        await self.asynchronous.idle()
        [(body, _, _)] = self.queue.sent
        record: dict[str, Any] = json.loads(body)
        return record


@asynccontextmanager
async def workbench(
    results: Sequence[InvocationResult],
    settings: AsynchronousInvocation | None = None,
    start: datetime = START,
) -> AsyncIterator[Workbench]:
    invoker, observer, clock = FakeInvoker(results=results), FakeObserver(), VirtualClock(start)
    queue = FakeQueue()
    reporter = Reporter(observer.observe, ClockAndIds())
    loops = RecursiveLoops(reporter)
    asynchronous = AsynchronousInvoker(
        invoker,
        clock=clock,
        reporter=reporter,
        sender=DestinationSender(queue=lambda _: queue, client=lambda _: None, reporter=reporter),
        loops=loops,
    )
    loops.functions = application().functions
    configured = {} if settings is None else {FUNCTION: settings}
    asynchronous.serve(replace(application(), asynchronous=configured))
    yield Workbench(invoker, observer, clock, queue, asynchronous)
    await asynchronous.close()


async def test_success_is_not_repeated() -> None:
    async with workbench([DONE]) as bench:
        bench.asynchronous.begin(FUNCTION, '{"a":1}', OCCASION)
        [record] = await bench.observer.wait_for(1)
        assert (record.api, record.route_key, record.outcome) == ("events", "rule", "ok")
        assert bench.invoker.payloads == [b'{"a":1}']


async def test_failure_is_tried_again_after_one_minute_and_after_two_more() -> None:
    async with workbench([FAILED]) as bench:
        bench.asynchronous.begin(FUNCTION, "{}", OCCASION)
        assert await bench.seconds_until_next_attempt() == 60
        assert await bench.seconds_until_next_attempt() == 180
        records = await bench.observer.wait_for(3)
        assert [record.detail for record in records] == [
            "ValueError: no; again in 60 s",
            "ValueError: no; again in 120 s",
            "ValueError: no",
        ]
        assert len(bench.invoker.payloads) == 3


async def test_every_attempt_has_the_request_id_of_the_event() -> None:
    async with workbench([FAILED]) as bench:
        bench.asynchronous.accept(
            FUNCTION, b"{}", api="invoke", name="by F", request_id="id", trace_id=None
        )
        await bench.seconds_until_next_attempt()
        await bench.seconds_until_next_attempt()
        await bench.asynchronous.idle()
        assert bench.invoker.request_ids == ["id", "id", "id"]


async def test_no_retries_when_the_template_says_so() -> None:
    settings = AsynchronousInvocation(maximum_retries=0, dead_letters=QUEUE)
    async with workbench([FAILED], settings) as bench:
        bench.asynchronous.begin(FUNCTION, '{"a":1}', OCCASION)
        await bench.observer.wait_for(1)
        await bench.asynchronous.idle()
        [(body, _, attributes)] = bench.queue.sent
        assert body == '{"a":1}'
        assert attributes is not None
        assert attributes["ErrorMessage"] == {"DataType": "String", "StringValue": "ValueError: no"}
        assert attributes["ErrorCode"] == {"DataType": "Number", "StringValue": "200"}


async def test_throttled_invocations_wait_longer_and_longer() -> None:
    async with workbench([Throttled(), Throttled(), Throttled(), DONE]) as bench:
        bench.asynchronous.begin(FUNCTION, "{}", OCCASION)
        moments = [await bench.seconds_until_next_attempt() for _ in range(3)]
        assert moments == [1, 3, 7]
        records = await bench.observer.wait_for(4)
        assert records[-1].outcome == "ok"


async def test_event_that_is_too_old_is_given_up() -> None:
    settings = AsynchronousInvocation(maximum_age=100, on_failure=QUEUE)
    async with workbench([FAILED], settings) as bench:
        bench.asynchronous.begin(FUNCTION, "{}", OCCASION)
        assert await bench.seconds_until_next_attempt() == 60
        records = await bench.observer.wait_for(2)
        assert records[-1].detail == "ValueError: no"
        assert (await bench.record())["requestContext"]["condition"] == "EventAgeExceeded"
        assert len(bench.invoker.payloads) == 2


async def test_destination_gets_a_record_of_a_success() -> None:
    async with workbench([DONE], AsynchronousInvocation(on_success=QUEUE)) as bench:
        bench.asynchronous.begin(FUNCTION, '{"a":1}', OCCASION)
        record = await bench.record()
        del record["timestamp"]
        assert record == {
            "version": "1.0",
            "requestContext": {
                "requestId": "request",
                "functionArn": f"{ARN}:$LATEST",
                "condition": "Success",
                "approximateInvokeCount": 1,
            },
            "requestPayload": {"a": 1},
            "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
            "responsePayload": "done",
        }


async def test_destination_gets_a_record_of_a_failure_after_the_retries() -> None:
    settings = AsynchronousInvocation(maximum_retries=1, on_failure=QUEUE)
    async with workbench([FAILED], settings) as bench:
        bench.asynchronous.begin(FUNCTION, "{}", OCCASION)
        await bench.seconds_until_next_attempt()
        record = await bench.record()
        assert record["requestContext"]["condition"] == "RetriesExhausted"
        assert record["requestContext"]["approximateInvokeCount"] == 2
        assert record["responseContext"]["functionError"] == "Unhandled"
        assert record["responsePayload"] == {"errorType": "ValueError", "errorMessage": "no"}


async def test_destination_that_is_a_function_is_invoked_with_the_record() -> None:
    destination = Destination(arn=application().functions[OTHER].arn, function=OTHER)
    async with workbench([DONE], AsynchronousInvocation(on_success=destination)) as bench:
        bench.asynchronous.begin(FUNCTION, "{}", OCCASION)
        records = await bench.observer.wait_for(2)
        assert (records[1].route_key, records[1].function) == (f"of {FUNCTION}", OTHER)
        assert json.loads(bench.invoker.payloads[1])["responsePayload"] == "done"
        assert invocations_in(bench.invoker.trace_ids[1], function_key(ARN)) == 1


async def test_recursive_loop_is_stopped_and_the_event_is_kept() -> None:
    chain = f"Root=1-0-0;Lineage={function_key(ARN)}:{LIMIT}"
    async with workbench([DONE], AsynchronousInvocation(dead_letters=QUEUE)) as bench:
        bench.asynchronous.begin(FUNCTION, '{"a":1}', OCCASION, trace_id=chain)
        [record] = await bench.observer.wait_for(1)
        assert str(record.detail).startswith(f"recursive loop: {FUNCTION} was invoked 16 times")
        await bench.asynchronous.idle()
        assert bench.invoker.payloads == []
        assert [body for body, _, _ in bench.queue.sent] == ['{"a":1}']
