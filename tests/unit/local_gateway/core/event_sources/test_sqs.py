"""Records of messages."""

from aws_lambda_powertools.utilities.parser.models import SqsModel

from local_gateway.core.event_sources.sqs import sqs_record

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
