"""The lines of a recording.

The first line is a header, `{"type": "recording", "version": 1, "redacted": true}`. Every further
line is an invocation or a call of the management API. `number` counts invocations in the order in
which they began, from 0; a line is written when the invocation has ended, so the numbers of
invocations that ran at the same time may stand out of order.
"""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut

VERSION = 1
UNFINISHED = "unfinished"


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedInvocation:
    """An event and its result.

    `route_key` and `event_type` are those that API Gateway writes into the event, if it does.
    `result` has a `kind` (succeeded, failed, timed_out, throttled, unfinished) and its details.
    `time` is ISO 8601, `duration_ms` is `None` for an invocation that did not end.
    """

    number: int
    time: str
    function: str
    route_key: str | None
    event_type: str | None
    connection_id: str | None
    event: Any
    result: Mapping[str, Any]
    duration_ms: float | None
    cold: bool

    def as_json(self) -> dict[str, Any]:
        """The members of the line."""
        return {
            "type": "invocation",
            "number": self.number,
            "time": self.time,
            "function": self.function,
            "route_key": self.route_key,
            "event_type": self.event_type,
            "connection_id": self.connection_id,
            "event": self.event,
            "result": dict(self.result),
            "duration_ms": self.duration_ms,
            "cold": self.cold,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordedCall:
    """A call of the management API; `data` is the posted text, if it was accepted.

    `during` are the numbers of the invocations that were running. One of them made the call, or a
    program outside the gateway.
    """

    time: str
    method: str
    connection_id: str
    status: int
    data: str | None
    during: tuple[int, ...]

    def as_json(self) -> dict[str, Any]:
        """The members of the line."""
        return {
            "type": "management",
            "time": self.time,
            "method": self.method,
            "connection_id": self.connection_id,
            "status": self.status,
            "data": self.data,
            "during": list(self.during),
        }


def header(*, redacted: bool) -> dict[str, Any]:
    """The first line."""
    return {"type": "recording", "version": VERSION, "redacted": redacted}


def result_json(result: InvocationResult) -> dict[str, Any]:
    """A result with its kind; bytes that a handler returned are text, or base64 if necessary."""
    match result:
        case Succeeded(payload):
            return {"kind": "succeeded", **_payload(payload)}
        case Failed(error_type, message):
            return {"kind": "failed", "error_type": error_type, "message": message}
        case TimedOut(seconds):
            return {"kind": "timed_out", "seconds": seconds}
        case Throttled():
            return {"kind": "throttled"}


def _payload(payload: bytes) -> dict[str, Any]:
    try:
        return {"payload": json.loads(payload)}
    except (ValueError, RecursionError):
        pass
    try:
        return {"payload_text": payload.decode()}
    except UnicodeDecodeError:
        return {"payload_base64": base64.b64encode(payload).decode("ascii")}


def route_of(event: Any) -> tuple[str | None, str | None, str | None]:
    """Route key, event type and connection id of an event; `None` for each that it does not have.

    The type of an authorizer's event is REQUEST or TOKEN, of an HTTP or REST API's HTTP. The type
    of other services' events is the source that they name, such as `aws:sqs`, or an EventBridge
    detail type.
    """
    if not isinstance(event, dict):
        return None, None, None
    context = event.get("requestContext")
    context = context if isinstance(context, dict) else {}
    route_key = _text(context.get("routeKey")) or _text(event.get("routeKey"))
    if route_key is None and "httpMethod" in context:
        route_key = f"{context['httpMethod']} {context.get('resourcePath')}"
    event_type: str | None
    if event.get("type") in ("REQUEST", "TOKEN"):
        event_type = event["type"]
    elif "http" in context or "httpMethod" in context:
        event_type = "HTTP"
    else:
        event_type = _text(context.get("eventType")) or _source(event)
    return route_key, event_type, _text(context.get("connectionId"))


def _source(event: Mapping[str, Any]) -> str | None:
    records = event.get("Records")
    if isinstance(records, list) and records and isinstance(records[0], dict):
        return _text(records[0].get("eventSource")) or _text(records[0].get("EventSource"))
    return _text(event.get("detail-type"))


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None
