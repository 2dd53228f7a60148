"""What a Lambda authorizer answers: a principal, a policy, and context for the functions.

Source: developer guide, api-gateway-lambda-authorizer-output.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

from local_gateway.core.iam.policy import allows

RESULT_LIMIT = 8 * 1024
INVOKE = "execute-api:Invoke"


class AuthorizerResultError(ValueError):
    """The authorizer's answer is unusable; the text says what was expected."""


@dataclass(frozen=True, slots=True)
class AuthorizerResult:
    """An answer with a policy; `context` has `principalId` and every entry, all as texts."""

    policy: Mapping[str, Any]
    context: dict[str, str]
    usage_identifier_key: str | None = None

    @classmethod
    def from_payload(cls, payload: bytes) -> Self:
        """Read an answer; raises `AuthorizerResultError`."""
        answer = read_answer(payload)
        context = _stringified(answer)
        policy = answer.get("policyDocument")
        if not isinstance(policy, Mapping):
            raise AuthorizerResultError("the authorizer's result needs a policyDocument object")
        key = answer.get("usageIdentifierKey")
        return cls(policy, context, key if isinstance(key, str) else None)

    def allows(self, method_arn: str, condition_keys: Mapping[str, str]) -> bool:
        """Whether the policy lets the caller invoke the method; may raise `PolicyError`."""
        return allows(self.policy, INVOKE, method_arn, condition_keys)

    def denies(self, method_arn: str, condition_keys: Mapping[str, str]) -> bool:
        """Whether a statement of the policy denies the method explicitly."""
        statements = self.policy.get("Statement")
        statements = statements if isinstance(statements, list) else [statements]
        denials = [
            {**statement, "Effect": "Allow"}
            for statement in statements
            if isinstance(statement, Mapping) and statement.get("Effect") == "Deny"
        ]
        if not denials:
            return False
        return allows({"Statement": denials}, INVOKE, method_arn, condition_keys)


def read_answer(payload: bytes) -> dict[str, Any]:
    """An answer as an object of at most 8 KB."""
    if len(payload) > RESULT_LIMIT:
        raise AuthorizerResultError(
            f"the authorizer's result has {len(payload)} bytes of {RESULT_LIMIT}"
        )
    try:
        answer = json.loads(payload)
    except (ValueError, RecursionError):
        raise AuthorizerResultError("the authorizer's result is not JSON") from None
    if not isinstance(answer, dict):
        raise AuthorizerResultError(
            "the authorizer's result must be an object with a policyDocument"
        )
    return answer


def _stringified(answer: Mapping[str, Any]) -> dict[str, str]:
    """`principalId` and the context as strings; a null entry is left out."""
    principal = answer.get("principalId")
    if not isinstance(principal, str) or not principal:
        raise AuthorizerResultError("the authorizer's result needs a principalId string")
    context = answer.get("context")
    if context is None:
        context = {}
    if not isinstance(context, dict):
        raise AuthorizerResultError("the authorizer's context must be an object")
    entries = {name: _text(name, value) for name, value in context.items() if value is not None}
    return {"principalId": principal} | entries | {"principalId": principal}


def _text(name: str, value: object) -> str:
    if isinstance(value, dict | list):
        raise AuthorizerResultError(
            f"context entry {json.dumps(name)} must be a string, number or boolean"
        )
    return value if isinstance(value, str) else json.dumps(value)
