"""What a Lambda authorizer's answer says; the tables of each kind of API are in its own tests."""

import json

import pytest

from local_gateway.core.iam.authorizer_result import AuthorizerResult, AuthorizerResultError

ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/GET/pets"


def answer(effect: str = "Allow", resource: str = ARN, **more: object) -> AuthorizerResult:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": resource}
    content = {"principalId": "ana", "policyDocument": {"Statement": [statement]}, **more}
    return AuthorizerResult.from_payload(json.dumps(content).encode())


def test_a_policy_allows_or_denies_a_method() -> None:
    assert answer().allows(ARN, {})
    assert not answer("Deny").allows(ARN, {})
    assert not answer(resource=f"{ARN}/1").allows(ARN, {})


def test_an_explicit_deny_is_told_from_a_policy_that_says_nothing() -> None:
    assert answer("Deny").denies(ARN, {})
    assert not answer(resource=f"{ARN}/1").denies(ARN, {})
    assert not answer().denies(ARN, {})


@pytest.mark.parametrize(("key", "read"), [("abc", "abc"), (None, None), (5, None)])
def test_the_usage_identifier_key_is_a_text(key: object, read: str | None) -> None:
    assert answer(usageIdentifierKey=key).usage_identifier_key == read


@pytest.mark.parametrize("payload", [b"null", b"{}", b'{"principalId": "a"}', b"x"])
def test_other_answers_are_refused(payload: bytes) -> None:
    with pytest.raises(AuthorizerResultError):
        AuthorizerResult.from_payload(payload)
