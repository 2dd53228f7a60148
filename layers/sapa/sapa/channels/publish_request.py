"""Events from outside: `POST /publish` and EventBridge, read into one shape.

Both carry `{"channel": …, "payload": {…}}`. Who may send them is IAM's business.
"""

import base64
import binascii
import json
from collections.abc import Mapping
from dataclasses import dataclass
from http import HTTPStatus
from typing import Any

from sapa.channels.channel import channel_name
from sapa.channels.publisher import check_payload
from sapa.errors import EventError, RequestError
from sapa.lambda_events import Event
from sapa.refusals import ChannelNameError, PayloadError, PayloadTooLargeError

_KEYS = ("channel", "payload")
_MAX_SHOWN_KEYS = 20
_MAX_SHOWN_KEY_LENGTH = 64


@dataclass(frozen=True, slots=True, kw_only=True)
class PublishRequest:
    """What is to be published, checked; `publisher` names the caller."""

    channel: str
    payload: Mapping[str, Any]
    publisher: str


def of_http(event: Event) -> PublishRequest:
    """Read a request of the HTTP API. Raises `RequestError` with 400 or 413."""
    value = _json(_body(event))
    if not isinstance(value, dict):
        raise _refused("not_an_object", "The body is a JSON object with channel and payload.", {})
    _check_keys(value)
    fields: dict[str, str] = {}
    channel, payload = value["channel"], value["payload"]
    try:
        channel_name(channel) if isinstance(channel, str) else fields.update(channel="is a text")
    except ChannelNameError as error:
        fields["channel"] = str(error)
    try:
        check_payload(str(channel), payload)
    except PayloadTooLargeError as error:
        raise RequestError(
            HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            error.code,
            str(error),
            fields={"payload": str(error)},
        ) from error
    except PayloadError as error:
        fields["payload"] = str(error)
        fields |= {f"payload.{key}": problem for key, problem in (error.fields or {}).items()}
    if fields:
        raise _refused("invalid_event", "This cannot be published.", fields)
    return PublishRequest(channel=channel, payload=payload, publisher=_caller(event))


def of_eventbridge(event: Event) -> PublishRequest:
    """Read an event of the bus.

    Raises `EventError`, `ChannelNameError` and `PayloadError`: nobody waits for an answer, so a
    wrong event has to end in a dead-letter queue.
    """
    detail = event.get("detail")
    if not isinstance(detail, Mapping):
        raise EventError("detail")
    channel, payload = detail.get("channel"), detail.get("payload")
    if not isinstance(channel, str):
        raise EventError("detail.channel")
    if not isinstance(payload, Mapping):
        raise EventError("detail.payload")
    check_payload(channel_name(channel), payload)
    # A schedule's input is no event of an account.
    publisher = f"eventbridge:{event['account']}" if "account" in event else "schedule"
    return PublishRequest(channel=channel, payload=payload, publisher=publisher)


def _body(event: Event) -> str:
    body = event.get("body") or ""
    if not event.get("isBase64Encoded"):
        return str(body)
    try:
        return base64.b64decode(body).decode()
    except (binascii.Error, ValueError) as error:
        raise _refused("invalid_json", "The body is not JSON.", {}) from error


def _json(text: str) -> object:
    try:
        value: object = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise _refused("invalid_json", "The body is not JSON.", {}) from error
    return value


def _check_keys(value: Mapping[str, object]) -> None:
    fields = {key: "is missing" for key in _KEYS if key not in value}
    strangers = sorted(value.keys() - set(_KEYS))[:_MAX_SHOWN_KEYS]
    fields |= {key[:_MAX_SHOWN_KEY_LENGTH]: "is not expected" for key in strangers}
    if fields:
        raise _refused("invalid_event", "The body has channel and payload, nothing else.", fields)


def _caller(event: Event) -> str:
    """The ARN that signed the request."""
    authorizer = event["requestContext"].get("authorizer") or {}
    return str((authorizer.get("iam") or {}).get("userArn") or "iam")


def _refused(code: str, message: str, fields: Mapping[str, str]) -> RequestError:
    return RequestError(HTTPStatus.BAD_REQUEST, code, message, fields=fields or None)
