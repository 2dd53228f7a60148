"""An event source mapping: batches of a queue's messages become invocations."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any

from local_gateway.core.event_sources.event_filter import passes
from local_gateway.core.event_sources.model import QueueMapping
from local_gateway.core.event_sources.payloads import batch_payloads, failed_items
from local_gateway.core.event_sources.sqs import sqs_record
from local_gateway.core.invocation import Invocation, Succeeded
from local_gateway.core.lambda_api.lineage import is_trace_id
from local_gateway.errors import GatewayError
from local_gateway.event_sources.queues import (
    LONGEST_WAIT,
    MOST_MESSAGES,
    QUEUE_ERRORS,
    Backoff,
    Message,
    Queue,
)
from local_gateway.event_sources.recursive_loops import RecursiveLoops
from local_gateway.event_sources.reporter import Reporter
from local_gateway.server.interfaces import Invoker

# "Lambda starts with five concurrent batches" (developer guide, services-sqs-scaling); more would
# only wait for an execution environment here.
DEFAULT_CONCURRENCY = 5


class QueuePoller:
    """Polls a queue and invokes a function, a bounded number of batches at a time.

    Messages that a function did not do stay in the queue: they come again after the queue's
    visibility timeout, until its redrive policy moves them away.
    """

    def __init__(
        self,
        mapping: QueueMapping,
        queue: Queue,
        *,
        invoker: Invoker,
        reporter: Reporter,
        loops: RecursiveLoops,
    ) -> None:
        self._mapping = mapping
        self._queue = queue
        self._invoker = invoker
        self._reporter = reporter
        self._loops = loops
        self._slots = asyncio.Semaphore(mapping.maximum_concurrency or DEFAULT_CONCURRENCY)
        self._batches: set[asyncio.Task[None]] = set()
        self._polling: asyncio.Task[None] | None = None

    def start(self) -> None:
        """Begin to poll, unless the mapping is disabled."""
        if self._mapping.enabled:
            self._polling = asyncio.create_task(self._poll())

    async def stop(self) -> None:
        """Take no further messages; batches under way come to their end."""
        if self._polling is not None:
            self._polling.cancel()
            await asyncio.wait({self._polling})

    async def close(self) -> None:
        """Stop, and give up the batches under way: their messages stay in the queue."""
        await self.stop()
        for batch in self._batches:
            batch.cancel()
        if self._batches:
            await asyncio.wait(self._batches)

    async def _poll(self) -> None:
        backoff = Backoff()
        while True:
            await self._slots.acquire()
            messages: Sequence[Message] = ()
            try:
                messages = await self._batch()
                backoff.reset()
            except QUEUE_ERRORS as error:
                if backoff.is_first:
                    self._problem(error)
                await backoff.wait()
            if not messages:
                self._slots.release()
                continue
            batch = asyncio.create_task(self._handle(messages))
            self._batches.add(batch)
            batch.add_done_callback(self._finished)

    def _problem(self, error: Exception) -> None:
        self._reporter.problem("sqs", self._mapping.source_name, error)

    def _finished(self, batch: asyncio.Task[None]) -> None:
        self._batches.discard(batch)
        self._slots.release()

    async def _batch(self) -> Sequence[Message]:
        """Messages for one invocation: a full batch, or what arrives within the window."""
        size = self._mapping.batch_size
        messages = list(await self._queue.receive(min(size, MOST_MESSAGES), LONGEST_WAIT))
        if not messages or not self._mapping.batching_window:
            return messages
        try:
            await self._complete(messages)
        except BaseException:
            self._queue.give_back(messages)
            raise
        return messages

    async def _complete(self, messages: list[Message]) -> None:
        """Wait for more messages until the batch is full or the window is over."""
        size, loop = self._mapping.batch_size, asyncio.get_running_loop()
        deadline = loop.time() + self._mapping.batching_window
        while len(messages) < size:
            left = deadline - loop.time()
            # SQS waits for whole seconds; the rest is waited for here.
            wait = min(max(int(left), 0), LONGEST_WAIT)
            if not wait:
                await asyncio.sleep(max(left, 0))
            messages += await self._queue.receive(min(size - len(messages), MOST_MESSAGES), wait)
            if not wait:
                break

    async def _handle(self, messages: Sequence[Message]) -> None:
        arn, filters = self._mapping.queue_arn, self._mapping.filters
        records = [sqs_record(message, arn) for message in messages]
        by_id = {str(message["MessageId"]): message for message in messages}
        wanted = [
            record for record in records if passes(filters, record) and not self._is_stopped(record)
        ]
        unwanted = by_id.keys() - {str(record["messageId"]) for record in wanted}
        await self._delete([by_id[name] for name in unwanted])
        for payload, inside in batch_payloads(wanted):
            await self._invoke(payload, [by_id[str(record["messageId"])] for record in inside])

    def _is_stopped(self, record: Mapping[str, Any]) -> bool:
        """Whether a message belongs to a recursive loop."""
        mapping, trace_id = self._mapping, _trace_id(record["attributes"])
        return self._loops.stop(mapping.function, trace_id, mapping.api, mapping.source_name)

    async def _delete(self, messages: Sequence[Message]) -> None:
        try:
            await self._queue.delete(messages)
        except QUEUE_ERRORS as error:
            self._problem(error)

    async def _invoke(self, payload: bytes, messages: Sequence[Message]) -> None:
        trace_id = _trace_id(messages[0].get("Attributes", {}))
        try:
            invocation = await self._invoker.invoke(
                self._mapping.function, payload, trace_id=trace_id
            )
        except GatewayError as error:
            self._problem(error)
            return
        left = self._left(invocation, messages)
        done = [message for message in messages if message["MessageId"] not in left]
        await self._delete(done)
        self._reporter.batch(self._mapping, invocation, len(messages), len(left))

    def _left(self, invocation: Invocation, messages: Sequence[Message]) -> frozenset[str]:
        """The ids of the messages that stay in the queue."""
        ids = [str(message["MessageId"]) for message in messages]
        if not isinstance(invocation.result, Succeeded):
            return frozenset(ids)
        if not self._mapping.report_batch_item_failures:
            return frozenset()
        return failed_items(invocation.result.payload, ids)


def _trace_id(attributes: Mapping[str, Any]) -> str | None:
    """The trace header that a message was sent with, which anybody can write."""
    trace_id = attributes.get("AWSTraceHeader")
    return trace_id if is_trace_id(trace_id) else None
