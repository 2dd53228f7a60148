"""Authorizers of HTTP APIs: identity sources, both formats of events and of answers, tokens."""

import json
from typing import Any

import pytest

from local_gateway.core.http import Headers, Request
from local_gateway.core.http_api.authorizers import (
    LambdaAnswer,
    Refused,
    answer_of,
    authorizer_event,
    identity_value,
    invalid_token,
    jwt_context,
    lambda_context,
    missing_token,
    refusal_of,
    scope_problem,
)
from local_gateway.core.http_api.events import http_event
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.model import HttpApi, HttpLambdaAuthorizer, HttpRoute, HttpStage
from local_gateway.core.timestamps import RequestStamp

STAGE = HttpStage(name="$default", variables={"colour": "blue"})
ROUTE = HttpRoute(route_key="GET /pets/{id}", function="F")
API = HttpApi(logical_id="Api", api_id="a1b2c3d4e5", routes=(ROUTE,), stages=(STAGE,))
REQUEST = Request(
    method="GET",
    path="/pets/5",
    query_string="q=1",
    headers=Headers((("Host", "localhost:9000"), ("X-A", "1"), ("x-a", "2"))),
    source_ip="192.0.2.7",
)
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/$default/GET/pets/5"
EVENT = http_event(
    API,
    STAGE,
    ROUTE,
    REQUEST,
    RequestStamp(1_707_502_303_042, "BFaVtH2HoAMFZEQ="),
    path_parameters={"id": "5"},
    domain_name="localhost:9000",
    port=9000,
    account_id="123456789012",
)


def authorizer(**changes: Any) -> HttpLambdaAuthorizer:
    return HttpLambdaAuthorizer(name="A", function="F", **changes)


SIMPLE = authorizer(simple_responses=True)
POLICY = authorizer()


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("$request.header.X-A", "1,2"),
        ("$request.header.Missing", ""),
        ("$request.querystring.q", "1"),
        ("$request.querystring.r", ""),
        ("$stageVariables.colour", "blue"),
        ("$stageVariables.size", ""),
        ("$context.routeKey", "GET /pets/{id}"),
        ("$context.httpMethod", "GET"),
        ("$context.path", "/pets/5"),
        ("$context.missing.member", ""),
    ],
)
def test_identity_sources(expression: str, value: str) -> None:
    assert identity_value(expression, REQUEST, STAGE, EVENT["requestContext"]) == value


def test_an_event_of_format_2_0() -> None:
    event = authorizer_event(POLICY, EVENT, ARN, ("1", "2"))
    assert (event["version"], event["type"], event["routeArn"]) == ("2.0", "REQUEST", ARN)
    assert event["identitySource"] == ["1", "2"]
    assert event["routeKey"] == "GET /pets/{id}"
    assert event["pathParameters"] == {"id": "5"}
    assert event["requestContext"] == EVENT["requestContext"]
    assert "body" not in event
    assert "isBase64Encoded" not in event


def test_an_event_of_format_1_0() -> None:
    event = authorizer_event(authorizer(payload_format_version="1.0"), EVENT, ARN, ("1", "2"))
    assert (event["version"], event["type"], event["methodArn"]) == ("1.0", "REQUEST", ARN)
    assert event["identitySource"] == event["authorizationToken"] == "1,2"
    assert (event["resource"], event["path"]) == ("/pets/{id}", "/pets/5")
    assert event["httpMethod"] == event["requestContext"]["httpMethod"] == "GET"
    assert event["requestContext"]["identity"]["sourceIp"] == "192.0.2.7"
    assert event["queryStringParameters"] == {"q": "1"}


def answered(content: object) -> Succeeded:
    return Succeeded(json.dumps(content).encode())


def policy(effect: str = "Allow", resource: str = ARN, **more: Any) -> Succeeded:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    document = {"Statement": [statement]}
    return answered({"principalId": "ana", "policyDocument": document, **more})


def decision(asked: HttpLambdaAuthorizer, result: InvocationResult) -> LambdaAnswer | Refused:
    answer = answer_of(asked, result)
    if isinstance(answer, Refused):
        return answer
    return refusal_of(answer, ARN, "192.0.2.7") or answer


@pytest.mark.parametrize(
    ("asked", "result", "context"),
    [
        (SIMPLE, answered({"isAuthorized": True}), None),
        (
            SIMPLE,
            answered({"isAuthorized": True, "context": {"n": 1, "list": ["a"]}}),
            {"n": 1, "list": ["a"]},
        ),
        (POLICY, policy(context={"n": 1}), {"n": 1}),
    ],
)
def test_answers_that_let_a_request_in(
    asked: HttpLambdaAuthorizer, result: Succeeded, context: object
) -> None:
    answer = decision(asked, result)
    assert isinstance(answer, LambdaAnswer)
    assert lambda_context(answer) == {"lambda": context}


@pytest.mark.parametrize(
    ("asked", "result", "status", "message"),
    [
        (SIMPLE, answered({"isAuthorized": False}), 403, "Forbidden"),
        (SIMPLE, answered({"isAuthorized": "true"}), 500, "Internal Server Error"),
        (SIMPLE, answered({"isAuthorized": True, "context": 5}), 500, "Internal Server Error"),
        (SIMPLE, policy(), 500, "Internal Server Error"),
        (SIMPLE, answered(None), 500, "Internal Server Error"),
        (POLICY, answered({"isAuthorized": True}), 500, "Internal Server Error"),
        (POLICY, policy("Deny"), 403, "Forbidden"),
        (POLICY, policy(resource="arn:x"), 403, "Forbidden"),
        (POLICY, policy("Alow"), 500, "Internal Server Error"),
        (POLICY, Failed("Exception", "Unauthorized"), 401, "Unauthorized"),
        (POLICY, Failed("Exception", "other"), 500, "Internal Server Error"),
        (SIMPLE, TimedOut(30.0), 500, "Internal Server Error"),
    ],
)
def test_answers_that_refuse(
    asked: HttpLambdaAuthorizer, result: InvocationResult, status: int, message: str
) -> None:
    refused = decision(asked, result)
    assert isinstance(refused, Refused)
    assert refused.response.status == status
    assert json.loads(refused.response.body) == {"message": message}


def test_a_missing_token_is_401_with_a_challenge() -> None:
    response = missing_token().response
    assert (response.status, response.headers.get("www-authenticate")) == (401, "Bearer")


def test_an_invalid_token_is_401_with_its_reason() -> None:
    response = invalid_token("the token does not have a valid audience", ()).response
    assert (response.status, json.loads(response.body)) == (401, {"message": "Unauthorized"})
    assert response.headers.get("www-authenticate") == (
        'Bearer scope="" error="invalid_token" '
        'error_description="the token does not have a valid audience"'
    )


def test_a_reason_cannot_end_its_header() -> None:
    challenge = invalid_token('a "b"\r\nX-Y: é', ()).response.headers.get("www-authenticate")
    assert challenge == 'Bearer scope="" error="invalid_token" error_description="a  b   X-Y:  "'


@pytest.mark.parametrize(
    ("claims", "scopes", "fits"),
    [
        ({"scope": "a b"}, (), True),
        ({"scope": "a b"}, ("b", "c"), True),
        ({"scp": ["c"]}, ("b", "c"), True),
        ({"scope": "a"}, ("b",), False),
        ({}, ("b",), False),
    ],
)
def test_a_token_needs_one_of_the_routes_scopes(
    claims: dict[str, Any], scopes: tuple[str, ...], fits: bool
) -> None:
    refused = scope_problem(claims, scopes)
    assert (refused is None) == fits
    if refused is not None:
        assert refused.response.status == 403
        challenge = refused.response.headers.get("www-authenticate")
        assert challenge is not None
        assert challenge.startswith('Bearer scope="b" error="insufficient_scope"')


def test_the_function_sees_claims_as_texts() -> None:
    claims = {"sub": "ana", "exp": 1, "scope": "a b"}
    texts = {"sub": "ana", "exp": "1", "scope": "a b"}
    assert jwt_context(claims, ()) == {"jwt": {"claims": texts, "scopes": None}}
    assert jwt_context(claims, ("a",)) == {"jwt": {"claims": texts, "scopes": ["a", "b"]}}
