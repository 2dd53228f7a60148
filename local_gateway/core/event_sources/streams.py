"""Records of DynamoDB and Kinesis streams as functions get them, and batches of them.

Source: Lambda developer guide, "Using AWS Lambda with Amazon DynamoDB" (with-ddb) and "Using
Lambda to process records from Amazon Kinesis Data Streams" (with-kinesis).
"""

import base64
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any
from zlib import crc32

from local_gateway.core.event_sources.destinations import request_context, response_context
from local_gateway.core.event_sources.model import StreamMapping
from local_gateway.core.invocation import Invocation, Throttled
from local_gateway.core.timestamps import iso_time


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRecord:
    """A record; `key` is what its order is kept for, `at` its arrival in epoch milliseconds."""

    sequence_number: str
    key: str
    at: int
    content: Mapping[str, Any] = field(compare=False)


def dynamodb_record(record: Mapping[str, Any], stream_arn: str) -> StreamRecord:
    """A record, given as `GetRecords` of DynamoDB Streams answers it through boto3."""
    change = dict(record["dynamodb"])
    created: datetime = change["ApproximateCreationDateTime"]
    # moto leaves the milliseconds in; AWS sends whole seconds.
    change["ApproximateCreationDateTime"] = int(created.timestamp())
    content = {
        "eventID": record["eventID"],
        "eventName": record["eventName"],
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": stream_arn.split(":")[3],
        "dynamodb": _with_text(change),
        "eventSourceARN": stream_arn,
    }
    return StreamRecord(
        sequence_number=change["SequenceNumber"],
        key=json.dumps(content["dynamodb"]["Keys"], sort_keys=True),
        at=int(created.timestamp() * 1000),
        content=content,
    )


def kinesis_record(record: Mapping[str, Any], stream_arn: str, shard_id: str) -> StreamRecord:
    """A record, given as `GetRecords` of Kinesis answers it through boto3."""
    arrival: datetime = record["ApproximateArrivalTimestamp"]
    parts = stream_arn.split(":")
    content = {
        "kinesis": {
            "kinesisSchemaVersion": "1.0",
            "partitionKey": record["PartitionKey"],
            "sequenceNumber": record["SequenceNumber"],
            "data": base64.b64encode(record["Data"]).decode(),
            "approximateArrivalTimestamp": round(arrival.timestamp(), 3),
        },
        "eventSource": "aws:kinesis",
        "eventVersion": "1.0",
        "eventID": f"{shard_id}:{record['SequenceNumber']}",
        "eventName": "aws:kinesis:record",
        "invokeIdentityArn": f"arn:{parts[1]}:iam::{parts[4]}:role/local-gateway",
        "awsRegion": parts[3],
        "eventSourceARN": stream_arn,
    }
    return StreamRecord(
        sequence_number=record["SequenceNumber"],
        key=record["PartitionKey"],
        at=int(arrival.timestamp() * 1000),
        content=content,
    )


def _with_text(value: Any) -> Any:
    """A value with binary data as base64, as it is in JSON."""
    if isinstance(value, bytes):
        return base64.b64encode(value).decode()
    if isinstance(value, Mapping):
        return {name: _with_text(item) for name, item in value.items()}
    return [_with_text(item) for item in value] if isinstance(value, list) else value


def partition_of(record: StreamRecord, partitions: int) -> int:
    """Which of a shard's concurrent batches a record belongs to: the same for the same key."""
    return crc32(record.key.encode()) % partitions


def failed_from(records: Sequence[StreamRecord], failed: frozenset[str]) -> Sequence[StreamRecord]:
    """What is left of a batch: everything from the first record on that has failed."""
    for at, record in enumerate(records):
        if record.sequence_number in failed:
            return records[at:]
    return ()


def discarded_record(
    mapping: StreamMapping,
    shard_id: str,
    records: Sequence[StreamRecord],
    invocation: Invocation,
    *,
    function_arn: str,
    condition: str,
    attempts: int,
    at: int,
) -> dict[str, Any]:
    """What a destination gets about a batch that is given up; the records themselves stay."""
    first, last = records[0], records[-1]
    kind = "DDBStreamBatchInfo" if mapping.api == "dynamodb" else "KinesisBatchInfo"
    content: dict[str, Any] = {
        "requestContext": request_context(invocation, function_arn, condition, attempts),
        "version": "1.0",
        "timestamp": iso_time(at),
        kind: {
            "shardId": shard_id,
            "startSequenceNumber": first.sequence_number,
            "endSequenceNumber": last.sequence_number,
            "approximateArrivalOfFirstRecord": iso_time(first.at),
            "approximateArrivalOfLastRecord": iso_time(last.at),
            "batchSize": len(records),
            "streamArn": mapping.stream_arn,
        },
    }
    if not isinstance(invocation.result, Throttled):
        content["responseContext"] = response_context(invocation)
    return content
