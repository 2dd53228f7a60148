import json
from typing import Any

import pytest

from local_gateway.core.http_api import responses as http_responses
from local_gateway.core.http_api.responses import HttpResponse, http_response
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut

JSON = (("content-type", "application/json"),)
TEXT = ("content-type", "text/plain;charset=UTF-8")


def returned(value: Any) -> HttpResponse:
    return http_response(Succeeded(json.dumps(value).encode()))


@pytest.mark.parametrize("value", [{"message": "hi"}, "hi", 7, None, [], {}, False])
def test_json_without_a_status_is_the_body_of_a_200(value: Any) -> None:
    assert returned(value) == HttpResponse(200, JSON, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        ({"statusCode": 204}, HttpResponse(204, (TEXT,), b"")),
        ({"statusCode": "302", "body": None}, HttpResponse(302, (TEXT,), b"")),
        (
            {"statusCode": 201, "body": "€", "headers": {"Content-Type": "text/html"}},
            HttpResponse(201, (("content-type", "text/html"),), "€".encode()),
        ),
        (
            {"statusCode": 200, "body": "3q2+7w==", "isBase64Encoded": True},
            HttpResponse(200, (TEXT,), b"\xde\xad\xbe\xef"),
        ),
        (
            {"statusCode": 200, "headers": {"X-N": 5, "X-B": True, "Content-Length": "99"}},
            HttpResponse(200, (("x-n", "5"), ("x-b", "true"), TEXT), b""),
        ),
        (
            {"statusCode": 200, "headers": None, "cookies": ["a=b; HttpOnly", "c=d"]},
            HttpResponse(200, (TEXT, ("set-cookie", "a=b; HttpOnly"), ("set-cookie", "c=d")), b""),
        ),
        ({"statusCode": 200, "body": "\ud800"}, HttpResponse(200, (TEXT,), b"?")),
        ({"statusCode": 200, "cookies": None}, HttpResponse(200, (TEXT,), b"")),
    ],
)
def test_a_structured_answer_is_sent_as_it_says(
    answer: dict[str, Any], response: HttpResponse
) -> None:
    assert returned(answer) == response


@pytest.mark.parametrize(
    "answer",
    [
        {"statusCode": 99},
        {"statusCode": 600},
        {"statusCode": 200.0},
        {"statusCode": True},
        {"statusCode": None},
        {"statusCode": "ok"},
        {"statusCode": 200, "body": {"a": 1}},
        {"statusCode": 200, "body": "***", "isBase64Encoded": True},
        {"statusCode": 200, "body": "abc", "isBase64Encoded": True},
        {"statusCode": 200, "headers": ["a"]},
        {"statusCode": 200, "headers": {"a b": "c"}},
        {"statusCode": 200, "headers": {"": "c"}},
        {"statusCode": 200, "headers": {"a": ["c"]}},
        {"statusCode": 200, "headers": {"a": None}},
        {"statusCode": 200, "headers": {"a": "b\r\nSet-Cookie: c=d"}},
        {"statusCode": 200, "cookies": "a=b"},
        {"statusCode": 200, "cookies": [{}]},
        {"statusCode": 200, "cookies": ["a=b\nx: y"]},
    ],
)
def test_an_answer_that_cannot_be_sent_is_a_500(answer: dict[str, Any]) -> None:
    assert returned(answer) == http_responses.internal_server_error()


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        (Failed("Exception", "secret"), 500, "Internal Server Error"),
        (Succeeded(b"not json"), 500, "Internal Server Error"),
        (Succeeded(b"[" * 100_000), 500, "Internal Server Error"),
        (TimedOut(3.0), 503, "Service Unavailable"),
        (Throttled(), 503, "Service Unavailable"),
    ],
)
def test_a_failure_has_its_status_and_leaks_nothing(
    result: InvocationResult, status: int, message: str
) -> None:
    body = f'{{"message":"{message}"}}'.encode()
    assert http_response(result) == HttpResponse(status, JSON, body)


def test_an_unknown_path_is_not_found() -> None:
    assert http_responses.not_found() == HttpResponse(404, JSON, b'{"message":"Not Found"}')
