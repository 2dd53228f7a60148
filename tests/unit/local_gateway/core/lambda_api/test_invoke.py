"""What a call of Invoke asks for, what is refused, and what is answered."""

import json

import pytest

from local_gateway.core.http import Headers, Request
from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
)
from local_gateway.core.lambda_api.errors import LambdaApiError, ThrottledError
from local_gateway.core.lambda_api.invoke import (
    MAX_ASYNCHRONOUS_BYTES,
    MAX_BYTES,
    InvocationType,
    accepted,
    answer_to,
    function_error,
    parse_call,
    permitted,
)

PATH = "/2015-03-31/functions/F/invocations"


def request(
    path: str = PATH,
    body: bytes = b"{}",
    query: str = "",
    method: str = "POST",
    **headers: str,
) -> Request:
    pairs = Headers((name.replace("_", "-"), value) for name, value in headers.items())
    return Request(method=method, path=path, query_string=query, headers=pairs, body=body)


def invocation(result: InvocationResult) -> Invocation:
    return Invocation(result=result, request_id="id", cold=False, duration=0.1)


def test_call_is_synchronous_unless_it_says_otherwise() -> None:
    call = parse_call(request(body=b'{"a":1}'))
    assert call.function_name == "F"
    assert call.invocation_type is InvocationType.REQUEST_RESPONSE
    assert call.payload == b'{"a":1}'
    assert call.qualifier is None
    assert not call.wants_log


def test_call_with_everything() -> None:
    call = parse_call(
        request(
            "/2015-03-31/functions/arn%3Aaws%3Alambda%3Af/invocations/",
            query="Qualifier=live",
            X_Amz_Invocation_Type="Event",
            X_Amz_Log_Type="Tail",
            Content_Type="application/json; charset=utf-8",
        )
    )
    assert call.function_name == "arn:aws:lambda:f"
    assert call.qualifier == "live"
    assert call.invocation_type is InvocationType.EVENT
    assert call.wants_log


def test_empty_payload_is_an_empty_object() -> None:
    assert parse_call(request(body=b"")).payload == b"{}"


def test_invoke_async_is_asynchronous() -> None:
    call = parse_call(request("/2014-11-13/functions/F/invoke-async/"))
    assert call.invocation_type is InvocationType.EVENT


@pytest.mark.parametrize(
    ("refused", "status", "error_type"),
    [
        (request(body=b"{"), 400, "InvalidRequestContentException"),
        (request(body=b"\xff"), 400, "InvalidRequestContentException"),
        (request(body=b"NaN"), 400, "InvalidRequestContentException"),
        (request(body="{}".encode("utf-16")), 400, "InvalidRequestContentException"),
        (request(body="{}".encode("utf-8-sig")), 400, "InvalidRequestContentException"),
        (request(body=b"[" * 200_000), 400, "InvalidRequestContentException"),
        (request(body=b"1" * (MAX_BYTES + 1)), 413, "RequestTooLargeException"),
        (
            request(body=b"1" * (MAX_ASYNCHRONOUS_BYTES + 1), X_Amz_Invocation_Type="Event"),
            413,
            "RequestTooLargeException",
        ),
        (request(X_Amz_Invocation_Type="Later"), 400, "InvalidParameterValueException"),
        (request(Content_Type="text/html"), 415, "UnsupportedMediaTypeException"),
        (request(method="GET"), 405, "MethodNotAllowedException"),
        (request("/2015-03-31/functions/F/code"), 404, "UnknownOperationException"),
        (request("/2015-03-31/functions/"), 404, "UnknownOperationException"),
        (request("/2015-03-31/layers/F/invocations"), 404, "UnknownOperationException"),
        (
            request("/2021-11-15/functions/F/response-streaming-invocations"),
            501,
            "NotImplementedException",
        ),
    ],
)
def test_calls_that_are_refused(refused: Request, status: int, error_type: str) -> None:
    with pytest.raises(LambdaApiError) as raised:
        parse_call(refused)
    assert (raised.value.status, raised.value.error_type) == (status, error_type)


def test_payloads_at_the_limits_are_taken() -> None:
    assert len(parse_call(request(body=b"1" * 4000)).payload) == 4000
    largest = request(body=b'"' + b"x" * (MAX_ASYNCHRONOUS_BYTES - 2) + b'"')
    assert len(parse_call(largest).payload) == MAX_ASYNCHRONOUS_BYTES


def test_result_is_answered_with_the_version_that_ran() -> None:
    response = answer_to(invocation(Succeeded(b"3")), "1", "bG9n")
    assert (response.status, response.body) == (200, b"3")
    assert response.headers.get("X-Amz-Executed-Version") == "1"
    assert response.headers.get("X-Amz-Log-Result") == "bG9n"
    assert response.headers.get("x-amzn-RequestId") == "id"
    assert response.headers.get("X-Amz-Function-Error") is None


@pytest.mark.parametrize(
    ("result", "error"),
    [
        (Failed("ValueError", "no", b'{"stackTrace": []}'), {"stackTrace": []}),
        (
            Failed("Runtime.ExitError", "no"),
            {"errorType": "Runtime.ExitError", "errorMessage": "no"},
        ),
        (
            TimedOut(3.0),
            {
                "errorType": "Sandbox.Timedout",
                "errorMessage": "RequestId: id Error: Task timed out after 3.00 seconds",
            },
        ),
    ],
)
def test_failure_of_a_function_is_a_200_with_its_error(
    result: InvocationResult, error: dict[str, object]
) -> None:
    response = answer_to(invocation(result), "$LATEST")
    assert response.status == 200
    assert response.headers.get("X-Amz-Function-Error") == "Unhandled"
    assert json.loads(response.body) == error


def test_what_no_function_has_seen_is_an_error_of_the_call() -> None:
    with pytest.raises(ThrottledError):
        answer_to(invocation(Throttled()), "$LATEST")
    with pytest.raises(LambdaApiError) as raised:
        answer_to(invocation(Failed("LambdaEndpoint.Unreachable", "gone")), "$LATEST")
    assert raised.value.status == 502
    assert function_error(invocation(Throttled())) is None


def test_asynchronous_calls_and_dry_runs_have_no_body() -> None:
    assert (accepted("id").status, accepted("id").body) == (202, b"")
    assert (permitted("id").status, permitted("id").body) == (204, b"")
