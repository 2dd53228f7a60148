"""Records of messages, batches by size, and partial batch responses."""

import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import SqsModel
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.event_sources.sqs import failed_messages, sqs_payloads, sqs_record

ARN = "arn:aws:sqs:eu-central-1:123456789012:work"
MESSAGE = {
    "MessageId": "m-1",
    "ReceiptHandle": "handle",
    "Body": "text",
    "MD5OfBody": "md5",
    "Attributes": {
        "ApproximateReceiveCount": "1",
        "SentTimestamp": "1545082649183",
        "SenderId": "AIDAIENQZJOLO23YVJ4VO",
        "ApproximateFirstReceiveTimestamp": "1545082649185",
    },
}


def test_record_has_the_documented_members_in_their_order() -> None:
    assert list(sqs_record(MESSAGE, ARN)) == [
        "messageId",
        "receiptHandle",
        "body",
        "attributes",
        "messageAttributes",
        "md5OfBody",
        "eventSource",
        "eventSourceARN",
        "awsRegion",
    ]
    [record] = SqsModel.model_validate({"Records": [sqs_record(MESSAGE, ARN)]}).Records
    assert record.awsRegion == "eu-central-1"


def test_message_attributes_are_spelt_as_in_events() -> None:
    attributes = {
        "size": {"DataType": "Number", "StringValue": "7"},
        "raw": {"DataType": "Binary", "BinaryValue": b"\xff"},
    }
    record = sqs_record(
        MESSAGE | {"MessageAttributes": attributes, "MD5OfMessageAttributes": "x"}, ARN
    )
    lists: dict[str, list[str]] = {"stringListValues": [], "binaryListValues": []}
    assert record["messageAttributes"] == {
        "size": {"stringValue": "7", **lists, "dataType": "Number"},
        "raw": {"binaryValue": "/w==", **lists, "dataType": "Binary"},
    }
    assert record["md5OfMessageAttributes"] == "x"


@given(st.lists(st.text(max_size=40), max_size=12), st.integers(40, 300))
def test_payloads_keep_every_record_in_order_below_the_limit(bodies: list[str], limit: int) -> None:
    records = [{"body": body} for body in bodies]
    found = list(sqs_payloads(records, limit))
    assert [record for _, inside in found for record in inside] == records
    for payload, inside in found:
        assert json.loads(payload) == {"Records": inside}
        assert len(payload) <= limit + len('{"Records":[]}') or len(inside) == 1


@pytest.mark.parametrize(
    ("response", "left"),
    [
        ("null", ""),
        ("{}", ""),
        ('{"batchItemFailures": []}', ""),
        ('{"batchItemFailures": null}', ""),
        ('{"other": 1}', ""),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "b"}]}', "b"),
        ('{"batchItemFailures": [{"itemIdentifier": "a"}, {"itemIdentifier": "b"}]}', "ab"),
        ("not JSON", "abc"),
        ("[]", "abc"),
        ('"done"', "abc"),
        ("[" * 100_000, "abc"),
        ('{"batchItemFailures": {}}', "abc"),
        ('{"batchItemFailures": ["b"]}', "abc"),
        ('{"batchItemFailures": [{}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": ""}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": null}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": {"id": "b"}}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifer": "b"}]}', "abc"),
        ('{"batchItemFailures": [{"itemIdentifier": "b"}, {"itemIdentifier": "z"}]}', "abc"),
    ],
)
def test_what_a_response_leaves_in_the_queue(response: str, left: str) -> None:
    assert failed_messages(response.encode(), "abc") == frozenset(left)


@given(st.binary())
def test_no_response_is_a_surprise(response: bytes) -> None:
    found: Any = failed_messages(response, "abc")
    assert found in (frozenset(), frozenset("abc"))
