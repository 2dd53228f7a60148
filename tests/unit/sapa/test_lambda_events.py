"""Events as typed values, with members missing or null."""

from typing import Any

import pytest

from sapa.errors import LambdaEventError
from sapa.lambda_events import (
    ConnectionEvent,
    HandshakeEvent,
    body_of,
    closing_of,
    header_values,
)


@pytest.mark.parametrize(
    ("event", "values"),
    [
        ({}, ()),
        ({"headers": None, "multiValueHeaders": None}, ()),
        ({"headers": {"COOKIE": "a"}}, ("a",)),
        ({"headers": {"cookie": "b"}, "multiValueHeaders": {"Cookie": ["a", "b"]}}, ("a", "b")),
        ({"multiValueHeaders": {"Cookie": ["a"], "cookie": ["b"]}}, ("a", "b")),
        ({"headers": {"X-Cookie": "a"}}, ()),
    ],
)
def test_header_values(event: dict[str, Any], values: tuple[str, ...]) -> None:
    assert header_values(event, "Cookie") == values


def test_handshake_without_query_has_the_default_endpoint() -> None:
    for query in ({}, {"queryStringParameters": None}, {"queryStringParameters": {"x": "y"}}):
        handshake = HandshakeEvent.from_event({"methodArn": "arn", **query}, "reply")
        assert handshake.endpoint == "reply"


def test_empty_endpoint_is_not_the_default_one() -> None:
    event = {"methodArn": "arn", "queryStringParameters": {"endpoint": ""}}
    assert HandshakeEvent.from_event(event, "reply").endpoint == ""


@pytest.mark.parametrize(
    ("context", "path"),
    [
        (None, "requestContext.connectionId"),
        ({"connectionId": 1}, "requestContext.connectionId"),
        ({"connectionId": "a"}, "requestContext.requestId"),
        ({"connectionId": "a", "requestId": "b"}, "requestContext.connectedAt"),
        (
            {"connectionId": "a", "requestId": "b", "connectedAt": 1, "requestTimeEpoch": 2},
            "requestContext.authorizer.username",
        ),
    ],
)
def test_missing_member_is_named(context: object, path: str) -> None:
    with pytest.raises(LambdaEventError) as missing:
        ConnectionEvent.from_event({"requestContext": context})
    assert missing.value.path == path


@pytest.mark.parametrize(
    ("expires_at", "is_over"),
    [({}, False), ({"expires_at": "2"}, True), ({"expires_at": "3"}, False)]
    + [({"expires_at": wrong}, True) for wrong in ("", "-1", "x", "٣")],
)
def test_login_is_over_at_its_expiry(expires_at: dict[str, str], is_over: bool) -> None:
    authorizer = {"username": "ana", "endpoint": "reply", "session_id": "s", **expires_at}
    context = {
        "connectionId": "a",
        "requestId": "b",
        "connectedAt": 1_000,
        "requestTimeEpoch": 2_999,
        "authorizer": authorizer,
    }
    assert ConnectionEvent.from_event({"requestContext": context}).is_session_over is is_over


def test_body_and_closing_can_be_missing() -> None:
    assert body_of({}) == body_of({"body": None}) == ""
    assert closing_of({}) == (None, None)
    assert closing_of({"requestContext": {"disconnectStatusCode": 1006}}) == (1006, None)
