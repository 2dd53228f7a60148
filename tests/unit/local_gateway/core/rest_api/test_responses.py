"""What a function's result becomes."""

import json
from typing import Any

import pytest

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.rest_api.gateway_responses import Refusal
from local_gateway.core.rest_api.responses import proxy_response


def answer(content: Any, accept: str = "*/*", binary: tuple[str, ...] = ()) -> Response | Refusal:
    request = Request(method="GET", path="/", headers=Headers((("Accept", accept),)))
    return proxy_response(Succeeded(json.dumps(content).encode()), request, binary)


def response(content: Any, accept: str = "*/*", binary: tuple[str, ...] = ()) -> Response:
    made = answer(content, accept, binary)
    assert isinstance(made, Response)
    return made


@pytest.mark.parametrize(
    ("content", "status", "headers", "body"),
    [
        ({"statusCode": 201, "body": "x"}, 201, [("Content-Type", "application/json")], b"x"),
        ({"statusCode": "204"}, 204, [("Content-Type", "application/json")], b""),
        ({}, 200, [("Content-Type", "application/json")], b""),
        (
            {"statusCode": 200, "headers": {"content-type": "a/b", "X-N": 5}, "body": None},
            200,
            [("content-type", "a/b"), ("X-N", "5")],
            b"",
        ),
        (
            {
                "statusCode": 200,
                "headers": {"Content-Type": "a/b", "x-a": "lost", "X-B": True},
                "multiValueHeaders": {"X-A": ["1", "2"]},
            },
            200,
            [("Content-Type", "a/b"), ("X-B", "true"), ("X-A", "1"), ("X-A", "2")],
            b"",
        ),
        (
            {"statusCode": 200, "headers": {"Content-Type": "a/b", "Content-Length": "9"}},
            200,
            [("Content-Type", "a/b")],
            b"",
        ),
    ],
)
def test_responses(content: Any, status: int, headers: list[tuple[str, str]], body: bytes) -> None:
    made = response(content)
    assert (made.status, list(made.headers), made.body) == (status, headers, body)


def test_headers_of_api_gateway_get_other_names() -> None:
    headers = {"WWW-Authenticate": "Basic", "date": "x", "Content-Type": "a/b"}
    assert list(response({"statusCode": 401, "headers": headers}).headers) == [
        ("x-amzn-Remapped-WWW-Authenticate", "Basic"),
        ("x-amzn-Remapped-date", "x"),
        ("Content-Type", "a/b"),
    ]


@pytest.mark.parametrize(
    ("accept", "binary", "body"),
    [
        ("image/png", ("image/png",), b"hi"),
        ("image/png, text/html", ("image/png",), b"hi"),
        ("text/html, image/png", ("image/png",), b"aGk="),
        ("text/html", ("*/*",), b"hi"),
        ("image/png", (), b"aGk="),
    ],
)
def test_base64_is_decoded_for_the_first_accepted_media_type(
    accept: str, binary: tuple[str, ...], body: bytes
) -> None:
    content = {"statusCode": 200, "body": "aGk=", "isBase64Encoded": True}
    assert response(content, accept, binary).body == body


@pytest.mark.parametrize(
    "content",
    [
        None,
        "text",
        [],
        {"statusCode": 200, "body": {}},
        {"statusCode": 200, "body": 5},
        {"statusCode": "ok"},
        {"statusCode": 99},
        {"statusCode": None},
        {"statusCode": 200, "more": 1},
        {"statusCode": 200, "cookies": []},
        {"statusCode": 200, "headers": []},
        {"statusCode": 200, "headers": {"X": {}}},
        {"statusCode": 200, "headers": {"X": "a\nb"}},
        {"statusCode": 200, "headers": {"X Y": "a"}},
        {"statusCode": 200, "multiValueHeaders": {"X": "a"}},
        {"statusCode": 200, "multiValueHeaders": {"X": ["a\nb"]}},
        {"statusCode": 200, "multiValueHeaders": {"X:": ["a"]}},
    ],
)
def test_a_malformed_result_is_502(content: Any) -> None:
    made = answer(content)
    assert isinstance(made, Refusal)
    assert (made.status, made.message) == (502, "Internal server error")
    assert str(made.cause).startswith("Malformed Lambda proxy response: ")


@pytest.mark.parametrize(
    ("result", "status", "cause"),
    [
        (Failed("ValueError", "secret"), 502, "ValueError: secret"),
        (Throttled(), 502, "no execution environment is free"),
        (TimedOut(29.0), 504, "no answer within 29 s"),
        (Succeeded(b"not json"), 502, "Malformed Lambda proxy response: the result is not JSON"),
        (Succeeded(b"[" * 9000), 502, "Malformed Lambda proxy response: the result is not JSON"),
    ],
)
def test_a_failure_has_its_status_and_leaks_nothing(
    result: InvocationResult, status: int, cause: str
) -> None:
    made = proxy_response(result, Request(method="GET", path="/"), ())
    assert isinstance(made, Refusal)
    assert (made.status, made.cause) == (status, cause)
    assert "secret" not in str(made.message)
