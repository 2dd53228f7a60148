"""The queue of answer tasks on SQS."""

import boto3
import pytest

from sapa.answers.answer_task import AnswerTask
from sapa.aws.clients import sqs_service
from sapa.errors import QueueError
from sapa.settings import settings
from sapa.stores.answer_queue import SqsAnswerQueue
from tests.integration.sapa.conftest import Cloud
from tests.unit.sapa.answers.test_answer_task import TASK


@pytest.fixture
def queue(cloud: Cloud) -> SqsAnswerQueue:
    return SqsAnswerQueue(sqs_service(settings()), settings().answer_queue_url)


def test_a_task_arrives_as_it_was_sent_and_comes_back_when_it_is_let(queue: SqsAnswerQueue) -> None:
    queue.send(TASK)
    client, url = boto3.client("sqs"), settings().answer_queue_url
    [message] = client.receive_message(QueueUrl=url)["Messages"]
    assert AnswerTask.from_json(message["Body"]) == TASK
    assert "Messages" not in client.receive_message(QueueUrl=url)
    queue.hide(message["ReceiptHandle"], 0)
    [again] = client.receive_message(QueueUrl=url)["Messages"]
    assert again["MessageId"] == message["MessageId"]


def test_a_queue_that_is_not_there_is_an_error(cloud: Cloud) -> None:
    queue = SqsAnswerQueue(sqs_service(settings()), f"{settings().answer_queue_url}-not-there")
    with pytest.raises(QueueError):
        queue.send(TASK)
    with pytest.raises(QueueError):
        queue.hide("receipt", 5)
