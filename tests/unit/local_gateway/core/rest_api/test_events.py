"""The events of REST APIs, member by member."""

import base64
import re
from dataclasses import replace

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel

from local_gateway.core.rest_api.events import (
    media_type_fits,
    proxy_event,
    request_authorizer_event,
    request_id,
    token_authorizer_event,
)
from local_gateway.core.timestamps import RequestStamp
from tests.unit.local_gateway.core.rest_api.samples import API, ARN, STAGE, rest_request

MEMBERS = [
    "resource",
    "path",
    "httpMethod",
    "headers",
    "multiValueHeaders",
    "queryStringParameters",
    "multiValueQueryStringParameters",
    "pathParameters",
    "stageVariables",
    "requestContext",
    "body",
    "isBase64Encoded",
]


def test_an_event_in_full() -> None:
    headers = (("X-A", "1"), ("x-a", "2"), ("Connection", "close"), ("User-Agent", "Probe/1"))
    event = proxy_event(rest_request(headers, query_string="a=1&a=%20"))
    assert list(event) == MEMBERS
    assert (event["resource"], event["path"]) == ("/pets/{id}", "/pets/5")
    assert event["headers"]["X-A"] == "2"
    assert event["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert "Connection" not in event["headers"]
    assert event["headers"]["X-Forwarded-For"] == "192.0.2.7"
    assert event["queryStringParameters"] == {"a": " "}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", " "]}
    assert event["pathParameters"] == {"id": "5"}
    assert event["stageVariables"] == {"colour": "blue"}
    context = event["requestContext"]
    assert context["resourcePath"] == "/pets/{id}"
    assert context["path"] == "/dev/pets/5"
    assert (context["stage"], context["protocol"]) == ("dev", "HTTP/1.1")
    assert context["requestTime"] == "09/Feb/2024:18:11:43 +0000"
    assert context["identity"]["sourceIp"] == "192.0.2.7"
    assert context["identity"]["userAgent"] == "Probe/1"
    assert context["identity"]["caller"] is None
    assert "apiKey" not in context["identity"]
    assert "authorizer" not in context


def test_what_a_request_does_not_have_is_null() -> None:
    rest = rest_request(path_parameters={}, stage=replace(STAGE, variables={}))
    event = proxy_event(rest)
    nulls = [name for name, value in event.items() if value is None]
    assert nulls == [
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "pathParameters",
        "stageVariables",
        "body",
    ]
    assert event["isBase64Encoded"] is False


def test_events_satisfy_strict_parsers() -> None:
    APIGatewayProxyEventModel.model_validate(proxy_event(rest_request(body=b"{}")))


def test_the_authorizer_and_the_caller_are_in_the_context() -> None:
    rest = rest_request(caller=(("userArn", "arn"), ("apiKey", "key")))
    context = proxy_event(rest, {"principalId": "ana"})["requestContext"]
    assert context["authorizer"] == {"principalId": "ana"}
    assert (context["identity"]["userArn"], context["identity"]["apiKey"]) == ("arn", "key")


@pytest.mark.parametrize(
    ("content_type", "binary", "is_base64"),
    [
        ("text/plain", (), False),
        ("image/png", (), False),
        ("image/png", ("image/png",), True),
        ("image/png; q=1", ("image/*",), True),
        ("IMAGE/PNG", ("image/png",), True),
        ("text/plain", ("*/*",), True),
        ("text/plain", ("image/png",), False),
    ],
)
def test_binary_media_types_alone_decide_about_base64(
    content_type: str, binary: tuple[str, ...], is_base64: bool
) -> None:
    api = replace(API, binary_media_types=binary)
    event = proxy_event(rest_request((("content-type", content_type),), body=b"hi", api=api))
    expected = base64.b64encode(b"hi").decode() if is_base64 else "hi"
    assert (event["body"], event["isBase64Encoded"]) == (expected, is_base64)


def test_a_media_type_that_is_missing_fits_the_wildcard_alone() -> None:
    assert media_type_fits(None, ("*/*",))
    assert not media_type_fits(None, ("image/png",))


def test_a_request_authorizer_sees_the_request_and_empty_maps() -> None:
    event = request_authorizer_event(rest_request(stage=replace(STAGE, variables={})))
    assert (event["type"], event["methodArn"]) == ("REQUEST", ARN)
    assert event["queryStringParameters"] == event["stageVariables"] == {}
    assert event["pathParameters"] == {"id": "5"}
    assert "body" not in event
    assert event["requestContext"]["resourcePath"] == "/pets/{id}"


def test_a_token_authorizer_sees_the_token_alone() -> None:
    assert token_authorizer_event(rest_request(), "abc") == {
        "type": "TOKEN",
        "methodArn": ARN,
        "authorizationToken": "abc",
    }


def test_a_request_id_is_a_uuid() -> None:
    form = r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-8[0-9a-f]{3}-[0-9a-f]{12}"
    assert re.fullmatch(form, request_id(RequestStamp(0, "a")))
    assert request_id(RequestStamp(0, "a")) != request_id(RequestStamp(0, "b"))
