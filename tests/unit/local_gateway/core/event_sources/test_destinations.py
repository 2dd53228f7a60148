"""Records for destinations."""

import json

import pytest

from local_gateway.core.event_sources.destinations import asynchronous_record, eventbridge_entry
from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
)

ARN = "arn:aws:lambda:us-east-1:123456789012:function:f"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/b"


def record(result: InvocationResult, payload: str = '{"a": 1}') -> dict[str, object]:
    invocation = Invocation(result=result, request_id="id", cold=False, duration=0.0)
    return asynchronous_record(
        invocation,
        at=1_707_502_303_042,
        function_arn=ARN,
        payload=payload,
        condition="Success",
        attempts=1,
    )


def test_record_of_a_success_in_full() -> None:
    assert record(Succeeded(b"[2]")) == {
        "version": "1.0",
        "timestamp": "2024-02-09T18:11:43.042Z",
        "requestContext": {
            "requestId": "id",
            "functionArn": f"{ARN}:$LATEST",
            "condition": "Success",
            "approximateInvokeCount": 1,
        },
        "requestPayload": {"a": 1},
        "responseContext": {"statusCode": 200, "executedVersion": "$LATEST"},
        "responsePayload": [2],
    }


@pytest.mark.parametrize(
    ("result", "payload"),
    [
        (Failed("ValueError", "no", b'{"stackTrace": []}'), {"stackTrace": []}),
        (Failed("ValueError", "no", b"no JSON"), None),
        (
            TimedOut(1),
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: id Error: Task timed out after 1.00 seconds",
            },
        ),
    ],
)
def test_record_of_a_failure_has_its_error(result: InvocationResult, payload: object) -> None:
    content = record(result)
    assert content["responseContext"] == {
        "statusCode": 200,
        "executedVersion": "$LATEST",
        "functionError": "Unhandled",
    }
    assert content["responsePayload"] == payload


def test_record_of_an_event_that_never_ran_has_no_response() -> None:
    assert not {"responseContext", "responsePayload"} & record(Throttled()).keys()


@pytest.mark.parametrize(("is_success", "kind"), [(True, "Success"), (False, "Failure")])
def test_event_bus_gets_the_record_as_an_event_of_lambda(is_success: bool, kind: str) -> None:
    content = record(Succeeded(b"1"))
    entry = eventbridge_entry(content, BUS, is_success=is_success)
    assert json.loads(entry.pop("Detail")) == content
    assert entry == {
        "EventBusName": BUS,
        "Source": "lambda",
        "DetailType": f"Lambda Function Invocation Result - {kind}",
        "Resources": [BUS, f"{ARN}:$LATEST"],
    }


def test_payload_that_is_no_json_is_a_text() -> None:
    assert record(Succeeded(b"1"), "go")["requestPayload"] == "go"
