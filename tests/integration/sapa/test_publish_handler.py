"""The function that accepts events from outside."""

import json
from typing import Any

import boto3
import pytest

from functions.publish.app import lambda_handler
from sapa.channels.fan_out_task import FanOutTask
from sapa.errors import LambdaEventError, PayloadError, QueueError
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.stack import lambda_context

ARN = "arn:aws:iam::123456789012:user/ops"
GOOD = {"channel": "chat:lobby", "payload": {"message": "Hai"}}


def post(body: str) -> dict[str, Any]:
    """The answer to `POST /publish`."""
    event = {
        "version": "2.0",
        "routeKey": "POST /publish",
        "requestContext": {
            "requestId": "r1",
            "http": {"method": "POST"},
            "authorizer": {"iam": {"userArn": ARN}},
        },
        "body": body,
        "isBase64Encoded": False,
    }
    answer = lambda_handler(event, lambda_context())
    assert answer is not None
    assert answer["headers"]["Content-Type"] == "application/json"
    return {"status": answer["statusCode"], **json.loads(answer["body"])}


def bus(detail: object) -> None:
    """An event of the rule, as EventBridge sends it."""
    event = {
        "version": "0",
        "id": "6a7e8feb-b491-4cf7-a9f1-bf3703467718",
        "detail-type": "publish",
        "source": "sapa",
        "account": "123456789012",
        "time": "2026-11-23T04:00:00Z",
        "region": "ap-southeast-3",
        "resources": [],
        "detail": detail,
    }
    assert lambda_handler(event, lambda_context()) is None


def queued() -> list[FanOutTask]:
    client = boto3.client("sqs")
    url = client.get_queue_url(QueueName="fan_out")["QueueUrl"]
    messages = client.receive_message(QueueUrl=url, MaxNumberOfMessages=10).get("Messages", [])
    return [FanOutTask.from_json(message["Body"]) for message in messages]


def kept() -> list[tuple[str, str]]:
    items = boto3.client("dynamodb").scan(TableName="messages")["Items"]
    return [(item["publisher"]["S"], item["payload"]["S"]) for item in items]


def test_a_request_is_accepted_with_its_number(cloud: Cloud) -> None:
    assert post(json.dumps(GOOD)) == {"status": 202, "channel": "chat:lobby", "sequence": 1}
    assert post(json.dumps(GOOD))["sequence"] == 2
    assert sorted(each.content["$sequence"] for each in queued()) == [1, 2]
    assert kept() == [(ARN, '{"message": "Hai"}')] * 2


def test_an_event_of_the_bus_is_accepted(cloud: Cloud) -> None:
    bus(GOOD)
    [task] = queued()
    assert task.content["message"] == "Hai"
    assert kept() == [("eventbridge:123456789012", '{"message": "Hai"}')]


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ("hai", 400, "invalid_json"),
        ("{}", 400, "invalid_event"),
        (json.dumps({**GOOD, "payload": {"x": "x" * 140_000}}), 413, "payload_too_large"),
    ],
)
def test_a_wrong_request_is_refused(cloud: Cloud, body: str, status: int, code: str) -> None:
    answer = post(body)
    assert (answer["status"], answer["error"]["code"]) == (status, code)
    assert queued() == []


@pytest.mark.parametrize("detail", [{}, {**GOOD, "payload": {"$x": 1}}])
def test_a_wrong_event_of_the_bus_is_not_dropped(cloud: Cloud, detail: object) -> None:
    """It fails: Lambda tries again and puts it into the dead-letter queue."""
    with pytest.raises((LambdaEventError, PayloadError)):
        bus(detail)
    assert queued() == []


def test_what_is_not_safe_is_not_accepted(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(
        "FAN_OUT_QUEUE_URL", "https://sqs.ap-southeast-3.amazonaws.com/123456789012/none"
    )
    answer = post(json.dumps(GOOD))
    assert (answer["status"], answer["error"]["code"]) == (503, "unavailable")
    assert "sqs" not in answer["error"]["message"].lower()
    with pytest.raises(QueueError):
        bus(GOOD)
