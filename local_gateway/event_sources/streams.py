"""Streams in the AWS services of this run, reached with boto3."""

from collections.abc import Callable, Sequence
from typing import Any, NamedTuple, Protocol

from local_gateway.core.event_sources.model import StreamMapping
from local_gateway.core.event_sources.streams import (
    StreamRecord,
    dynamodb_record,
    kinesis_record,
)
from local_gateway.event_sources.queues import LONGEST_WAIT
from local_gateway.event_sources.threads import in_thread

# The AWS services of this run let a reader wait for records; AWS has no such header.
WAIT_HEADER = "X-Local-Gateway-Wait"
_MOST_RECORDS = 1000


class Records(NamedTuple):
    """What a reading brought, and where the next one begins; None at the end of a shard."""

    records: Sequence[StreamRecord]
    iterator: str | None


class Stream(Protocol):
    """A stream; every method raises one of `QUEUE_ERRORS` when it cannot be reached."""

    async def shards(self) -> Sequence[str]:
        """The ids of its shards."""

    async def start(self, shard_id: str) -> str:
        """The iterator at the mapping's starting position."""

    async def read(self, shard_id: str, iterator: str) -> Records:
        """Wait some time for records, and read them."""


class DynamoDbStream:
    """The stream of a table."""

    def __init__(self, client: Any, mapping: StreamMapping) -> None:
        self._client = _waiting(client, "dynamodb-streams")
        self._mapping = mapping

    async def shards(self) -> Sequence[str]:
        """The ids of its shards."""
        arn = self._mapping.stream_arn
        answer = await in_thread(lambda: self._client.describe_stream(StreamArn=arn))
        return [shard["ShardId"] for shard in answer["StreamDescription"]["Shards"]]

    async def start(self, shard_id: str) -> str:
        """The iterator at the mapping's starting position."""
        return await in_thread(
            lambda: str(
                self._client.get_shard_iterator(
                    StreamArn=self._mapping.stream_arn,
                    ShardId=shard_id,
                    ShardIteratorType=self._mapping.starting_position,
                )["ShardIterator"]
            )
        )

    async def read(self, shard_id: str, iterator: str) -> Records:
        """Wait some time for records, and read them."""
        arn = self._mapping.stream_arn
        return await _read(self._client, iterator, lambda item: dynamodb_record(item, arn))


class KinesisStream:
    """A Kinesis stream."""

    def __init__(self, client: Any, mapping: StreamMapping) -> None:
        self._client = _waiting(client, "kinesis")
        self._mapping = mapping

    async def shards(self) -> Sequence[str]:
        """The ids of its shards."""
        arn = self._mapping.stream_arn
        answer = await in_thread(lambda: self._client.list_shards(StreamARN=arn))
        return [shard["ShardId"] for shard in answer["Shards"]]

    async def start(self, shard_id: str) -> str:
        """The iterator at the mapping's starting position."""
        mapping = self._mapping
        at = mapping.starting_timestamp
        when = {} if at is None else {"Timestamp": at}
        return await in_thread(
            lambda: str(
                self._client.get_shard_iterator(
                    StreamName=mapping.source_name,
                    ShardId=shard_id,
                    ShardIteratorType=mapping.starting_position,
                    **when,
                )["ShardIterator"]
            )
        )

    async def read(self, shard_id: str, iterator: str) -> Records:
        """Wait some time for records, and read them."""
        arn = self._mapping.stream_arn
        return await _read(self._client, iterator, lambda item: kinesis_record(item, arn, shard_id))


async def _read(client: Any, iterator: str, record: Callable[[Any], StreamRecord]) -> Records:
    answer = await in_thread(
        lambda: client.get_records(ShardIterator=iterator, Limit=_MOST_RECORDS)
    )
    return Records(list(map(record, answer["Records"])), answer.get("NextShardIterator"))


def _waiting(client: Any, service: str) -> Any:
    """The client, whose readings wait at the service for what comes."""

    def add_header(params: dict[str, Any], **_: object) -> None:
        params["headers"][WAIT_HEADER] = str(LONGEST_WAIT)

    client.meta.events.register(
        f"before-call.{service}.GetRecords", add_header, unique_id="wait-for-records"
    )
    return client
