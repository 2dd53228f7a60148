"""Answers of the Invoke operation, as SAM and as Lambda itself give them."""

import json
from pathlib import Path

import pytest
from multidict import CIMultiDict

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.remote import interpret
from tests.support.start_lambda import CAPTURED, CapturedAnswer

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
        (200, {}, ERROR, 0.1, Failed("KeyError", "'x'")),
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


# What the functions of `capture_answers.py` do, and how SAM's answers have to be read: the type of
# the error and a part of its message, or nothing for a success.
FAILURES = {
    "return like an error, two keys": ("T", "m"),
    "return like an error, three keys": ("T", "m"),
    "return like an error, another key": ("T", "m"),
    "raise": ("KeyError", "'x'"),
    "raise without a text": ("Silent", ""),
    "raise quotes": ("ValueError", 'a "quoted" ü\nsecond line'),
    "unserializable": ("Runtime.MarshalError", "set is not JSON serializable"),
    "large": ("Function.ResponseSizeTooLarge", "6291556 bytes"),
    "exit": ("Runtime.ExitError", "exit status 1"),
    "exit 0": ("Runtime.ExitError", "without providing a reason"),
    "sys.exit": ("Runtime.ExitError", "exit status 3"),
    "kill": ("Runtime.ExitError", "signal: killed"),
    "Syntax": ("Runtime.UserCodeSyntaxError", "app.py, line 1"),
    "Importing": ("Runtime.ImportModuleError", "No module named 'nothing_of_that_name'"),
    "Exiting": ("Runtime.ExitError", "without a result"),
    "Raising": ("ValueError", "at import"),
    "NoHandler": ("Runtime.HandlerNotFound", "Handler 'nothing' missing"),
    "NoCode": ("LambdaEndpoint.Refused", "the cause is in the terminal of `sam local`"),
    "Inline": ("LambdaEndpoint.Refused", "Inline code is not supported"),
    "Missing": ("LambdaEndpoint.Refused", "with the same template"),
    "not JSON": ("LambdaEndpoint.Refused", "Could not parse"),
    "another path": ("LambdaEndpoint.Refused", "PathNotFoundException"),
}
SUCCESSES = {name for name in CAPTURED if name.startswith("return ")} - FAILURES.keys() | {"print"}


def interpreted(name: str) -> InvocationResult:
    answer = CapturedAnswer.named(name)
    return interpret(FUNCTION, answer.status, CIMultiDict(answer.headers), answer.body, 0.1)


def test_each_answer_of_sam_is_expected_here() -> None:
    assert SUCCESSES | FAILURES.keys() | {"sleep"} == CAPTURED.keys()


@pytest.mark.parametrize("name", sorted(SUCCESSES))
def test_a_result_is_a_success_as_it_is(name: str) -> None:
    assert interpreted(name) == Succeeded(CapturedAnswer.named(name).body)


@pytest.mark.parametrize("name", FAILURES)
def test_an_error_is_a_failure_with_or_without_its_header(name: str) -> None:
    result = interpreted(name)
    assert isinstance(result, Failed)
    assert result.error_type == FAILURES[name][0]
    assert FAILURES[name][1] in result.message


def test_a_timeout_is_one() -> None:
    assert interpreted("sleep") == TimedOut(FUNCTION.timeout)


RUNTIME_ERROR = {
    "errorMessage": "m",
    "errorType": "T",
    "requestId": "5d669db9-d54f-4f8a-8c40-dc6ec3d10d8d",
    "stackTrace": [],
}


@pytest.mark.parametrize(
    ("changes", "fails"),
    [
        ({}, True),
        ({"trace": []}, True),
        ({"requestId": ""}, True),
        ({"requestId": "mine"}, False),
        ({"requestId": None}, False),
        ({"errorMessage": 1}, False),
        ({"errorType": None}, False),
        ({"statusCode": 200}, False),
    ],
)
def test_an_object_is_an_error_only_if_it_looks_like_one_throughout(
    changes: dict[str, object], fails: bool
) -> None:
    body = json.dumps(RUNTIME_ERROR | changes).encode()
    expected = Failed("T", "m") if fails else Succeeded(body)
    assert interpret(FUNCTION, 200, {}, body, 0.1) == expected
