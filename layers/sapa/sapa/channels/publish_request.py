"""Events from outside: `POST /publish` and EventBridge, read into one shape.

Both carry `{"channel": …, "payload": {…}}`. IAM decides who may send them.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from sapa.channels.channel import channel_name
from sapa.channels.publisher import check_payload
from sapa.errors import (
    ChannelNameError,
    LambdaEventError,
    PayloadError,
    PayloadTooLargeError,
    RefusalError,
    refused_fields,
    shortened,
)
from sapa.lambda_events import LambdaEvent

_KEYS = ("channel", "payload")


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """A checked request to publish; `publisher` names the caller."""

    channel: str
    payload: Mapping[str, Any]
    publisher: str

    @classmethod
    def from_http(cls, event: LambdaEvent) -> Self:
        """Read a request of the HTTP API. Raises `RefusalError`."""
        value, repeated = _json(_body(event))
        if not isinstance(value, dict):
            text = "The body is a JSON object with channel and payload."
            raise RefusalError("not_an_object", text)
        _check_keys(value)
        channel, payload = value["channel"], value["payload"]
        if fields := _problems(channel, payload) | repeated:
            # `context.publish` has the same code for the same payload.
            code = "invalid_event" if "channel" in fields else "invalid_payload"
            raise RefusalError(code, "This cannot be published.", fields)
        return cls(channel=channel, payload=payload, publisher=_caller(event))

    @classmethod
    def from_eventbridge(cls, event: LambdaEvent) -> Self:
        """Read an event of the bus.

        Raises `LambdaEventError`, `ChannelNameError` and `PayloadError`: nobody waits for an
        answer, so a wrong event has to end in a dead-letter queue.
        """
        detail = event.get("detail")
        if not isinstance(detail, Mapping):
            raise LambdaEventError("detail")
        channel, payload = detail.get("channel"), detail.get("payload")
        if not isinstance(channel, str):
            raise LambdaEventError("detail.channel")
        if not isinstance(payload, Mapping):
            raise LambdaEventError("detail.payload")
        check_payload(channel_name(channel), payload)
        # A schedule's input is not an event of an account.
        publisher = f"eventbridge:{event['account']}" if "account" in event else "schedule"
        return cls(channel=channel, payload=payload, publisher=publisher)


def _body(event: LambdaEvent) -> str:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body).decode()
    except (binascii.Error, ValueError) as error:
        raise RefusalError("invalid_json", "The body is not JSON.") from error


def _json(text: str) -> tuple[object, dict[str, str]]:
    """The value, and the problem of each key whose object has a key twice."""
    repeated: list[tuple[object, str]] = []

    def read_object(pairs: list[tuple[str, object]]) -> dict[str, object]:
        content = dict(pairs)
        if len(content) != len(pairs):
            keys = [key for key, _ in pairs]
            repeated.append((content, next(key for key in content if keys.count(key) > 1)))
        return content

    try:
        value: object = json.loads(text, object_pairs_hook=read_object)
    except (ValueError, RecursionError) as error:
        raise RefusalError("invalid_json", "The body is not JSON.") from error
    problems = {}
    for content, key in repeated:
        if content is value:
            problems[shortened(key)] = "is given twice"
        else:
            problems["payload"] = f"The key {shortened(key)} is given twice in an object."
    return value, problems


def _check_keys(value: Mapping[str, object]) -> None:
    fields = {key: "is missing" for key in _KEYS if key not in value}
    fields |= refused_fields(value.keys() - set(_KEYS), "is not expected")
    if fields:
        text = "The body has channel and payload, nothing else."
        raise RefusalError("invalid_event", text, fields)


def _problems(channel: object, payload: Any) -> dict[str, str]:
    """The problems of both, by key. Raises `RefusalError` for a payload that is too large."""
    fields: dict[str, str] = {}
    if isinstance(channel, str):
        try:
            channel_name(channel)
        except ChannelNameError as error:
            fields["channel"] = error.message
    else:
        fields["channel"] = "is a text"
    try:
        check_payload(str(channel), payload)
    except PayloadTooLargeError as error:
        fields = {"payload": error.message}
        raise RefusalError(error.code, error.message, fields) from error
    except PayloadError as error:
        fields["payload"] = error.message
        fields |= {f"payload.{key}": problem for key, problem in (error.fields or {}).items()}
    return fields


def _caller(event: LambdaEvent) -> str:
    """The ARN that signed the request."""
    authorizer = event["requestContext"].get("authorizer") or {}
    return str((authorizer.get("iam") or {}).get("userArn") or "iam")
