import json
from typing import Any

import pytest

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.websocket.integration_response import (
    ProxyResponse,
    malformed_reason,
    proxy_response,
)


def response(**answer: Any) -> ProxyResponse:
    read = proxy_response(Succeeded(json.dumps({"statusCode": 200, **answer}).encode()))
    assert read is not None
    return read


@pytest.mark.parametrize(
    "result",
    [
        Failed("E", "m"),
        TimedOut(29.0),
        Throttled(),
        Succeeded(b"null"),
        Succeeded(b"not json"),
        Succeeded(b"[200]"),
        Succeeded(b'{"body": "x"}'),
        Succeeded(b'{"statusCode": true}'),
        Succeeded(b'{"statusCode": 200.0}'),
        Succeeded(b'{"statusCode": "2xx"}'),
        Succeeded(b'{"statusCode": 99}'),
    ],
)
def test_a_failure_or_another_shape_is_unusable(result: InvocationResult) -> None:
    assert proxy_response(result) is None


@pytest.mark.parametrize(
    ("payload", "reason"),
    [
        (b"null", "the function returned nothing"),
        (b"true", "the function returned a boolean"),
        (b"7", "the function returned a number"),
        (b'"ok"', "the function returned a string"),
        (b"[200]", "the function returned a list"),
        (b"{}", "the function returned an object without one"),
        (b'{"statusCode": null}', "statusCode is null"),
        (b'{"statusCode": 200.0}', "statusCode is 200.0"),
        (b'{"statusCode": 99}', "statusCode is 99"),
        (b"not json", "the function returned what is not JSON"),
        (b"[" * 100_000, "the function returned what is not JSON"),
    ],
)
def test_valid_json_that_is_no_response_has_a_reason(payload: bytes, reason: str) -> None:
    expected = f"Malformed Lambda proxy response: expected an integer statusCode, and {reason}"
    assert malformed_reason(Succeeded(payload)) == expected
    assert proxy_response(Succeeded(payload)) is None


def test_a_response_is_not_malformed() -> None:
    assert malformed_reason(Succeeded(b'{"statusCode": "200"}')) is None


@pytest.mark.parametrize(
    ("body", "text"), [(None, None), ("", ""), ("é", "é"), ({"a": "é"}, '{"a": "é"}'), (7, "7")]
)
def test_a_body_is_text_or_the_json_of_anything_else(body: object, text: str | None) -> None:
    assert response(body=body).body == text


def test_a_header_has_its_last_value_in_whatever_spelling() -> None:
    read = response(
        headers={"X-One": 1, "X-None": None},
        multiValueHeaders={"x-many": ["a", "b"], "x-empty": [], "x-text": "c"},
    )
    assert read.headers.get("x-one") == "1"
    assert read.headers.get("X-Many") == "b"
    assert {name for name, _ in read.headers} == {"X-One", "x-many"}


@pytest.mark.parametrize("headers", [None, [], "x"])
def test_headers_of_another_shape_are_none(headers: object) -> None:
    assert response(headers=headers, multiValueHeaders=headers).headers == ()
