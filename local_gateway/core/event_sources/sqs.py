"""Events with the messages of a queue, and the partial batch responses to them.

Source: Lambda developer guide, "Using Lambda with Amazon SQS" (with-sqs), "Handling errors for an
SQS event source" (services-sqs-errorhandling).
"""

import base64
import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

# The payload of a synchronous invocation may have 6 MB; the brackets around the records are small.
MAX_PAYLOAD_BYTES = 6 * 1024 * 1024 - 1024


def sqs_record(message: Mapping[str, Any], queue_arn: str) -> dict[str, Any]:
    """The record of a message, given as `ReceiveMessage` answers it with all attributes."""
    record = {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": dict(message.get("Attributes", {})),
        "messageAttributes": {
            name: _attribute(value) for name, value in message.get("MessageAttributes", {}).items()
        },
        "md5OfBody": message["MD5OfBody"],
    }
    if "MD5OfMessageAttributes" in message:
        record["md5OfMessageAttributes"] = message["MD5OfMessageAttributes"]
    region = queue_arn.split(":")[3]
    return record | {"eventSource": "aws:sqs", "eventSourceARN": queue_arn, "awsRegion": region}


def _attribute(value: Mapping[str, Any]) -> dict[str, Any]:
    attribute: dict[str, Any] = {}
    if "StringValue" in value:
        attribute["stringValue"] = value["StringValue"]
    if "BinaryValue" in value:
        attribute["binaryValue"] = base64.b64encode(value["BinaryValue"]).decode()
    return attribute | {
        "stringListValues": [],
        "binaryListValues": [],
        "dataType": value["DataType"],
    }


def sqs_payloads(
    records: Iterable[Mapping[str, Any]], limit: int = MAX_PAYLOAD_BYTES
) -> Iterator[tuple[bytes, list[Mapping[str, Any]]]]:
    """Events as JSON with the records in them, cut where one would be larger than `limit` bytes.

    A record that is larger than that on its own still gets an event.
    """
    parts: list[bytes] = []
    inside: list[Mapping[str, Any]] = []
    size = 0
    for record in records:
        part = json.dumps(record, ensure_ascii=False, separators=(",", ":")).encode()
        if parts and size + len(part) > limit:
            yield _event(parts), inside
            parts, inside, size = [], [], 0
        parts.append(part)
        inside.append(record)
        size += len(part) + 1
    if parts:
        yield _event(parts), inside


def _event(records: Sequence[bytes]) -> bytes:
    return b'{"Records":[' + b",".join(records) + b"]}"


def failed_messages(payload: bytes, message_ids: Iterable[str]) -> frozenset[str]:
    """The messages that a partial batch response leaves in the queue.

    All of them when the response is not JSON, has no usable list, or names a message that is not
    in the batch; none when the list is empty or null, or the response is.
    """
    everything = frozenset(message_ids)
    try:
        response = json.loads(payload)
    except (ValueError, RecursionError):
        return everything
    if response is None or response == {}:
        return frozenset()
    if not isinstance(response, dict):
        return everything
    failures = response.get("batchItemFailures")
    if failures is None:
        return frozenset()
    if not isinstance(failures, list):
        return everything
    named = [item.get("itemIdentifier") if isinstance(item, dict) else None for item in failures]
    texts = [name for name in named if isinstance(name, str) and name in everything]
    return frozenset(texts) if len(texts) == len(named) else everything
