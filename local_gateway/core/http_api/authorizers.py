"""Authorizers of HTTP APIs: JWT authorizers, and Lambda authorizers with their two formats.

Sources: developer guide, http-api-jwt-authorizer, http-api-troubleshooting-jwt and
http-api-lambda-authorizer.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.http_api import payload_1_0, responses
from local_gateway.core.iam.authorizer_result import (
    AuthorizerResult,
    AuthorizerResultError,
    read_answer,
)
from local_gateway.core.iam.policy import PolicyError
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, outcome_of
from local_gateway.core.model import HttpLambdaAuthorizer, HttpStage
from local_gateway.core.tokens import Claims, http_claims, scopes_of

TIMEOUT = 30.0
IDENTITY_SOURCE = re.compile(
    r"\$request\.(header|querystring)\.[^\s,'\"]+|\$(stageVariables|context)\.[\w.]+"
)
# What would end a quoted text in a header, or the header.
_UNQUOTABLE = re.compile(r'[^ -~]|["\\]')
_HEADER = "$request.header."
_QUERY = "$request.querystring."
_STAGE_VARIABLE = "$stageVariables."
_CONTEXT = "$context."


@dataclass(frozen=True, slots=True)
class Refused:
    """The request ends with a response; `cause` is for the developer's log."""

    response: Response
    cause: str


@dataclass(frozen=True, slots=True)
class LambdaAnswer:
    """What a Lambda authorizer answered: a decision for every route, or a policy."""

    context: Mapping[str, Any] | None
    is_authorized: bool = False
    policy: AuthorizerResult | None = None


def identity_value(
    expression: str, request: Request, stage: HttpStage, context: Mapping[str, Any]
) -> str:
    """The value of an identity source; empty when it is missing.

    `context` is `requestContext` of the request's event.
    """
    if expression.startswith(_HEADER):
        return ",".join(request.headers.get_all(expression.removeprefix(_HEADER)))
    if expression.startswith(_QUERY):
        return dict(request.query).get(expression.removeprefix(_QUERY), "")
    if expression.startswith(_STAGE_VARIABLE):
        return stage.variables.get(expression.removeprefix(_STAGE_VARIABLE), "")
    value: Any = context
    for name in expression.removeprefix(_CONTEXT).split("."):
        # In expressions, members of `http` have names of their own.
        flat = context["http"] if value is context and name in _IN_HTTP else value
        value = flat.get(_IN_HTTP.get(name, name)) if isinstance(flat, Mapping) else None
    return str(value) if isinstance(value, str | int) else ""


_IN_HTTP = {"httpMethod": "method", "path": "path", "protocol": "protocol"}


def unauthorized(cause: str, challenge: str | None = None) -> Refused:
    """401, for a JWT authorizer with a challenge."""
    headers = (("www-authenticate", challenge),) if challenge is not None else ()
    answer = responses.UNAUTHORIZED
    return Refused(Response(401, Headers((*answer.headers, *headers)), answer.body), cause)


# JWT


def missing_token() -> Refused:
    """The identity source of a JWT authorizer has no token."""
    return unauthorized("there is no token", "Bearer")


def invalid_token(cause: str, scopes: tuple[str, ...]) -> Refused:
    """A token that the authorizer refuses."""
    description = _UNQUOTABLE.sub(" ", cause)
    challenge = (
        f'Bearer scope="{" ".join(scopes)}" error="invalid_token" error_description="{description}"'
    )
    return unauthorized(cause, challenge)


def scope_problem(claims: Claims, scopes: tuple[str, ...]) -> Refused | None:
    """403 for a token that has none of the route's scopes."""
    if not scopes or set(scopes).intersection(scopes_of(claims)):
        return None
    cause = "the token does not have any of the required scopes"
    challenge = (
        f'Bearer scope="{" ".join(scopes)}" error="insufficient_scope" error_description="{cause}"'
    )
    headers = Headers((*responses.FORBIDDEN.headers, ("www-authenticate", challenge)))
    return Refused(Response(403, headers, responses.FORBIDDEN.body), cause)


def jwt_context(claims: Claims, scopes: tuple[str, ...]) -> dict[str, Any]:
    """`requestContext.authorizer` of a request with a valid token."""
    shown = scopes_of(claims) if scopes else None
    return {"jwt": {"claims": http_claims(claims), "scopes": shown}}


# Lambda


def authorizer_event(
    authorizer: HttpLambdaAuthorizer,
    event: Mapping[str, Any],
    route_arn: str,
    identity: tuple[str, ...],
) -> dict[str, Any]:
    """The input of a Lambda authorizer, made from the event that the route's function would get."""
    if authorizer.payload_format_version == "1.0":
        return payload_1_0.authorizer_event(event, route_arn, ",".join(identity))
    return {
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": route_arn,
        "identitySource": list(identity) or None,
        **{name: value for name, value in event.items() if name not in _ONLY_FOR_INTEGRATIONS},
    }


def answer_of(authorizer: HttpLambdaAuthorizer, result: InvocationResult) -> LambdaAnswer | Refused:
    """What the authorizer's function answered."""
    if isinstance(result, Failed) and result.message == "Unauthorized":
        return unauthorized("the authorizer raised Unauthorized")
    if not isinstance(result, Succeeded):
        return _failure(f"the authorizer did not answer: {outcome_of(result)[1]}")
    try:
        if authorizer.simple_responses:
            return _simple_answer(result.payload)
        policy = AuthorizerResult.from_payload(result.payload)
        context = read_answer(result.payload).get("context")
        return LambdaAnswer(context, policy=policy)
    except AuthorizerResultError as error:
        return _failure(str(error))


def refusal_of(answer: LambdaAnswer, route_arn: str, source_ip: str) -> Refused | None:
    """Why an answer, perhaps a kept one, does not let a request through."""
    if answer.policy is None:
        if answer.is_authorized:
            return None
        return Refused(responses.FORBIDDEN, "the authorizer answered isAuthorized: false")
    try:
        if answer.policy.allows(route_arn, {"aws:SourceIp": source_ip}):
            return None
    except PolicyError as error:
        return _failure(str(error))
    cause = f"the policy does not allow execute-api:Invoke on {route_arn}"
    return Refused(responses.FORBIDDEN, cause)


def lambda_context(answer: LambdaAnswer) -> dict[str, Any]:
    """`requestContext.authorizer`: the context as the authorizer wrote it, or null."""
    return {"lambda": answer.context}


_ONLY_FOR_INTEGRATIONS = frozenset({"version", "body", "isBase64Encoded"})


def _simple_answer(payload: bytes) -> LambdaAnswer:
    answer = read_answer(payload)
    is_authorized, context = answer.get("isAuthorized"), answer.get("context")
    if not isinstance(is_authorized, bool):
        raise AuthorizerResultError("the authorizer's result needs isAuthorized: true or false")
    if context is not None and not isinstance(context, dict):
        raise AuthorizerResultError("the authorizer's context must be an object")
    return LambdaAnswer(context, is_authorized)


def _failure(cause: str) -> Refused:
    return Refused(responses.INTERNAL_SERVER_ERROR, cause)
