"""The queue of fan-out tasks on SQS."""

import json
from collections.abc import Iterator

import boto3
import pytest

from sapa.aws.clients import sqs_service
from sapa.channels.fan_out_task import FanOutTask, Recipient, Shards
from sapa.errors import QueueError
from sapa.settings import settings
from sapa.stores.fan_out_queue import SqsFanOutQueue, batches
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.faulty_api import FaultyApi, answered, faulty_api


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
