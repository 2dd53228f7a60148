"""Records of streams, their order, and what is left of a batch."""

from datetime import UTC, datetime
from typing import Any

from aws_lambda_powertools.utilities.parser.models import (
    DynamoDBStreamModel,
    KinesisDataStreamModel,
)

from local_gateway.core.event_sources.model import StreamMapping
from local_gateway.core.event_sources.streams import (
    StreamRecord,
    discarded_record,
    dynamodb_record,
    failed_from,
    kinesis_record,
    partition_of,
)
from local_gateway.core.invocation import Failed, Invocation, Throttled

TABLE_STREAM = "arn:aws:dynamodb:eu-central-1:123456789012:table/t/stream/2024-02-09T18:11:43.042"
DATA_STREAM = "arn:aws:kinesis:eu-central-1:123456789012:stream/s"
AT = datetime(2024, 2, 9, 18, 11, 43, 42_000, UTC)
CHANGE: dict[str, Any] = {
    "eventID": "e1",
    "eventName": "MODIFY",
    "eventVersion": "1.0",
    "awsRegion": "us-east-1",
    "dynamodb": {
        "ApproximateCreationDateTime": AT,
        "Keys": {"id": {"S": "1"}},
        "NewImage": {"id": {"S": "1"}, "raw": {"B": b"\xff"}, "list": {"L": [{"B": b"a"}]}},
        "OldImage": {"id": {"S": "1"}},
        "SequenceNumber": "11",
        "SizeBytes": 9,
        "StreamViewType": "NEW_AND_OLD_IMAGES",
    },
}
POINT = {
    "PartitionKey": "k",
    "SequenceNumber": "7",
    "Data": b'{"a":1}',
    "ApproximateArrivalTimestamp": AT,
}


def record(number: int, key: str = "k") -> StreamRecord:
    return StreamRecord(sequence_number=str(number), key=key, at=1_707_502_303_042, content={})


def test_change_of_a_table_as_a_function_gets_it() -> None:
    made = dynamodb_record(CHANGE, TABLE_STREAM)
    assert (made.sequence_number, made.at) == ("11", 1_707_502_303_042)
    assert made.content["dynamodb"]["NewImage"]["raw"] == {"B": "/w=="}
    assert made.content["dynamodb"]["NewImage"]["list"] == {"L": [{"B": "YQ=="}]}
    assert made.content["dynamodb"]["ApproximateCreationDateTime"] == 1_707_502_303
    assert {
        key: made.content[key]
        for key in ("eventVersion", "eventSource", "awsRegion", "eventSourceARN")
    } == {
        "eventVersion": "1.1",
        "eventSource": "aws:dynamodb",
        "awsRegion": "eu-central-1",
        "eventSourceARN": TABLE_STREAM,
    }
    DynamoDBStreamModel.model_validate({"Records": [made.content]})


def test_record_of_kinesis_as_a_function_gets_it() -> None:
    made = kinesis_record(POINT, DATA_STREAM, "shardId-000000000000")
    assert made.content["eventID"] == "shardId-000000000000:7"
    assert made.content["kinesis"]["data"] == "eyJhIjoxfQ=="
    assert made.content["kinesis"]["approximateArrivalTimestamp"] == 1_707_502_303.042
    assert made.key == "k"
    KinesisDataStreamModel.model_validate({"Records": [made.content]})


def test_records_of_a_key_are_in_one_partition() -> None:
    partitions = {partition_of(record(number, str(number)), 10) for number in range(200)}
    assert partitions == set(range(10))
    assert partition_of(record(1), 10) == partition_of(record(2), 10)


def test_everything_from_the_first_failure_on_is_left() -> None:
    batch = [record(number) for number in range(4)]
    assert failed_from(batch, frozenset({"3", "1"})) == batch[1:]
    assert failed_from(batch, frozenset()) == ()


def test_record_of_a_batch_that_is_given_up() -> None:
    mapping = StreamMapping(
        logical_id="M", function="F", stream_arn=TABLE_STREAM, starting_position="LATEST"
    )
    invocation = Invocation(result=Failed("E", "no"), request_id="id", cold=False, duration=0)
    content = discarded_record(
        mapping,
        "shard",
        [record(1), record(2)],
        invocation,
        function_arn="arn",
        condition="RetryAttemptsExhausted",
        attempts=3,
        at=1_707_502_303_042,
    )
    moment = "2024-02-09T18:11:43.042Z"
    assert content == {
        "requestContext": {
            "requestId": "id",
            "functionArn": "arn:$LATEST",
            "condition": "RetryAttemptsExhausted",
            "approximateInvokeCount": 3,
        },
        "version": "1.0",
        "timestamp": moment,
        "DDBStreamBatchInfo": {
            "shardId": "shard",
            "startSequenceNumber": "1",
            "endSequenceNumber": "2",
            "approximateArrivalOfFirstRecord": moment,
            "approximateArrivalOfLastRecord": moment,
            "batchSize": 2,
            "streamArn": TABLE_STREAM,
        },
        "responseContext": {
            "statusCode": 200,
            "executedVersion": "$LATEST",
            "functionError": "Unhandled",
        },
    }


def test_record_of_a_batch_that_no_function_has_seen_has_no_response() -> None:
    mapping = StreamMapping(
        logical_id="M", function="F", stream_arn=DATA_STREAM, starting_position="LATEST"
    )
    invocation = Invocation(result=Throttled(), request_id="id", cold=False, duration=0)
    content = discarded_record(
        mapping,
        "shard",
        [record(1)],
        invocation,
        function_arn="arn",
        condition="EventAgeExceeded",
        attempts=0,
        at=0,
    )
    assert "responseContext" not in content
    assert content["KinesisBatchInfo"]["batchSize"] == 1
