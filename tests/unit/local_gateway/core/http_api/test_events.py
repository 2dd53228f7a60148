import base64
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model

from local_gateway.core.http import Headers, Request
from local_gateway.core.http_api.events import http_event, iam_context
from local_gateway.core.iam.signer import Signer
from local_gateway.core.model import HttpApi, HttpRoute, HttpStage
from tests.unit.local_gateway.core.samples import CONNECTED_AT, REQUEST_ID, STAMP

API = HttpApi(logical_id="HttpApi", api_id="f6g7h8i9j0", routes=(), stages=())
DOMAIN = "f6g7h8i9j0.execute-api.eu-west-1.amazonaws.com"


def request(**changes: Any) -> Request:
    headers = Headers(changes.pop("headers", (("Host", DOMAIN),)))
    defaults = {"method": "POST", "path": "/login", "source_ip": "192.0.2.7"}
    return Request(headers=headers, **(defaults | changes))


def event(
    stage: HttpStage | None = None, parameters: dict[str, str] | None = None, **changes: Any
) -> dict[str, Any]:
    return http_event(
        API,
        stage or HttpStage(name="$default"),
        HttpRoute(route_key="$default", function="F"),
        request(**changes),
        STAMP,
        path_parameters=parameters or {},
        domain_name=DOMAIN,
        port=8080,
        account_id="123456789012",
    )


def test_an_event_in_full_comes_in_the_documented_order() -> None:
    made = event(
        HttpStage(name="dev", variables={"color": "red"}),
        {"name": "a b"},
        path="/dev/my%20path",
        query_string="a=1&b=x%20y&a=2&empty=",
        headers=(
            ("Host", DOMAIN),
            ("User-Agent", "Probe/1"),
            ("X-Tag", "one"),
            ("cookie", "a=b; c=d"),
            ("x-tag", "two"),
            ("Cookie", "e=f;"),
            ("Connection", "keep-alive"),
            ("Content-Type", "application/json"),
            ("X-Forwarded-For", "203.0.113.1"),
            ("X-Forwarded-Proto", "gopher"),
        ),
        body=b'{"a": "\xe2\x82\xac"}',
    )
    trace = made["headers"].pop("x-amzn-trace-id")
    assert trace.startswith("Root=1-")
    wanted = {
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": "/dev/my path",
        "rawQueryString": "a=1&b=x%20y&a=2&empty=",
        "cookies": ["a=b", "c=d", "e=f"],
        "headers": {
            "content-length": "12",
            "content-type": "application/json",
            "host": DOMAIN,
            "user-agent": "Probe/1",
            "x-forwarded-for": "203.0.113.1, 192.0.2.7",
            "x-forwarded-port": "8080",
            "x-forwarded-proto": "http",
            "x-tag": "one,two",
        },
        "queryStringParameters": {"a": "1,2", "b": "x y", "empty": ""},
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "f6g7h8i9j0",
            "domainName": DOMAIN,
            "domainPrefix": "f6g7h8i9j0",
            "http": {
                "method": "POST",
                "path": "/dev/my path",
                "protocol": "HTTP/1.1",
                "sourceIp": "192.0.2.7",
                "userAgent": "Probe/1",
            },
            "requestId": REQUEST_ID,
            "routeKey": "$default",
            "stage": "dev",
            "time": "09/Feb/2024:18:11:43 +0000",
            "timeEpoch": CONNECTED_AT + 3,
        },
        "body": '{"a": "€"}',
        "pathParameters": {"name": "a b"},
        "stageVariables": {"color": "red"},
        "isBase64Encoded": False,
    }
    assert json.dumps(made) == json.dumps(wanted)
    APIGatewayProxyEventV2Model.model_validate(event())


def test_what_a_request_does_not_have_is_absent() -> None:
    assert list(event()) == [
        "version",
        "routeKey",
        "rawPath",
        "rawQueryString",
        "headers",
        "requestContext",
        "isBase64Encoded",
    ]
    assert event()["requestContext"]["http"]["userAgent"] == ""
    assert event()["isBase64Encoded"] is False


@pytest.mark.parametrize(
    ("content_type", "body"),
    [
        (None, b"plain"),
        ("text/html; charset=utf-8", b"<p>"),
        ("application/json", b"{}"),
        ("APPLICATION/JSON", b"{}"),
        ("application/vnd.api+json", b"{}"),
        ("application/xml", b"<a/>"),
        ("application/javascript", b"1"),
    ],
)
def test_text_travels_as_it_is(content_type: str | None, body: bytes) -> None:
    headers = (("content-type", content_type),) if content_type else ()
    made = event(headers=headers, body=body)
    assert (made["body"], made["isBase64Encoded"]) == (body.decode(), False)


@pytest.mark.parametrize(
    ("headers", "body"),
    [
        ((("content-type", "application/x-www-form-urlencoded"),), b"a=1"),
        ((("content-type", "multipart/form-data; boundary=x"),), b"--x--"),
        ((("content-type", "image/png"),), b"\x89PNG"),
        ((("content-type", "application/jsonish"),), b"{}"),
        ((("content-type", "application/json"),), b"\xff"),
        ((("content-type", "text/plain"), ("content-encoding", "gzip")), b"x"),
        ((), b"\xff\x00"),
    ],
)
def test_anything_else_is_base64(headers: tuple[tuple[str, str], ...], body: bytes) -> None:
    made = event(headers=headers, body=body)
    assert made["isBase64Encoded"] is True
    assert base64.b64decode(made["body"], validate=True) == body


def test_a_signed_request_names_its_caller() -> None:
    context = iam_context(Signer("AKID", "123456789012", "arn:aws:iam::123456789012:user/local"))
    iam = context["iam"]
    assert (iam["accessKey"], iam["callerId"], iam["userId"]) == ("AKID",) * 3
    assert iam["userArn"] == "arn:aws:iam::123456789012:user/local"
    made = http_event(
        API,
        HttpStage(name="$default"),
        HttpRoute(route_key="$default", function="F"),
        request(),
        STAMP,
        path_parameters={},
        domain_name=DOMAIN,
        port=8080,
        account_id="123456789012",
        authorizer=context,
    )
    assert made["requestContext"]["authorizer"] == context
