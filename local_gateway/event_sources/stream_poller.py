"""An event source mapping of a stream: batches of records become invocations, in their order.

A batch that fails is tried again until it succeeds, its attempts are used up, or its records are
too old; meanwhile nothing that comes after it is handed over (Lambda developer guide,
services-ddb-errors).
"""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass

from local_gateway.core.event_sources.destinations import (
    EVENT_AGE_EXCEEDED,
    RETRY_ATTEMPTS_EXHAUSTED,
)
from local_gateway.core.event_sources.event_filter import passes
from local_gateway.core.event_sources.model import StreamMapping
from local_gateway.core.event_sources.payloads import batch_payloads, failed_items
from local_gateway.core.event_sources.streams import (
    StreamRecord,
    discarded_record,
    failed_from,
    partition_of,
)
from local_gateway.core.invocation import Failed, Invocation, Succeeded, Throttled
from local_gateway.errors import GatewayError
from local_gateway.event_sources.clock import Clock
from local_gateway.event_sources.destinations import DestinationSender
from local_gateway.event_sources.queues import QUEUE_ERRORS, Backoff
from local_gateway.event_sources.reporter import Reporter
from local_gateway.event_sources.streams import Stream
from local_gateway.server.interfaces import Invoker

_FIRST_PAUSE_MS, _LONGEST_PAUSE_MS = 1_000, 60_000
# Read ahead of the function, for each of a shard's partitions.
_MOST_WAITING = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamServices:
    """What pollers of streams have in common."""

    invoker: Invoker
    reporter: Reporter
    sender: DestinationSender
    clock: Clock


class StreamPoller:
    """Reads every shard of a stream; `function_arn` is for the records of destinations."""

    def __init__(
        self, mapping: StreamMapping, stream: Stream, services: StreamServices, *, function_arn: str
    ) -> None:
        self._mapping = mapping
        self._stream = stream
        self._services = services
        self._function_arn = function_arn
        self._tasks: list[asyncio.Task[None]] = []

    async def start(self) -> None:
        """Begin to read at the starting position, unless the mapping is disabled."""
        if not self._mapping.enabled:
            return
        for shard_id in await self._stream.shards():
            iterator = await self._stream.start(shard_id)
            partitions = [
                _Partition(self._mapping, shard_id, self._services, self._function_arn)
                for _ in range(self._mapping.parallelization)
            ]
            self._tasks += [asyncio.create_task(partition.run()) for partition in partitions]
            self._tasks.append(asyncio.create_task(self._read(shard_id, iterator, partitions)))

    async def close(self) -> None:
        """Stop, and give up the batches under way."""
        for task in self._tasks:
            task.cancel()
        if self._tasks:
            await asyncio.wait(self._tasks)

    async def _read(self, shard_id: str, start: str, partitions: Sequence["_Partition"]) -> None:
        backoff, iterator = Backoff(), start
        while True:
            try:
                read = await self._stream.read(shard_id, iterator)
                backoff.reset()
            except QUEUE_ERRORS as error:
                if backoff.is_first:
                    mapping = self._mapping
                    self._services.reporter.problem(mapping.api, mapping.source_name, error)
                await backoff.wait()
                continue
            for record in read.records:
                if passes(self._mapping.filters, record.content):
                    await partitions[partition_of(record, len(partitions))].put(record)
            if read.iterator is None:
                return
            iterator = read.iterator


class _Partition:
    """One batch after the other, of the records whose keys belong here."""

    def __init__(
        self, mapping: StreamMapping, shard_id: str, services: StreamServices, function_arn: str
    ) -> None:
        self._mapping = mapping
        self._shard_id = shard_id
        self._services = services
        self._function_arn = function_arn
        self._waiting: asyncio.Queue[StreamRecord] = asyncio.Queue(_MOST_WAITING)

    async def put(self, record: StreamRecord) -> None:
        """Add a record, once there is room."""
        await self._waiting.put(record)

    async def run(self) -> None:
        """Hand over batches for ever."""
        while True:
            batch = await self._batch()
            at = 0
            for _, inside in batch_payloads(record.content for record in batch):
                await self._deliver(batch[at : at + len(inside)])
                at += len(inside)

    async def _batch(self) -> list[StreamRecord]:
        """What waits, up to the batch size, or what arrives within the window."""
        batch = [await self._waiting.get()]
        loop = asyncio.get_running_loop()
        deadline = loop.time() + self._mapping.batching_window
        while len(batch) < self._mapping.batch_size:
            if not self._waiting.empty():
                batch.append(self._waiting.get_nowait())
                continue
            try:
                async with asyncio.timeout_at(deadline):
                    batch.append(await self._waiting.get())
            except TimeoutError:
                break
        return batch

    async def _deliver(self, batch: Sequence[StreamRecord], attempts: int = 0) -> None:
        """Invoke with a batch until it is done or given up."""
        pause = _FIRST_PAUSE_MS
        while batch:
            invocation = await self._invoke(batch)
            if invocation is None:
                return
            left = self._left(batch, invocation)
            if not left:
                self._services.reporter.batch(self._mapping, invocation, len(batch), 0)
                return
            attempts = 0 if len(left) < len(batch) else attempts
            attempts += not _is_throttled(invocation)
            condition = self._reason_to_give_up(left, attempts, pause)
            if condition != EVENT_AGE_EXCEEDED and self._can_split(batch, left, invocation):
                self._report(batch, left, invocation, "again in halves")
                middle = len(batch) // 2
                # Splitting does not count as an attempt.
                await self._deliver(batch[:middle], attempts - 1)
                batch, attempts = batch[middle:], attempts - 1
                continue
            if condition is not None:
                self._report(batch, left, invocation, "given up")
                await self._discard(left, invocation, condition, attempts)
                return
            self._report(batch, left, invocation, f"again in {pause // 1000} s")
            clock = self._services.clock
            await clock.sleep_until(clock.now() + pause)
            pause = min(pause * 2, _LONGEST_PAUSE_MS)
            batch = left

    def _can_split(
        self,
        batch: Sequence[StreamRecord],
        left: Sequence[StreamRecord],
        invocation: Invocation,
    ) -> bool:
        """Whether a batch is split: not if its response says where it failed."""
        is_whole = len(left) == len(batch) > 1
        return self._mapping.bisects and is_whole and not _is_throttled(invocation)

    async def _invoke(self, batch: Sequence[StreamRecord]) -> Invocation | None:
        [(payload, _)] = batch_payloads(record.content for record in batch)
        try:
            return await self._services.invoker.invoke(self._mapping.function, payload)
        except GatewayError as error:
            self._services.reporter.problem(self._mapping.api, self._mapping.source_name, error)
            return None

    def _left(
        self, batch: Sequence[StreamRecord], invocation: Invocation
    ) -> Sequence[StreamRecord]:
        if not isinstance(invocation.result, Succeeded):
            return batch
        if not self._mapping.report_batch_item_failures:
            return ()
        numbers = [record.sequence_number for record in batch]
        return failed_from(batch, failed_items(invocation.result.payload, numbers))

    def _reason_to_give_up(
        self, batch: Sequence[StreamRecord], attempts: int, pause: int
    ) -> str | None:
        retries, age = self._mapping.maximum_retries, self._mapping.maximum_age
        if retries is not None and attempts > retries:
            return RETRY_ATTEMPTS_EXHAUSTED
        if age is not None and self._services.clock.now() + pause > batch[0].at + age * 1000:
            return EVENT_AGE_EXCEEDED
        return None

    def _report(
        self,
        batch: Sequence[StreamRecord],
        left: Sequence[StreamRecord],
        invocation: Invocation,
        next_step: str,
    ) -> None:
        self._services.reporter.batch(self._mapping, invocation, len(batch), len(left), next_step)

    async def _discard(
        self, batch: Sequence[StreamRecord], invocation: Invocation, condition: str, attempts: int
    ) -> None:
        destination = self._mapping.on_failure
        if destination is None:
            return
        record = discarded_record(
            self._mapping,
            self._shard_id,
            batch,
            invocation,
            function_arn=self._function_arn,
            condition=condition,
            attempts=attempts,
            at=self._services.clock.now(),
        )
        await self._services.sender.send_record(destination, record)


def _is_throttled(invocation: Invocation) -> bool:
    """Whether the batch has not reached the function, which is not an attempt."""
    result = invocation.result
    is_refused = isinstance(result, Failed) and result.error_type.startswith("LambdaEndpoint.")
    return isinstance(result, Throttled) or is_refused
