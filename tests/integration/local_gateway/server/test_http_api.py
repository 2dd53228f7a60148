"""HTTP APIs with payload format 2.0."""

import http.client
import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventV2Model

from tests.support.applications import ORIGIN
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway

SECONDS = 20.0


def ask(
    gateway: RunningGateway,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> tuple[http.client.HTTPResponse, bytes]:
    """One request."""
    connection = http.client.HTTPConnection(*gateway.address, timeout=SECONDS)
    try:
        connection.request(method, path, body, headers or {})
        response = connection.getresponse()
        return response, response.read()
    finally:
        connection.close()


def event_of(gateway: RunningGateway, method: str, path: str, *rest: Any) -> dict[str, Any]:
    """The event that the function got: it returns it, and any JSON is the body of a 200."""
    response, body = ask(gateway, method, path, *rest)
    assert response.status == 200
    assert response.getheader("content-type") == "application/json"
    event = json.loads(body)
    assert isinstance(event, dict)
    APIGatewayProxyEventV2Model.model_validate(event)
    return event


def test_an_event_of_the_default_stage(gateway: RunningGateway) -> None:
    event = event_of(gateway, "GET", "/echo/a%20b?q=1&q=2&e=&r=%C3%A9")
    assert event["version"] == "2.0"
    assert event["routeKey"] == event["requestContext"]["routeKey"] == "GET /echo/{name}"
    assert event["rawPath"] == event["requestContext"]["http"]["path"] == "/echo/a b"
    assert event["rawQueryString"] == "q=1&q=2&e=&r=%C3%A9"
    assert event["queryStringParameters"] == {"q": "1,2", "e": "", "r": "é"}
    assert event["pathParameters"] == {"name": "a b"}
    assert event["requestContext"]["stage"] == "$default"
    assert event["requestContext"]["http"]["sourceIp"] == "127.0.0.1"
    assert event["isBase64Encoded"] is False
    assert not {"body", "cookies", "stageVariables"} & set(event)


def test_each_cookie_of_an_answer_is_a_header_of_its_own(gateway: RunningGateway) -> None:
    response, _ = ask(gateway, "GET", "/cookies")
    assert response.status == 201
    cookies = [value for name, value in response.getheaders() if name.lower() == "set-cookie"]
    assert cookies == ["a=1; HttpOnly", "b=2"]
    assert response.getheader("x-custom") == "1"


@pytest.mark.parametrize("path", ["/v1", "/v2/echo/x"])
def test_an_unknown_path_is_404(gateway: RunningGateway, path: str) -> None:
    response, body = ask(gateway, "GET", path)
    assert (response.status, body) == (404, b'{"message":"Not Found"}')


def test_an_integration_timeout_is_503(gateway: RunningGateway, gate: Gate) -> None:
    response, body = ask(gateway, "GET", f"/hold?gate={gate.port}&label=x")
    assert (response.status, body) == (503, b'{"message":"Service Unavailable"}')
    gate.arrive().release()


def test_more_than_10_mb_is_413(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nContent-Length: 10485761\r\n\r\n")
        head = client.head()
        assert head.status == 413
        assert json.loads(client.body(head)) == {"message": "Request Entity Too Large"}


def test_a_preflight_is_answered_without_the_function(gateway: RunningGateway) -> None:
    headers = {"Origin": ORIGIN, "Access-Control-Request-Method": "GET"}
    response, body = ask(gateway, "OPTIONS", "/echo/x", None, headers)
    assert (response.status, body) == (204, b"")
    assert response.getheader("access-control-allow-origin") == ORIGIN
    assert response.getheader("access-control-allow-credentials") == "true"
    assert response.getheader("access-control-allow-methods") == "GET"


def test_an_upgrade_outside_of_every_stage_is_forbidden(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        assert client.upgrade("/echo/x").status == 403


@pytest.mark.parametrize("path", ["/crowded/echo", "/crowded/signed"])
def test_a_throttled_route_is_429_and_no_other(gateway: RunningGateway, path: str) -> None:
    response, body = ask(gateway, "POST", path, b"")
    assert response.status == 429
    assert json.loads(body) == {"message": "Too Many Requests"}
    assert ask(gateway, "GET", "/crowded/echo/x")[0].status == 200
    assert ask(gateway, "POST", path.removeprefix("/crowded"), b"")[0].status != 429


def test_an_answer_that_cannot_be_sent_is_a_problem_with_its_reason(
    gateway: RunningGateway,
) -> None:
    assert ask(gateway, "GET", "/malformed")[0].status == 500
    record = gateway.recorder.wait_for_record(lambda record: record.route_key == "GET /malformed")
    assert record.problem
    assert record.detail == "Malformed Lambda proxy response: body must be a string"


def test_a_route_may_have_payload_format_1_0(gateway: RunningGateway) -> None:
    response, body = ask(gateway, "GET", "/old?q=1&q=2")
    assert response.status == 200
    event = json.loads(body)
    assert event["version"] == "1.0"
    assert event["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert event["requestContext"]["authorizer"] == {"claims": None, "scopes": None}
