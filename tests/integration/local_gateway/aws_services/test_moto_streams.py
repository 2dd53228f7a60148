"""Readers of streams wait in moto for records, if they say so."""

import threading
from typing import Any

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.event_sources.streams import WAIT_HEADER

SECONDS = 20


@pytest.fixture
def clients(moto: MotoServer) -> MotoClients:
    return MotoClients(moto.endpoint_url, "us-east-1")


def waiting(client: Any) -> Any:
    client.meta.events.register(
        "before-call", lambda params, **_: params["headers"].update({WAIT_HEADER: str(SECONDS)})
    )
    return client


def table(clients: MotoClients, name: str) -> tuple[Any, str]:
    """A client for a new table, and its stream."""
    dynamodb = clients.client("dynamodb")
    made = dynamodb.create_table(
        TableName=name,
        AttributeDefinitions=[{"AttributeName": "id", "AttributeType": "S"}],
        KeySchema=[{"AttributeName": "id", "KeyType": "HASH"}],
        BillingMode="PAY_PER_REQUEST",
        StreamSpecification={"StreamEnabled": True, "StreamViewType": "NEW_AND_OLD_IMAGES"},
    )
    return dynamodb, made["TableDescription"]["LatestStreamArn"]


def start_of(streams: Any, arn: str) -> str:
    [shard] = streams.describe_stream(StreamArn=arn)["StreamDescription"]["Shards"]
    answer = streams.get_shard_iterator(
        StreamArn=arn, ShardId=shard["ShardId"], ShardIteratorType="TRIM_HORIZON"
    )
    return str(answer["ShardIterator"])


def test_reader_of_a_table_gets_a_change_as_soon_as_it_is_made(clients: MotoClients) -> None:
    dynamodb, arn = table(clients, "awaited")
    streams = waiting(clients.client("dynamodbstreams"))
    start = start_of(streams, arn)
    found: list[Any] = []
    reader = threading.Thread(
        target=lambda: found.extend(streams.get_records(ShardIterator=start)["Records"])
    )
    reader.start()
    dynamodb.put_item(TableName="awaited", Item={"id": {"S": "1"}})
    reader.join(SECONDS / 2)
    assert [record["eventName"] for record in found] == ["INSERT"]


def test_reader_that_does_not_wait_is_answered_at_once(clients: MotoClients) -> None:
    _, arn = table(clients, "empty")
    streams = clients.client("dynamodbstreams")
    assert streams.get_records(ShardIterator=start_of(streams, arn))["Records"] == []


def test_item_that_stays_the_same_is_no_change(clients: MotoClients) -> None:
    dynamodb, arn = table(clients, "same")
    streams = clients.client("dynamodbstreams")
    start = start_of(streams, arn)
    for size in ("1", "1", "2"):
        dynamodb.put_item(TableName="same", Item={"id": {"S": "1"}, "size": {"N": size}})
    update = {"TableName": "same", "Key": {"id": {"S": "1"}}}
    for size in ("2", "3"):
        dynamodb.update_item(
            **update,
            UpdateExpression="SET #s = :s",
            ExpressionAttributeNames={"#s": "size"},
            ExpressionAttributeValues={":s": {"N": size}},
        )
    dynamodb.delete_item(**update)
    records = streams.get_records(ShardIterator=start)["Records"]
    assert [record["eventName"] for record in records] == ["INSERT", "MODIFY", "MODIFY", "REMOVE"]


def test_reader_of_kinesis_gets_a_record_as_soon_as_it_is_put(clients: MotoClients) -> None:
    kinesis = waiting(clients.client("kinesis", connections=5))
    kinesis.create_stream(StreamName="points", ShardCount=1)
    start = kinesis.get_shard_iterator(
        StreamName="points", ShardId="shardId-000000000000", ShardIteratorType="LATEST"
    )["ShardIterator"]
    found: list[Any] = []
    reader = threading.Thread(
        target=lambda: found.extend(kinesis.get_records(ShardIterator=start)["Records"])
    )
    reader.start()
    kinesis.put_record(StreamName="points", PartitionKey="k", Data=b"1")
    reader.join(SECONDS / 2)
    assert [record["Data"] for record in found] == [b"1"]
