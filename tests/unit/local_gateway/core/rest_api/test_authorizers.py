"""Authorizers of REST APIs: identity sources, answers, policies, tokens of user pools."""

import json
from dataclasses import replace
from typing import Any

import pytest

from local_gateway.core.http import Pairs
from local_gateway.core.iam.authorizer_result import AuthorizerResult
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.model import RestAuthorizer, RestAuthorizerKind
from local_gateway.core.rest_api.authorizers import (
    authorizer_context,
    authorizer_event,
    cognito_context,
    cognito_refusal,
    identity_of,
    policy_refusal,
    result_of,
)
from local_gateway.core.rest_api.gateway_responses import Refusal
from tests.unit.local_gateway.core.rest_api.samples import ARN, rest_request


def authorizer(kind: RestAuthorizerKind, *sources: str) -> RestAuthorizer:
    return RestAuthorizer(
        logical_id="A", name="A", kind=kind, function="F", identity_sources=sources
    )


TOKEN = authorizer(RestAuthorizerKind.TOKEN, "method.request.header.Authorization")
REQUEST = authorizer(
    RestAuthorizerKind.REQUEST,
    "method.request.header.X-A",
    "method.request.querystring.q",
    "stageVariables.colour",
    "context.identity.sourceIp",
)


def answer(effect: str = "Allow", resource: str = ARN, **more: Any) -> Succeeded:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    content = {"principalId": "ana", "policyDocument": {"Statement": [statement]}, **more}
    return Succeeded(json.dumps(content).encode())


def test_the_identity_is_the_value_of_every_source() -> None:
    rest = rest_request((("x-a", "1"),), query_string="q=2")
    assert identity_of(REQUEST, rest) == ("1", "2", "blue", "192.0.2.7")
    assert authorizer_event(REQUEST, rest, ("1",))["type"] == "REQUEST"


@pytest.mark.parametrize(
    ("headers", "query_string"), [((), "q=2"), ((("X-A", ""),), "q=2"), ((("X-A", "1"),), "")]
)
def test_a_missing_identity_source_is_401(headers: Pairs, query_string: str) -> None:
    refusal = identity_of(REQUEST, rest_request(headers, query_string=query_string))
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.message) == (401, "Unauthorized")


@pytest.mark.parametrize(("token", "fits"), [("abc", True), ("abc1", False), ("", False)])
def test_a_token_has_to_match_the_validation_expression(token: str, fits: bool) -> None:
    strict = replace(TOKEN, validation_expression="[a-z]+")
    identity = identity_of(strict, rest_request((("Authorization", token),)))
    assert isinstance(identity, Refusal) != fits
    if not isinstance(identity, Refusal):
        event = authorizer_event(strict, rest_request(), identity)
        assert event["authorizationToken"] == token


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        (Failed("Exception", "Unauthorized"), 401, "Unauthorized"),
        (Failed("Exception", "other"), 500, None),
        (TimedOut(29.0), 500, None),
        (Succeeded(b'{"statusCode": 401}'), 500, None),
        (answer(context={"a": []}), 500, None),
    ],
)
def test_answers_that_refuse(result: InvocationResult, status: int, message: str | None) -> None:
    refusal = result_of(result)
    assert isinstance(refusal, Refusal)
    assert (refusal.status, refusal.message) == (status, message)


def read(result: Succeeded) -> AuthorizerResult:
    made = result_of(result)
    assert isinstance(made, AuthorizerResult)
    return made


def test_a_policy_that_allows_lets_the_request_through() -> None:
    result = read(answer(context={"n": 1, "b": True}))
    assert policy_refusal(result, rest_request()) is None
    assert authorizer_context(result, 7) == {
        "principalId": "ana",
        "n": "1",
        "b": "true",
        "integrationLatency": 7,
    }


@pytest.mark.parametrize(
    ("result", "status", "message"),
    [
        (answer(resource="arn:x"), 403, "User is not authorized to access this resource"),
        (
            answer("Deny"),
            403,
            "User is not authorized to access this resource with an explicit deny",
        ),
        (answer("Alow"), 500, None),
    ],
)
def test_a_policy_that_does_not_allow(result: Succeeded, status: int, message: str | None) -> None:
    refusal = policy_refusal(read(result), rest_request())
    assert refusal is not None
    assert (refusal.status, refusal.message) == (status, message)


@pytest.mark.parametrize(
    ("claims", "scopes", "fits"),
    [
        ({"token_use": "id"}, (), True),
        ({"token_use": "access", "scope": "a"}, (), False),
        ({"token_use": "access", "scope": "a b"}, ("b", "c"), True),
        ({"token_use": "access", "scope": "a"}, ("b",), False),
        ({"token_use": "id"}, ("b",), False),
    ],
)
def test_tokens_of_user_pools(claims: dict[str, str], scopes: tuple[str, ...], fits: bool) -> None:
    refusal = cognito_refusal(claims, scopes)
    assert (refusal is None) == fits
    assert refusal is None or refusal.status == 401
    assert cognito_context(claims) == {"claims": claims}
