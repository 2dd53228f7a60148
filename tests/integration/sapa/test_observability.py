"""What the functions tell CloudWatch: one line of embedded metrics for each invocation."""

import json
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from functions.answer.app import lambda_handler as answer
from functions.api.app import lambda_handler as api
from functions.authorizer.app import lambda_handler as authorize
from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from functions.fan_out.app import lambda_handler as fan_out
from functions.publish.app import lambda_handler as publish
from sapa.channels.channel import user_channel
from sapa.channels.fan_out_task import FanOutTask, Recipient
from sapa.errors import DeliveryError
from sapa.login.session import COOKIE_NAME, token_hash
from sapa.observability import Metric, answer_metric, message_metric
from sapa.services import epoch_milliseconds, services
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.stack import PASSWORD, REGION, TOKEN, InvocationContext, recorded

ROOT = Path(__file__).parents[3]
NAMES = set(Metric) - {Metric.COLD_START}

FIRST_AND_SECOND = """
import json, sys, types
from functions.authorizer.app import lambda_handler
context = types.SimpleNamespace(function_name="authorizer", aws_request_id="r1")
event = json.load(sys.stdin)
for _ in range(2):
    try:
        lambda_handler(event, context)
    except Exception as refusal:
        assert str(refusal) == "Unauthorized", refusal
"""


class Context(InvocationContext):
    """An invocation that has time."""

    def get_remaining_time_in_millis(self) -> int:
        return 20_000


class Book:
    """Invokes handlers and keeps the metrics that they print, by name."""

    def __init__(self, capsys: pytest.CaptureFixture[str]) -> None:
        self._capsys = capsys
        self.values: dict[str, list[float]] = {}
        self.units: dict[str, str] = {}
        self.lines: list[dict[str, Any]] = []

    def invoke(self, handler: Callable[..., Any], event: dict[str, Any]) -> Any:
        """The result of one invocation, which prints one line of metrics at most."""
        self._capsys.readouterr()
        try:
            return handler(event, Context())
        finally:
            printed = [json.loads(line) for line in self._capsys.readouterr().out.splitlines()]
            embedded = [line for line in printed if "_aws" in line]
            assert len(embedded) <= 1
            for line in embedded:
                self._note(line)

    def _note(self, line: dict[str, Any]) -> None:
        self.lines.append(line)
        [group] = line["_aws"]["CloudWatchMetrics"]
        for definition in group["Metrics"]:
            self.units[definition["Name"]] = definition["Unit"]
            self.values.setdefault(definition["Name"], []).extend(line[definition["Name"]])


@pytest.fixture
def book(capsys: pytest.CaptureFixture[str]) -> Book:
    return Book(capsys)


@pytest.fixture
def fan_out_environment(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """What `publish` needs beside the others, and the end of its sockets."""
    monkeypatch.setenv("AWS_REGION", REGION)
    yield
    services().bulk_sender.close()


def opened_now() -> dict[str, Any]:
    """The recorded `$connect`, of a connection that has not expired since."""
    event = recorded("connect")
    event["requestContext"]["connectedAt"] = epoch_milliseconds()
    return event


def event_for_demo() -> dict[str, Any]:
    event = recorded("publish_eventbridge")
    event["detail"]["channel"] = user_channel("demo")
    return event


def login(password: str) -> dict[str, Any]:
    event = recorded("api_login")
    event["body"] = json.dumps({"username": "demo", "password": password})
    event["isBase64Encoded"] = False
    return event


def batch(*bodies: str) -> dict[str, Any]:
    event = recorded("fan_out")
    [record] = event["Records"][:1]
    numbered = enumerate(bodies)
    return {"Records": [{**record, "messageId": str(n), "body": body} for n, body in numbered]}


def test_a_conversation_is_counted(cloud: Cloud, session: None, book: Book) -> None:
    book.invoke(connect, recorded("connect"))
    book.invoke(default, recorded("default_convert"))
    book.invoke(default, recorded("default_invalid"))
    book.invoke(disconnect, recorded("disconnect"))
    assert book.values[Metric.CONNECTION_OPENED] == book.values[Metric.CONNECTION_CLOSED] == [1]
    assert (
        book.values[message_metric("ok")] == book.values[message_metric("invalid_message")] == [1]
    )
    assert book.values[Metric.REPLY_SENT] == [3, 1]
    for name in (Metric.PROCESS_TIME, Metric.POST_TIME):
        assert book.units[name] == "Milliseconds"
        assert len(book.values[name]) == 2
        assert all(0 <= value < 60_000 for value in book.values[name])


def test_a_service_and_no_other_dimension(cloud: Cloud, book: Book) -> None:
    """Each further dimension would multiply what the metrics cost."""
    book.invoke(connect, recorded("connect"))
    book.invoke(default, recorded("default"))
    for line in book.lines:
        [group] = line["_aws"]["CloudWatchMetrics"]
        assert (group["Namespace"], group["Dimensions"]) == ("Sapa", [["service"]])
        assert line["service"] == "sapa"


def test_a_gone_connection_is_counted_once_and_its_frames_are_not(cloud: Cloud, book: Book) -> None:
    event = recorded("default_convert")
    cloud.management_api.gone.add(event["requestContext"]["connectionId"])
    book.invoke(default, event)
    assert book.values[Metric.CONNECTION_GONE] == [1]
    assert Metric.REPLY_SENT not in book.values


def test_a_message_whose_reply_cannot_be_sent_is_counted_too(cloud: Cloud, book: Book) -> None:
    event = recorded("default")
    cloud.management_api.broken.add(event["requestContext"]["connectionId"])
    with pytest.raises(DeliveryError):
        book.invoke(default, event)
    assert book.values[message_metric("ok")] == book.values[Metric.FAILURE] == [1]


def test_the_lag_of_a_fan_out_is_measured_from_the_acceptance(
    cloud: Cloud, session: None, fan_out_environment: None, book: Book
) -> None:
    book.invoke(connect, opened_now())
    book.invoke(publish, event_for_demo())
    book.invoke(fan_out, batch(*waiting()))
    assert book.values[Metric.FRAME_DELIVERED] == [1]
    [lag] = book.values[Metric.FAN_OUT_LAG]
    assert 0 <= lag < 60_000
    assert book.units[Metric.FAN_OUT_LAG] == "Milliseconds"


def test_a_fan_out_that_reaches_nobody_has_no_lag(
    cloud: Cloud, fan_out_environment: None, book: Book
) -> None:
    book.invoke(fan_out, batch(FanOutTask(channel="chat:x", content={"$sent_at": 1}).to_json()))
    assert book.values.keys() <= {Metric.COLD_START}


def test_functions_emit_every_metric_that_has_a_name_and_no_other(
    cloud: Cloud, session: None, user_pool_id: str, fan_out_environment: None, book: Book
) -> None:
    book.invoke(api, login(PASSWORD))
    book.invoke(api, login("wrong"))
    unknown = recorded("authorizer")
    del unknown["multiValueHeaders"]
    unknown["headers"]["Cookie"] = f"{COOKIE_NAME}={'x' * 43}"
    book.invoke(authorize, unknown)
    book.invoke(connect, opened_now())
    book.invoke(default, recorded("default"))
    story = recorded("default") | {"body": '{"words": 2, "per_second": 1000}'}
    story["requestContext"]["authorizer"] |= {
        "endpoint": "story",
        "session_key": token_hash(TOKEN),
    }
    story["requestContext"]["connectedAt"] = epoch_milliseconds()
    book.invoke(default, story)
    book.invoke(answer, accepted())
    book.invoke(publish, event_for_demo())
    refused = recorded("publish_http")
    refused["body"] = "{}"
    book.invoke(publish, refused)
    connection_id = recorded("connect")["requestContext"]["connectionId"]
    book.invoke(fan_out, batch(*waiting(), "not ours"))
    cloud.management_api.broken.add(connection_id)
    left = FanOutTask(channel="chat:x", content={}).again_for([Recipient(connection_id, 0)], 1)
    book.invoke(fan_out, batch(left.to_json()))
    cloud.management_api.gone.add(connection_id)
    book.invoke(default, recorded("default"))
    book.invoke(disconnect, recorded("disconnect"))
    boto3.client("dynamodb").delete_table(TableName="messages")
    assert book.invoke(publish, recorded("publish_http"))["statusCode"] == 503
    assert book.values.keys() - {Metric.COLD_START} == NAMES | {
        message_metric("ok"),
        message_metric("accepted"),
        answer_metric("done"),
    }


def test_the_first_invocation_of_an_environment_is_a_cold_start() -> None:
    event = recorded("authorizer")
    event["headers"] = event["multiValueHeaders"] = {}
    finished = subprocess.run(
        [sys.executable, "-c", FIRST_AND_SECOND],
        env={
            "PYTHONPATH": f"{ROOT / 'layers/sapa'}:{ROOT}",
            "SESSIONS_TABLE_NAME": "sessions",
            "AWS_REGION": REGION,
            "AWS_ACCESS_KEY_ID": "testing",
            "AWS_SECRET_ACCESS_KEY": "testing",
        },
        input=json.dumps(event),
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    printed = [json.loads(line) for line in finished.stdout.splitlines()]
    embedded = [line for line in printed if "_aws" in line]
    assert [line.get(Metric.COLD_START) for line in embedded] == [[1], None]
    assert [line["cold_start"] for line in printed if "level" in line] == [True, False]


def accepted() -> dict[str, Any]:
    """The event of the message that waits for its answer."""
    url = services().config.answer_queue_url
    [message] = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]
    event = recorded("answer")
    event["Records"][0] |= {"body": message["Body"], "receiptHandle": message["ReceiptHandle"]}
    return event


def waiting() -> list[str]:
    """The bodies of what is in the queue."""
    client = boto3.client("sqs")
    url = client.get_queue_url(QueueName="fan_out")["QueueUrl"]
    return [
        message["Body"]
        for message in client.receive_message(QueueUrl=url, MaxNumberOfMessages=10)["Messages"]
    ]
