"""Batches of a stream: size, order, filters, retries, halves, age, partial responses."""

import asyncio
import json
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from botocore.exceptions import EndpointConnectionError

from local_gateway.core.event_sources.model import Destination, StreamMapping
from local_gateway.core.event_sources.streams import StreamRecord
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled
from local_gateway.event_sources.destinations import DestinationSender
from local_gateway.event_sources.reporter import Reporter
from local_gateway.event_sources.stream_poller import StreamPoller, StreamServices
from local_gateway.event_sources.streams import Records
from local_gateway.server.interfaces import ClockAndIds
from tests.support.clock import START, VirtualClock
from tests.unit.local_gateway.event_sources.fakes import FakeInvoker, FakeObserver, FakeQueue

ARN = "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/1"
DONE, FAILED = Succeeded(b"null"), Failed("ValueError", "no")
QUEUE = Destination(arn="arn:aws:sqs:eu-central-1:123456789012:lost", queue_url="http://lost")
# In different partitions of two.
FIRST_KEY, SECOND_KEY = "a", "d"
NOW = int(START.timestamp() * 1000)


class FakeStream:
    """A stream of one shard in memory."""

    def __init__(self, failures: int = 0) -> None:
        self.failures = failures
        self._waiting: asyncio.Queue[Sequence[StreamRecord]] = asyncio.Queue()

    def put(self, *numbers: int, key: str = "k", at: int = NOW) -> None:
        """Have records that come in one reading."""
        self._waiting.put_nowait(
            [
                StreamRecord(
                    sequence_number=str(number), key=key, at=at, content={"number": number}
                )
                for number in numbers
            ]
        )

    async def shards(self) -> Sequence[str]:
        return ["shard"]

    async def start(self, shard_id: str) -> str:
        return "start"

    async def read(self, shard_id: str, iterator: str) -> Records:
        if self.failures:
            self.failures -= 1
            raise EndpointConnectionError(endpoint_url="http://stream")
        return Records(await self._waiting.get(), "next")


@dataclass
class Workbench:
    stream: FakeStream
    invoker: FakeInvoker
    observer: FakeObserver
    clock: VirtualClock
    queue: FakeQueue

    async def batches(self, count: int) -> list[list[int]]:
        """The first batches."""
        await self.invoker.wait_for(count)
        return [
            [record["number"] for record in json.loads(payload)["Records"]]
            for payload in self.invoker.payloads[:count]
        ]


@asynccontextmanager
async def workbench(
    results: Sequence[InvocationResult] = (DONE,), failures: int = 0, **settings: Any
) -> AsyncIterator[Workbench]:
    mapping = StreamMapping(
        logical_id="M", function="F", stream_arn=ARN, starting_position="LATEST", **settings
    )
    invoker, observer, clock = FakeInvoker(results=results), FakeObserver(), VirtualClock()
    queue, reporter = FakeQueue(), Reporter(observer.observe, ClockAndIds())
    sender = DestinationSender(queue=lambda _: queue, client=lambda _: None, reporter=reporter)
    services = StreamServices(invoker=invoker, reporter=reporter, sender=sender, clock=clock)
    stream = FakeStream(failures)
    poller = StreamPoller(mapping, stream, services, function_arn="arn")
    await poller.start()
    yield Workbench(stream, invoker, observer, clock, queue)
    await poller.close()


async def test_what_is_read_at_once_becomes_batches_of_the_batch_size() -> None:
    async with workbench(batch_size=3) as bench:
        bench.stream.put(1, 2, 3, 4)
        assert await bench.batches(2) == [[1, 2, 3], [4]]
        records = await bench.observer.wait_for(2)
        assert [(item.api, item.route_key, item.detail) for item in records] == [
            ("dynamodb", "t", "3 records"),
            ("dynamodb", "t", "1 record"),
        ]


async def test_window_waits_for_a_full_batch() -> None:
    async with workbench(batch_size=3, batching_window=60) as bench:
        bench.stream.put(1, 2)
        bench.stream.put(3)
        assert await bench.batches(1) == [[1, 2, 3]]


async def test_disabled_mapping_reads_nothing() -> None:
    async with workbench(enabled=False) as bench:
        bench.stream.put(1)
        await asyncio.sleep(0)
        assert bench.invoker.payloads == []


async def test_records_that_no_filter_wants_never_arrive() -> None:
    async with workbench(filters=('{"number": [{"numeric": [">", 2]}]}',)) as bench:
        bench.stream.put(1, 2, 3)
        assert await bench.batches(1) == [[3]]


async def test_failed_batch_comes_again_before_anything_else_does() -> None:
    async with workbench([FAILED, FAILED, DONE], batch_size=2) as bench:
        bench.stream.put(1, 2, 3)
        moments = [await bench.clock.advance() for _ in range(2)]
        assert await bench.batches(4) == [[1, 2], [1, 2], [1, 2], [3]]
        assert [(moment - START).total_seconds() for moment in moments] == [1, 3]
        records = await bench.observer.wait_for(2)
        assert records[0].detail == "2 records; ValueError: no; again in 1 s"
        assert records[1].detail == "2 records; ValueError: no; again in 2 s"


async def test_batch_is_given_up_after_its_retries_and_a_destination_gets_a_record() -> None:
    async with workbench([FAILED], maximum_retries=1, on_failure=QUEUE) as bench:
        bench.stream.put(1, 2)
        await bench.clock.advance()
        records = await bench.observer.wait_for(2)
        assert str(records[1].detail).endswith("; given up")
        bench.stream.put(3)
        assert (await bench.batches(3))[2] == [3]
        [(body, _, _)] = bench.queue.sent
        content = json.loads(body)
        assert content["requestContext"]["condition"] == "RetryAttemptsExhausted"
        assert content["requestContext"]["approximateInvokeCount"] == 2
        assert content["DDBStreamBatchInfo"]["batchSize"] == 2


async def test_records_that_are_too_old_are_given_up() -> None:
    async with workbench([FAILED, DONE], maximum_age=60, on_failure=QUEUE, bisects=True) as bench:
        bench.stream.put(1, 2, at=NOW - 60_000)
        await bench.batches(1)
        bench.stream.put(3)
        assert await bench.batches(2) == [[1, 2], [3]]
        [(body, _, _)] = bench.queue.sent
        assert json.loads(body)["requestContext"]["condition"] == "EventAgeExceeded"


async def test_failed_batch_is_halved_without_using_up_attempts() -> None:
    async with workbench([FAILED, FAILED, FAILED, DONE], bisects=True, maximum_retries=0) as bench:
        bench.stream.put(1, 2, 3, 4)
        assert await bench.batches(5) == [[1, 2, 3, 4], [1, 2], [1], [2], [3, 4]]
        records = await bench.observer.wait_for(3)
        assert str(records[0].detail).endswith("; again in halves")
        assert str(records[2].detail).endswith("; given up")


async def test_partial_response_leaves_what_comes_from_the_first_failure_on() -> None:
    partial = Succeeded(b'{"batchItemFailures": [{"itemIdentifier": "2"}]}')
    nothing = Succeeded(b'{"batchItemFailures": []}')
    async with workbench([partial, nothing], report_batch_item_failures=True) as bench:
        bench.stream.put(1, 2, 3)
        await bench.clock.advance()
        assert await bench.batches(2) == [[1, 2, 3], [2, 3]]
        records = await bench.observer.wait_for(2)
        assert records[0].outcome == "partly failed"
        assert records[0].detail == "2 of 3 records failed; again in 1 s"


async def test_throttled_batch_does_not_use_up_attempts() -> None:
    async with workbench([Throttled(), Throttled(), DONE], maximum_retries=0) as bench:
        bench.stream.put(1)
        await bench.clock.advance()
        await bench.clock.advance()
        assert await bench.batches(3) == [[1], [1], [1]]


async def test_keys_are_served_at_once_and_each_in_order() -> None:
    async with workbench(parallelization=2, batch_size=1) as bench:
        bench.invoker.holding = True
        bench.stream.put(1, 2, key=FIRST_KEY)
        bench.stream.put(3, 4, key=SECOND_KEY)
        assert sorted(await bench.batches(2)) == [[1], [3]]
        bench.invoker.free.set()
        batches = await bench.batches(4)
        assert batches.index([1]) < batches.index([2])
        assert batches.index([3]) < batches.index([4])


async def test_stream_that_cannot_be_read_is_one_problem() -> None:
    async with workbench(failures=1) as bench:
        [record] = await bench.observer.wait_for(1)
        assert (record.route_key, record.problem) == ("t", True)
        bench.stream.put(1)
        assert await bench.batches(1) == [[1]]
