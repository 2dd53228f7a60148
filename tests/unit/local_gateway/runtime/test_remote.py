"""Answers of the Invoke operation, as SAM and as Lambda itself give them."""

from pathlib import Path

import pytest
from multidict import CIMultiDict

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.remote import interpret

FUNCTION = LambdaFunction(
    logical_id="Fn",
    name="stack-Fn",
    arn="arn:aws:lambda:us-east-1:123456789012:function:stack-Fn",
    runtime="nodejs22.x",
    handler="index.handler",
    code=Path(),
    timeout=3.0,
    memory_size=128,
)
RAISED = {"x-amz-function-error": "Unhandled"}
NOTICE = b"Task timed out after 3.00 seconds"
ERROR = b'{"errorMessage": "\'x\'", "errorType": "KeyError", "stackTrace": []}'


@pytest.mark.parametrize(
    ("status", "headers", "body", "seconds", "expected"),
    [
        (200, {}, b'{"statusCode": 200}', 0.1, Succeeded(b'{"statusCode": 200}')),
        (200, {}, b"null", 9.9, Succeeded(b"null")),
        (200, {}, ERROR, 0.1, Succeeded(ERROR)),
        (200, RAISED, ERROR, 0.1, Failed("KeyError", "'x'")),
        (200, RAISED, b'{"errorMessage": "gone"}', 0.1, Failed("Unhandled", "gone")),
        (200, RAISED, b"not JSON", 0.1, Failed("Unhandled", "")),
        (200, RAISED, b'{"errorMessage": "2026-11-03T10:00Z 8c-1 %s"}' % NOTICE, 3, TimedOut(3.0)),
        (200, RAISED, b'{"errorMessage": "%s"}' % NOTICE, 3, TimedOut(3.0)),
        (200, {}, NOTICE, 3, TimedOut(3.0)),
        (200, {}, b'"%s"' % NOTICE, 3, Succeeded(b'"%s"' % NOTICE)),
        (200, {}, b"", 3.2, TimedOut(3.0)),
        (429, {}, b"", 0.1, Throttled()),
    ],
)
def test_an_answer_is_a_result(
    status: int, headers: dict[str, str], body: bytes, seconds: float, expected: InvocationResult
) -> None:
    assert interpret(FUNCTION, status, CIMultiDict(headers), body, seconds) == expected


@pytest.mark.parametrize(
    ("status", "body", "error_type", "said"),
    [
        (200, b"", "Runtime.ExitError", "ended without a result"),
        (501, b'{"Type": "LocalService", "Message": "Inline"}', "LambdaEndpoint.Refused", "Inline"),
        (500, b'{"Type": "Service", "Message": "ServiceException"}', "LambdaEndpoint.Refused", "5"),
        (404, b"<html>", "LambdaEndpoint.Refused", "status 404: no reason given"),
        (400, b"[]", "LambdaEndpoint.Refused", "status 400: no reason given"),
    ],
)
def test_everything_else_is_a_failure(status: int, body: bytes, error_type: str, said: str) -> None:
    result = interpret(FUNCTION, status, {}, body, 0.1)
    assert isinstance(result, Failed)
    assert result.error_type == error_type
    assert said in result.message
