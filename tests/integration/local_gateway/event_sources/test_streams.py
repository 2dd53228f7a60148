"""Streams with real tables and streams in moto and real execution environments."""

import json
from typing import Any

from tests.integration.local_gateway.event_sources.conftest import Running, Stage

TABLE = """
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.%s
      Events:
        Changes:
          Type: DynamoDB
          Properties:
            Stream: !GetAtt Table.StreamArn
            StartingPosition: TRIM_HORIZON
            MaximumRetryAttempts: 0
            DestinationConfig: {OnFailure: {Destination: !GetAtt Lost.Arn}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
      BillingMode: PAY_PER_REQUEST
      StreamSpecification: {StreamViewType: NEW_AND_OLD_IMAGES}
  Lost: {Type: AWS::SQS::Queue}
"""
STREAM = """
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.take
      Events:
        Points:
          Type: Kinesis
          Properties: {Stream: !GetAtt Stream.Arn, StartingPosition: LATEST}
  Stream: {Type: AWS::Kinesis::Stream, Properties: {ShardCount: 2}}
"""


def put(running: Running, *ids: str) -> None:
    for name in ids:
        running.client("dynamodb").put_item(
            TableName=running.values.refs["Table"], Item={"id": {"S": name}, "raw": {"B": b"\xff"}}
        )


async def arrived(running: Running, count: int) -> list[dict[str, Any]]:
    """The first records that a function got, in however many batches."""
    events = running.recorder.events

    def records() -> list[dict[str, Any]]:
        return [record for event in events for record in event["Records"]]

    await running.recorder.wait_until(lambda: len(records()) >= count)
    return records()


async def test_changes_of_a_table_arrive_in_their_order(stage: Stage) -> None:
    running = await stage.run(TABLE % "take")
    put(running, *"abcde")
    changes = [record["dynamodb"] for record in await arrived(running, 5)]
    assert [change["Keys"]["id"]["S"] for change in changes] == list("abcde")
    assert changes[0]["NewImage"]["raw"] == {"B": "/w=="}
    numbers = [int(change["SequenceNumber"]) for change in changes]
    assert numbers == sorted(numbers)


async def test_batch_that_is_given_up_has_a_record_in_the_queue(stage: Stage) -> None:
    running = await stage.run(TABLE % "fail")
    put(running, "a")
    [message] = await running.receive("Lost")
    record = json.loads(message["Body"])
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
    assert record["DDBStreamBatchInfo"]["batchSize"] == 1


async def test_records_of_kinesis_arrive_from_every_shard(stage: Stage) -> None:
    running = await stage.run(STREAM)
    for key in "abcdef":
        running.client("kinesis").put_record(
            StreamName=running.values.refs["Stream"], PartitionKey=key, Data=key.encode()
        )
    keys = [record["kinesis"]["partitionKey"] for record in await arrived(running, 6)]
    assert sorted(keys) == list("abcdef")
