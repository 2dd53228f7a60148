"""One mapping's batches: how many at a time, and what becomes of their messages."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import replace

from local_gateway.core.event_sources.model import QueueMapping
from local_gateway.core.invocation import Failed, Succeeded
from local_gateway.core.lambda_api.lineage import LIMIT, function_key
from local_gateway.event_sources.queue_poller import DEFAULT_CONCURRENCY, QueuePoller
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import ClockAndIds
from tests.support.applications import application
from tests.unit.local_gateway.event_sources.fakes import FakeInvoker, FakeObserver, FakeQueue

MAPPING = QueueMapping(
    logical_id="M",
    function="F",
    queue_arn="arn:aws:sqs:us-east-1:123456789012:work",
    queue_url="http://work",
    batch_size=1,
)
FUNCTION = application().functions["Connect"]


@asynccontextmanager
async def polling(
    queue: FakeQueue, invoker: FakeInvoker, mapping: QueueMapping = MAPPING
) -> AsyncIterator[FakeObserver]:
    observer = FakeObserver()
    reporter = Reporter(observer.observe, ClockAndIds())
    loops = RecursiveLoops(reporter)
    loops.functions = {"F": FUNCTION}
    poller = QueuePoller(mapping, queue, invoker=invoker, reporter=reporter, loops=loops)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(poller.close)
        poller.start()
        yield observer


async def test_no_more_batches_at_a_time_than_the_mapping_allows() -> None:
    queue, invoker = FakeQueue(*"abcdefgh"), FakeInvoker(holding=True)
    async with polling(queue, invoker, replace(MAPPING, maximum_concurrency=3)) as observer:
        await invoker.wait_for(3)
        assert queue.receives == 3
        invoker.free.set()
        await observer.wait_for(8)
    assert invoker.most_at_once == 3
    assert sorted(queue.deleted) == list("abcdefgh")


async def test_default_concurrency() -> None:
    queue, invoker = FakeQueue(*"abcdefgh"), FakeInvoker(holding=True)
    async with polling(queue, invoker) as observer:
        await invoker.wait_for(DEFAULT_CONCURRENCY)
        invoker.free.set()
        await observer.wait_for(8)
    assert invoker.most_at_once == DEFAULT_CONCURRENCY


async def test_what_failed_is_not_deleted() -> None:
    queue = FakeQueue("a", "b")
    invoker = FakeInvoker(results=[Failed("ValueError", "no"), Succeeded(b"null")])
    mapping = replace(MAPPING, maximum_concurrency=1)
    async with polling(queue, invoker, mapping) as observer:
        first, second = await observer.wait_for(2)
    assert queue.deleted == ["b"]
    assert (first.outcome, first.detail) == ("error", "1 message; ValueError: no")
    assert (second.outcome, second.problem) == ("ok", False)


async def test_queue_that_cannot_be_reached_is_told_once_and_tried_again() -> None:
    queue, invoker = FakeQueue("a"), FakeInvoker()
    queue.failures = 2
    async with polling(queue, invoker) as observer:
        problem, done = await observer.wait_for(2)
    assert problem.outcome == "failed"
    assert problem.detail == 'Could not connect to the endpoint URL: "http://queue"'
    assert done.outcome == "ok"


async def test_messages_of_an_unfinished_batch_are_given_back() -> None:
    queue, invoker = FakeQueue("a"), FakeInvoker()
    mapping = replace(MAPPING, batch_size=5, batching_window=300)
    async with polling(queue, invoker, mapping):
        await queue.asked_again.wait()
    assert queue.given_back == ["a"]
    assert invoker.payloads == []


async def test_batches_under_way_are_given_up_at_the_end() -> None:
    queue, invoker = FakeQueue("a"), FakeInvoker(holding=True)
    async with polling(queue, invoker) as observer:
        await invoker.wait_for(1)
    assert queue.deleted == []
    assert observer.records == []


async def test_message_that_no_filter_wants_is_deleted_and_never_arrives() -> None:
    queue, invoker = FakeQueue("a", "b"), FakeInvoker()
    mapping = replace(MAPPING, filters=('{"body": ["b"]}',), maximum_concurrency=1)
    async with polling(queue, invoker, mapping) as observer:
        await observer.wait_for(1)
    assert queue.deleted == ["a", "b"]
    assert len(invoker.payloads) == 1
    assert b'"body":"b"' in invoker.payloads[0]


async def test_chain_goes_on_over_a_queue_until_it_is_a_loop() -> None:
    key = function_key(FUNCTION.arn)
    chain, loop = f"Root=1-0-0;Lineage={key}:1", f"Root=1-0-0;Lineage={key}:{LIMIT}"
    queue, invoker = FakeQueue(), FakeInvoker()
    queue.put("first", trace_id=loop)
    queue.put("second", trace_id=chain)
    async with polling(queue, invoker, replace(MAPPING, batch_size=2)) as observer:
        records = await observer.wait_for(2)
    # What came in the same batch is no part of the loop.
    assert invoker.trace_ids == [chain]
    assert str(records[0].detail).startswith("recursive loop: ")
    assert records[1].outcome == "ok"
    assert queue.deleted == ["first", "second"]
