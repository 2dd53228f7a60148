"""The channel log and the event queue on DynamoDB and SQS."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from sapa.aws.clients import sqs_service
from sapa.channels.channel import ChannelEvent, ChannelLog
from sapa.channels.fan_out_task import FanOutTask, Recipient, Shards
from sapa.errors import QueueError, StoreError
from sapa.services import services
from sapa.settings import settings
from sapa.stores.channel_log import DynamoDBChannelLog
from sapa.stores.fan_out_queue import SqsFanOutQueue, batches
from sapa.stores.table import Table
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.faulty_api import FaultyApi, answered, faulty_api

LATER = 2_000_000_000
NOW = 1_900_000_000


def event(sequence: int, payload: dict[str, Any] | None = None) -> ChannelEvent:
    return ChannelEvent(
        channel="chat:lobby",
        sequence=sequence,
        sent_at=NOW * 1000 + sequence,
        payload=payload or {"message": "Hai 👋", "price": 1.5, "none": None},
        publisher="ana",
    )


@pytest.fixture
def log(cloud: Cloud) -> ChannelLog:
    return services().channel_log


def test_numbers_begin_at_one_in_each_channel(log: ChannelLog) -> None:
    assert log.last_sequence("a") == 0
    assert log.latest("a") == (0, 0)
    assert [log.next_sequence(channel, 7) for channel in "aaba"] == [1, 2, 1, 3]
    assert log.latest("a") == (3, 7)
    assert (log.last_sequence("a"), log.last_sequence("b")) == (3, 1)


def test_kept_events_come_back_in_order(log: ChannelLog) -> None:
    for sequence in (2, 10, 9, 1):
        log.append(event(sequence), LATER)
    assert list(log.after("chat:lobby", 1, NOW)) == [event(2), event(9), event(10)]
    assert list(log.after("chat:lobby", 10, NOW)) == []
    assert log.before("chat:lobby", None, 3, NOW) == [event(2), event(9), event(10)]
    assert log.before("chat:lobby", 10, 2, NOW) == [event(2), event(9)]
    assert log.before("chat:other", None, 5, NOW) == []


def test_what_has_expired_is_not_read_though_it_is_still_there(log: ChannelLog) -> None:
    for sequence in range(1, 6):
        log.append(event(sequence), NOW if sequence < 4 else LATER)
    assert list(log.after("chat:lobby", 0, NOW)) == [event(4), event(5)]
    assert log.before("chat:lobby", None, 5, NOW) == [event(4), event(5)]


def test_a_history_of_many_pages_is_read_to_its_end(log: ChannelLog) -> None:
    for sequence in range(1, 13):
        log.append(event(sequence, {"text": "x" * 130_000}), LATER)
    assert [one.sequence for one in log.after("chat:lobby", 0, NOW)] == list(range(1, 13))
    assert len(log.before("chat:lobby", None, 11, NOW)) == 11


def test_a_log_that_cannot_be_reached_is_a_store_error(cloud: Cloud) -> None:
    log = DynamoDBChannelLog(
        channels=Table(services().dynamodb, "none"), messages=Table(services().dynamodb, "nothing")
    )
    for call in (
        lambda: log.next_sequence("a", 7),
        lambda: log.last_sequence("a"),
        lambda: log.append(event(1), LATER),
        lambda: list(log.after("a", 0, NOW)),
        lambda: log.before("a", None, 1, NOW),
    ):
        with pytest.raises(StoreError, match="ResourceNotFoundException"):
            call()


def received(url: str) -> list[FanOutTask]:
    """Everything in the queue."""
    client = boto3.client("sqs")
    tasks = []
    while messages := client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages"):
        tasks += [FanOutTask.from_json(message["Body"]) for message in messages]
    return tasks


@pytest.fixture
def queue_url(cloud: Cloud) -> str:
    return str(boto3.client("sqs").create_queue(QueueName="other")["QueueUrl"])


def test_dispatches_arrive_as_they_were_sent(queue_url: str) -> None:
    sent = [
        FanOutTask(channel="a", content={"$channel": "a", "text": "\uffff\ufffe👋\x00"}),
        FanOutTask(channel="a", content={}, exclude="c1", shards=Shards(2, 4, "c7")),
        FanOutTask(channel="a", content={}, recipients=(Recipient("c1=", 12),), attempt=3),
    ]
    SqsFanOutQueue(sqs_service(settings()), queue_url).send(sent)
    assert sorted(received(queue_url), key=str) == sorted(sent, key=str)


@pytest.mark.parametrize("size", [1, 131_000])
def test_many_dispatches_take_as_few_calls_as_fit(queue_url: str, size: int) -> None:
    sent = [
        FanOutTask(channel="a", content={"text": "x" * size, "number": number})
        for number in range(23)
    ]
    SqsFanOutQueue(sqs_service(settings()), queue_url).send(sent)
    assert len(received(queue_url)) == 23


def test_a_batch_has_ten_messages_and_256_kib_at_most() -> None:
    bodies = ["x"] * 23
    assert [len(batch) for batch in batches(bodies)] == [10, 10, 3]
    assert [len(batch) for batch in batches(["é" * 65_536] * 5)] == [2, 2, 1]
    assert list(batches([])) == []


def test_a_queue_that_is_not_there_is_an_error(cloud: Cloud) -> None:
    queue = SqsFanOutQueue(
        sqs_service(settings()), "https://sqs.ap-southeast-3.amazonaws.com/123456789012/no"
    )
    one = FanOutTask(channel="a", content={})
    for tasks in ([one], [one, one]):
        with pytest.raises(QueueError, match=r"NonExistentQueue|QueueDoesNotExist"):
            queue.send(tasks)


@pytest.fixture
def faulty(environment: None, monkeypatch: pytest.MonkeyPatch) -> Iterator[FaultyApi]:
    """SQS as a test wants it."""
    with faulty_api() as api:
        monkeypatch.setenv("AWS_ENDPOINT_URL_SQS", api.root)
        yield api


def test_a_message_of_a_batch_that_is_not_taken_is_an_error(faulty: FaultyApi) -> None:
    failed = [{"Id": "1", "Code": "InternalError", "SenderFault": False}]
    faulty.answers["SendMessageBatch"] = [answered(200, json.dumps({"Failed": failed}))]
    one = FanOutTask(channel="a", content={})
    with pytest.raises(QueueError, match="InternalError"):
        SqsFanOutQueue(sqs_service(settings()), "https://queue.example/1/q").send([one, one])


def test_a_queue_that_cannot_be_reached_is_an_error(faulty: FaultyApi) -> None:
    faulty.answers["SendMessage"] = [b""]
    queue = SqsFanOutQueue(sqs_service(settings()), "https://queue.example/1/q")
    with pytest.raises(QueueError, match="BrokenConnectionError"):
        queue.send([FanOutTask(channel="a", content={})])
    assert faulty.reached == ["SendMessage"] * 3
