"""Events with payload format 1.0, member by member."""

from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import APIGatewayProxyEventModel

from local_gateway.core.http import Headers, Request
from local_gateway.core.http_api.events import http_event
from local_gateway.core.http_api.payload_1_0 import authorizer_event, integration_event
from local_gateway.core.model import HttpApi, HttpRoute, HttpStage
from local_gateway.core.timestamps import RequestStamp

ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/v1/GET/pets/5"


def event(
    *, query_string: str = "", authorizer: dict[str, Any] | None = None
) -> tuple[dict[str, Any], Request]:
    stage = HttpStage(name="v1")
    route = HttpRoute(route_key="GET /pets/{id}", function="F")
    headers = Headers((("Host", "localhost:9000"), ("X-A", "1"), ("x-a", "2"), ("Cookie", "a=b")))
    request = Request(
        method="GET",
        path="/v1/pets/5",
        query_string=query_string,
        headers=headers,
        source_ip="192.0.2.7",
    )
    made = http_event(
        HttpApi(logical_id="Api", api_id="a1b2c3d4e5", routes=(route,), stages=(stage,)),
        stage,
        route,
        request,
        RequestStamp(1_707_502_303_042, "BFaVtH2HoAMFZEQ="),
        path_parameters={"id": "5"},
        domain_name="localhost:9000",
        port=9000,
        account_id="123456789012",
        authorizer=authorizer,
    )
    return made, request


def test_an_event_in_full() -> None:
    made = integration_event(*event(query_string="q=1&q=2"))
    assert made["version"] == "1.0"
    assert (made["resource"], made["path"]) == ("/pets/{id}", "/v1/pets/5")
    assert made["multiValueHeaders"]["X-A"] == ["1", "2"]
    assert made["headers"]["Cookie"] == "a=b"
    assert made["multiValueQueryStringParameters"] == {"q": ["1", "2"]}
    assert made["pathParameters"] == {"id": "5"}
    assert made["requestContext"]["resourcePath"] == "/pets/{id}"
    assert made["requestContext"]["identity"]["sourceIp"] == "192.0.2.7"
    assert made["requestContext"]["requestTime"] == "09/Feb/2024:18:11:43 +0000"


def test_what_a_request_does_not_have_is_null() -> None:
    made = integration_event(*event())
    for name in ("queryStringParameters", "multiValueQueryStringParameters", "body"):
        assert made[name] is None
    assert made["stageVariables"] is None
    assert made["isBase64Encoded"] is False


def test_events_satisfy_strict_parsers() -> None:
    APIGatewayProxyEventModel.model_validate(integration_event(*event()))


@pytest.mark.parametrize(
    ("authorizer", "shown"),
    [
        (None, {"claims": None, "scopes": None}),
        ({"jwt": {"claims": {"a": "b"}, "scopes": None}}, {"claims": {"a": "b"}, "scopes": None}),
        ({"lambda": {"level": 3}}, {"level": 3}),
        ({"lambda": None}, {"claims": None, "scopes": None}),
    ],
)
def test_what_an_authorizer_gives(authorizer: dict[str, Any] | None, shown: object) -> None:
    made = integration_event(*event(authorizer=authorizer))
    assert made["requestContext"]["authorizer"] == shown


def test_who_signed_is_in_the_identity() -> None:
    names = ("accessKey", "accountId", "callerId", "userArn", "userId")
    made = integration_event(*event(authorizer={"iam": dict.fromkeys(names, "x")}))
    identity = made["requestContext"]["identity"]
    assert [identity[name] for name in ("accessKey", "caller", "user", "userArn")] == ["x"] * 4


def test_an_authorizer_gets_empty_objects() -> None:
    made = authorizer_event(event()[0], ARN, "token")
    assert made["queryStringParameters"] == made["stageVariables"] == {}
    assert "authorizer" not in made["requestContext"]
