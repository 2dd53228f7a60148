import json
from typing import Any

import pytest

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.model import Authorizer
from local_gateway.core.websocket import authorizer as authorization
from local_gateway.core.websocket.authorizer import Allowed, Refused, decide
from tests.unit.local_gateway.core.samples import handshake, identity

ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/$connect"
ALLOW = {"Statement": [{"Effect": "Allow", "Action": "execute-api:Invoke", "Resource": ARN}]}


def answer(**changes: Any) -> Succeeded:
    content = {"principalId": "ada", "policyDocument": ALLOW} | changes
    kept = {name: value for name, value in content.items() if value is not ...}
    return Succeeded(json.dumps(kept).encode())


def authorizer(*sources: str) -> Authorizer:
    return Authorizer(logical_id="A", name="A", function="F", identity_sources=sources)


@pytest.mark.parametrize(
    ("context", "shown"),
    [
        (..., {}),
        (None, {}),
        ({}, {}),
        ({"a": "x", "b": 1, "c": True, "d": False, "e": 1.5, "f": ""}, None),
        ({"gone": None}, {}),
        ({"principalId": "eve"}, {}),
    ],
)
def test_an_allowing_policy_carries_its_context_as_strings(context: Any, shown: Any) -> None:
    wanted = {"a": "x", "b": "1", "c": "true", "d": "false", "e": "1.5", "f": ""}
    outcome = decide(answer(context=context), ARN)
    assert outcome == Allowed({"principalId": "ada"} | (wanted if shown is None else shown))
    assert isinstance(outcome, Allowed)
    assert next(iter(outcome.context)) == "principalId"


@pytest.mark.parametrize(
    ("result", "status", "message", "cause"),
    [
        (answer(policyDocument=json.loads(json.dumps(ALLOW).replace("Allow", "Deny"))), 403, 0, ""),
        (answer(policyDocument=json.loads(json.dumps(ALLOW).replace("ws/", "x/"))), 403, 0, ARN),
        (Failed("Exception", "Unauthorized"), 401, 1, "raised Unauthorized"),
        (Failed("Exception", "unauthorized"), 500, 2, "did not answer: Exception: unauthorized"),
        (Failed("Exception", "Unauthorized."), 500, 2, "did not answer"),
        (TimedOut(3.0), 500, 2, "did not answer: no answer within 3 s"),
        (Throttled(), 500, 2, "did not answer: no execution environment is free"),
        (Succeeded(b"null"), 500, 2, "must be an object"),
        (Succeeded(b"true"), 500, 2, "must be an object"),
        (Succeeded(b'{"statusCode": 401}'), 500, 2, "principalId"),
        (Succeeded(b"not json"), 500, 2, "not JSON"),
        (Succeeded(b"[" * 8000), 500, 2, "not JSON"),
        (answer(principalId=...), 500, 2, "principalId"),
        (answer(principalId=""), 500, 2, "principalId"),
        (answer(principalId=7), 500, 2, "principalId"),
        (answer(policyDocument=...), 500, 2, "policyDocument"),
        (answer(policyDocument={"Statement": []}), 500, 2, "Statement"),
        (answer(context={"a": {"b": 1}}), 500, 2, '"a" must be a string, number or boolean'),
        (answer(context={"a": []}), 500, 2, '"a" must be a string, number or boolean'),
        (answer(context="x"), 500, 2, "context must be an object"),
        (answer(context={"a": "x" * 8192}), 500, 2, "of 8192"),
    ],
)
def test_every_other_answer_refuses_with_its_own_status(
    result: InvocationResult, status: int, message: int, cause: str
) -> None:
    messages = ("Forbidden", "Unauthorized", "Internal Server Error")
    outcome = decide(result, ARN)
    assert isinstance(outcome, Refused)
    assert (outcome.status, outcome.message) == (status, messages[message])
    assert cause in outcome.cause


def test_a_result_of_exactly_eight_kilobytes_is_accepted() -> None:
    bare = len(answer(context={"a": ""}).payload)
    full = answer(context={"a": "x" * (8192 - bare)})
    assert len(full.payload) == 8192
    assert isinstance(decide(full, ARN), Allowed)


def test_condition_keys_reach_the_policy() -> None:
    policy = {
        "Statement": ALLOW["Statement"][0]
        | {"Condition": {"IpAddress": {"aws:SourceIp": "192.0.2.0/24"}}}
    }
    result = answer(policyDocument=policy)
    assert isinstance(decide(result, ARN, {"aws:SourceIp": "192.0.2.7"}), Allowed)
    assert isinstance(decide(result, ARN), Refused)


HEADERS = (("Auth", "t"), ("Cookie", "a=b"), ("Empty", ""), ("Cookie", "c=d"))
QUERY = (("token", "x"), ("blank", ""))


@pytest.mark.parametrize(
    ("source", "present"),
    [
        ("route.request.header.Auth", True),
        ("route.request.header.Cookie", True),
        ("route.request.header.auth", True),
        ("route.request.header.AUTH", True),
        ("route.request.header.Empty", False),
        ("route.request.header.Other", False),
        ("route.request.querystring.token", True),
        ("route.request.querystring.Token", False),
        ("route.request.querystring.blank", False),
        ("stageVariables.color", True),
        ("stageVariables.size", False),
        ("context.connectionId", True),
        ("context.identity.sourceIp", True),
        ("context.identity.userAgent", True),
        ("context.requestId", True),
        ("context.nothing", False),
        ("$request.header.Auth", False),
    ],
)
def test_a_source_is_missing_when_nothing_or_an_empty_value_was_sent(
    source: str, present: bool
) -> None:
    where = identity(stage_variables={"color": "red"})
    missing = authorization.missing_identity_source(
        authorizer(source), handshake(HEADERS, QUERY), where
    )
    assert missing == (None if present else source)


def test_all_sources_must_be_there_and_none_is_fine() -> None:
    sent, where = handshake(HEADERS, QUERY), identity(user_agent=None)
    assert authorization.missing_identity_source(authorizer(), sent, where) is None
    both = authorizer("route.request.header.Auth", "context.identity.userAgent")
    missing = authorization.missing_identity_source(both, sent, where)
    assert missing == "context.identity.userAgent"
    assert authorization.unauthorized(missing) == Refused(
        401, "Unauthorized", "identity source context.identity.userAgent is missing or empty"
    )


def test_a_near_miss_in_letter_case_is_explained() -> None:
    sent = handshake(HEADERS)
    near = authorizer("route.request.header.auth", "route.request.header.Cookie")
    (warning,) = authorization.near_misses(near, sent)
    assert "differs in letter case from the header Auth" in warning
    for source in ("header.Auth", "header.Other", "header.empty", "querystring.AUTH"):
        assert authorization.near_misses(authorizer(f"route.request.{source}"), sent) == []
