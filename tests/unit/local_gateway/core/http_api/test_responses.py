import json
from typing import Any

import pytest

from local_gateway.core.http import Headers, Response
from local_gateway.core.http_api.responses import (
    INTERNAL_SERVER_ERROR,
    NOT_FOUND,
    for_plain_http,
    http_response,
)
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut

JSON = Headers((("content-type", "application/json"),))
TEXT = ("content-type", "text/plain;charset=UTF-8")
PLAIN = Headers((TEXT,))


def returned(value: Any) -> Response:
    response, malformed = http_response(Succeeded(json.dumps(value).encode()))
    assert malformed is None
    return response


@pytest.mark.parametrize("value", [{"message": "hi"}, "hi", 7, None, [], {}, False])
def test_json_without_a_status_is_the_body_of_a_200(value: Any) -> None:
    assert returned(value) == Response(200, JSON, json.dumps(value).encode())


@pytest.mark.parametrize(
    ("answer", "response"),
    [
        ({"statusCode": 204}, Response(204, PLAIN)),
        ({"statusCode": "302", "body": None}, Response(302, PLAIN)),
        (
            {"statusCode": 201, "body": "€", "headers": {"Content-Type": "text/html"}},
            Response(201, Headers((("content-type", "text/html"),)), "€".encode()),
        ),
        (
            {"statusCode": 200, "body": "3q2+7w==", "isBase64Encoded": True},
            Response(200, PLAIN, b"\xde\xad\xbe\xef"),
        ),
        (
            {"statusCode": 200, "headers": {"X-N": 5, "X-B": True, "Content-Length": "99"}},
            Response(200, Headers((("x-n", "5"), ("x-b", "true"), TEXT))),
        ),
        (
            {"statusCode": 200, "headers": None, "cookies": ["a=b; HttpOnly", "c=d"]},
            Response(200, Headers((TEXT, ("set-cookie", "a=b; HttpOnly"), ("set-cookie", "c=d")))),
        ),
        ({"statusCode": 200, "body": "\ud800"}, Response(200, PLAIN, b"?")),
        ({"statusCode": 200, "cookies": None}, Response(200, PLAIN)),
    ],
)
def test_a_structured_answer_is_sent_as_it_says(answer: dict[str, Any], response: Response) -> None:
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
def test_an_answer_that_cannot_be_sent_is_a_500_with_its_reason(answer: dict[str, Any]) -> None:
    response, malformed = http_response(Succeeded(json.dumps(answer).encode()))
    assert response == INTERNAL_SERVER_ERROR
    assert malformed is not None
    assert malformed.startswith("Malformed Lambda proxy response: ")
    assert " must be " in malformed or " has characters " in malformed


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
    assert http_response(result)[0] == Response(status, JSON, body)


@pytest.mark.parametrize(
    ("cookie", "sent"),
    [
        ("a=1; Path=/; HttpOnly; Secure; SameSite=Lax", "a=1; Path=/; HttpOnly; SameSite=Lax"),
        ("a=1;secure", "a=1"),
        ("a=secure; SECURE ; Path=/", "a=secure; Path=/"),
        ("a=1; Path=/secure", "a=1; Path=/secure"),
        ("__Host-a=1; Secure; Path=/", "__Host-a=1; Secure; Path=/"),
        ("a=1; SameSite=None; Secure", "a=1; SameSite=None; Secure"),
    ],
)
def test_a_cookie_for_plain_http_loses_secure_unless_it_needs_it(cookie: str, sent: str) -> None:
    headers = Headers((("X-Text", "Secure; Secure"), ("Set-Cookie", cookie)))
    plain = for_plain_http(Response(200, headers, b""))
    assert plain.headers == (("X-Text", "Secure; Secure"), ("Set-Cookie", sent))


def test_an_unknown_path_is_not_found() -> None:
    assert Response(404, JSON, b'{"message":"Not Found"}') == NOT_FOUND


def test_with_format_1_0_a_result_has_to_be_a_response() -> None:
    response, problem = http_response(Succeeded(b'{"a": 1}'), "1.0")
    assert response.status == 500
    assert problem is not None


def test_with_format_1_0_headers_may_have_several_values() -> None:
    answer = {
        "statusCode": 200,
        "headers": {"Set-Cookie": "lost", "X-A": "1"},
        "multiValueHeaders": {"set-cookie": ["a=1", "b=2"]},
    }
    payload = Succeeded(json.dumps(answer).encode())
    assert http_response(payload, "1.0")[0].headers.get_all("set-cookie") == ["a=1", "b=2"]
    assert http_response(payload)[0].headers.get_all("set-cookie") == ["lost"]
