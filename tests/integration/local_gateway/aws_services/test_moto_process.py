"""Queues in moto keep what they are given, and wake those who wait for it."""

import http.client
import threading
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer


@pytest.fixture
def sqs(moto: MotoServer) -> Any:
    """A client that many threads may use."""
    return MotoClients(moto.endpoint_url, "us-east-1").client("sqs", connections=20)


def test_nothing_is_lost_between_senders_and_a_receiver(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="busy")["QueueUrl"]
    wanted = {f"{sender}/{number}" for sender in range(8) for number in range(20)}
    senders = ThreadPoolExecutor(8)
    for body in sorted(wanted):
        senders.submit(sqs.send_message, QueueUrl=url, MessageBody=body)
    found: list[str] = []
    while len(found) < len(wanted):
        answer = sqs.receive_message(QueueUrl=url, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        messages = answer.get("Messages", [])
        assert messages, f"{len(wanted) - len(found)} messages are lost"
        for message in messages:
            found.append(message["Body"])
            sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
    senders.shutdown()
    assert sorted(found) == sorted(wanted)


def test_long_poll_ends_when_a_message_is_given_back(sqs: Any) -> None:
    url = sqs.create_queue(QueueName="returned")["QueueUrl"]
    sqs.send_message(QueueUrl=url, MessageBody="hot potato")
    [message] = sqs.receive_message(QueueUrl=url, VisibilityTimeout=3600)["Messages"]
    found: list[Any] = []

    def wait() -> None:
        found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))

    waiting = threading.Thread(target=wait)
    waiting.start()
    sqs.change_message_visibility(
        QueueUrl=url, ReceiptHandle=message["ReceiptHandle"], VisibilityTimeout=0
    )
    waiting.join(15)
    assert [item["Body"] for item in found[0]["Messages"]] == ["hot potato"]


def test_long_poll_of_a_fifo_queue_gets_the_group_when_it_is_free(sqs: Any) -> None:
    attributes = {"FifoQueue": "true", "ContentBasedDeduplication": "true"}
    url = sqs.create_queue(QueueName="row.fifo", Attributes=attributes)["QueueUrl"]
    for body in ("first", "second"):
        sqs.send_message(QueueUrl=url, MessageBody=body, MessageGroupId="one")
    [first] = sqs.receive_message(QueueUrl=url)["Messages"]
    assert "Messages" not in sqs.receive_message(QueueUrl=url)
    found: list[Any] = []

    def wait() -> None:
        found.append(sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20))

    waiting = threading.Thread(target=wait)
    waiting.start()
    sqs.delete_message(QueueUrl=url, ReceiptHandle=first["ReceiptHandle"])
    waiting.join(15)
    assert [item["Body"] for item in found[0]["Messages"]] == ["second"]


FOREIGN = [
    {"Origin": "https://web.example"},
    {"Origin": "http://localhost:1"},
    {"Origin": "null"},
    {"Sec-Fetch-Site": "cross-site"},
    {"Host": "rebound.example"},
]


@pytest.mark.parametrize("headers", FOREIGN)
@pytest.mark.parametrize("method", ["GET", "POST", "OPTIONS"])
def test_a_page_of_others_gets_nothing(
    moto: MotoServer, method: str, headers: dict[str, str]
) -> None:
    address = moto.endpoint_url.removeprefix("http://")
    connection = http.client.HTTPConnection(address, timeout=20)
    asks = {"Access-Control-Request-Method": "POST", **headers}
    try:
        connection.request(method, "/?Action=ListQueues", b"{}", asks)
        response = connection.getresponse()
        assert response.status == 403
        assert not [
            name for name in dict(response.getheaders()) if "access-control" in name.lower()
        ]
        assert b"AccessDeniedException" in response.read()
    finally:
        connection.close()


def test_programs_without_those_headers_are_answered(moto: MotoServer) -> None:
    connection = http.client.HTTPConnection(moto.endpoint_url.removeprefix("http://"), timeout=20)
    try:
        connection.request("GET", "/moto-api/")
        assert connection.getresponse().status == 200
    finally:
        connection.close()


@pytest.mark.parametrize(
    ("service", "call", "arguments", "operation"),
    [
        (
            "translate",
            "translate_text",
            {"Text": "x", "SourceLanguageCode": "en", "TargetLanguageCode": "de"},
            "translate TranslateText",
        ),
        ("geo-places", "geocode", {"QueryText": "x"}, "geo-places POST /v2/geocode"),
        ("sns", "get_data_protection_policy", {"ResourceArn": "x"}, "sns GetDataProtectionPolicy"),
        (
            "dynamodb",
            "describe_contributor_insights",
            {"TableName": "x"},
            "dynamodb DescribeContributorInsights",
        ),
    ],
)
def test_what_moto_lacks_is_an_error_that_names_service_and_operation(
    moto: MotoServer, service: Any, call: str, arguments: dict[str, str], operation: str
) -> None:
    client: Any = boto3.client(
        service,
        endpoint_url=moto.endpoint_url,
        region_name="us-east-1",
        aws_access_key_id="local",
        aws_secret_access_key="local",
    )
    with pytest.raises(ClientError) as refused:
        getattr(client, call)(**arguments)
    error = refused.value.response["Error"]
    assert error["Code"] == "NotImplementedException"
    assert error["Message"] == f"the local AWS services (moto) cannot do {operation}"
    assert refused.value.response["ResponseMetadata"]["RetryAttempts"] == 0
