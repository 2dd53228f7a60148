"""The records that Lambda sends to the destinations of invocations.

Source: Lambda developer guide, "Capturing records of Lambda asynchronous invocations"
(invocation-async-retain-records) and "Retaining discarded records" (kinesis-on-failure-destination,
services-dynamodb-errors).
"""

import json
from collections.abc import Mapping
from typing import Any

from local_gateway.core.invocation import Invocation, Succeeded, Throttled
from local_gateway.core.lambda_api.invoke import function_error
from local_gateway.core.timestamps import iso_time

SUCCESS = "Success"
RETRIES_EXHAUSTED = "RetriesExhausted"
EVENT_AGE_EXCEEDED = "EventAgeExceeded"
RETRY_ATTEMPTS_EXHAUSTED = "RetryAttemptsExhausted"

_VERSION = "$LATEST"


def asynchronous_record(
    invocation: Invocation,
    *,
    at: int,
    function_arn: str,
    payload: str,
    condition: str,
    attempts: int,
) -> dict[str, Any]:
    """What a destination gets about an asynchronous invocation."""
    record: dict[str, Any] = {
        "version": "1.0",
        "timestamp": iso_time(at),
        "requestContext": request_context(invocation, function_arn, condition, attempts),
        "requestPayload": _json_or_text(payload),
    }
    if not isinstance(invocation.result, Throttled):
        record["responseContext"] = response_context(invocation)
        record["responsePayload"] = _response_payload(invocation)
    return record


def request_context(
    invocation: Invocation, function_arn: str, condition: str, attempts: int
) -> dict[str, Any]:
    """The member of this name."""
    return {
        "requestId": invocation.request_id,
        "functionArn": f"{function_arn}:{_VERSION}",
        "condition": condition,
        "approximateInvokeCount": attempts,
    }


def response_context(invocation: Invocation) -> dict[str, Any]:
    """The member of this name: a function that failed has answered with 200, too."""
    context: dict[str, Any] = {"statusCode": 200, "executedVersion": _VERSION}
    if not isinstance(invocation.result, Succeeded):
        context["functionError"] = "Unhandled"
    return context


def _response_payload(invocation: Invocation) -> Any:
    result = invocation.result
    payload = result.payload if isinstance(result, Succeeded) else function_error(invocation)
    try:
        return json.loads(payload or b"null")
    except (ValueError, RecursionError):
        return None


def _json_or_text(payload: str) -> Any:
    """The payload; the input of a schedule may be any text."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return payload


def eventbridge_entry(
    record: Mapping[str, Any], bus_arn: str, *, is_success: bool
) -> dict[str, Any]:
    """The entry of `PutEvents` for a destination that is an event bus."""
    kind = "Success" if is_success else "Failure"
    return {
        "EventBusName": bus_arn,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {kind}",
        "Resources": [bus_arn, record["requestContext"]["functionArn"]],
        "Detail": json.dumps(record),
    }
