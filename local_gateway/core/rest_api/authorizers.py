"""Authorizers of REST APIs: what they are asked, and what their answer means.

Sources: developer guide, apigateway-use-lambda-authorizer, api-gateway-lambda-authorizer-input,
api-gateway-lambda-authorizer-output and apigateway-integrate-with-cognito.
"""

import re
from collections.abc import Mapping
from typing import Any

from local_gateway.core.iam.authorizer_result import AuthorizerResult, AuthorizerResultError
from local_gateway.core.iam.policy import PolicyError
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, outcome_of
from local_gateway.core.model import RestAuthorizer, RestAuthorizerKind
from local_gateway.core.rest_api.events import (
    RestRequest,
    request_authorizer_event,
    token_authorizer_event,
)
from local_gateway.core.rest_api.gateway_responses import UNAUTHORIZED, Refusal, ResponseType
from local_gateway.core.tokens import Claims, rest_claims, scopes_of

TIMEOUT = 29.0
AUTHORIZATION = "method.request.header.Authorization"

_HEADER = "method.request.header."
_MULTI_HEADER = "method.request.multivalueheader."
_QUERY = "method.request.querystring."
_MULTI_QUERY = "method.request.multivaluequerystring."
_STAGE_VARIABLE = "stageVariables."
_CONTEXT = "context."
IDENTITY_SOURCE = re.compile(
    r"method\.request\.(multivalue)?(header|querystring)\.[^\s,'\"]+|(stageVariables|context)\.[\w.]+"
)


def identity_of(authorizer: RestAuthorizer, rest: RestRequest) -> tuple[str, ...] | Refusal:
    """The values of the identity sources; one that is missing is 401 without an invocation."""
    values = []
    for expression in authorizer.identity_sources:
        value = _value(expression, rest)
        if not value:
            cause = f"identity source {expression} is missing or empty"
            return Refusal(UNAUTHORIZED.kind, UNAUTHORIZED.message, cause)
        values.append(value)
    pattern = authorizer.validation_expression
    is_token = authorizer.kind is RestAuthorizerKind.TOKEN
    if is_token and pattern and not re.fullmatch(pattern, values[0]):
        cause = f"the token does not match {pattern}"
        return Refusal(UNAUTHORIZED.kind, UNAUTHORIZED.message, cause)
    return tuple(values)


def authorizer_event(
    authorizer: RestAuthorizer, rest: RestRequest, identity: tuple[str, ...]
) -> dict[str, Any]:
    """The input of a Lambda authorizer."""
    if authorizer.kind is RestAuthorizerKind.TOKEN:
        return token_authorizer_event(rest, identity[0])
    return request_authorizer_event(rest)


def result_of(result: InvocationResult) -> AuthorizerResult | Refusal:
    """What an authorizer's function answered."""
    if isinstance(result, Failed) and result.message == "Unauthorized":
        cause = "the authorizer raised Unauthorized"
        return Refusal(UNAUTHORIZED.kind, UNAUTHORIZED.message, cause)
    if not isinstance(result, Succeeded):
        cause = f"the authorizer did not answer: {outcome_of(result)[1]}"
        return Refusal(ResponseType.AUTHORIZER_FAILURE, None, cause)
    try:
        return AuthorizerResult.from_payload(result.payload)
    except AuthorizerResultError as error:
        return Refusal(ResponseType.AUTHORIZER_CONFIGURATION_ERROR, None, str(error))


def policy_refusal(result: AuthorizerResult, rest: RestRequest) -> Refusal | None:
    """Why the policy does not let a request through; a kept answer is evaluated again, too."""
    keys = {"aws:SourceIp": rest.request.source_ip}
    try:
        if result.allows(rest.method_arn, keys):
            return None
        is_explicit = result.denies(rest.method_arn, keys)
    except PolicyError as error:
        return Refusal(ResponseType.AUTHORIZER_CONFIGURATION_ERROR, None, str(error))
    message = "User is not authorized to access this resource"
    if is_explicit:
        message += " with an explicit deny"
    cause = f"the policy does not allow execute-api:Invoke on {rest.method_arn}"
    return Refusal(ResponseType.ACCESS_DENIED, message, cause)


def authorizer_context(result: AuthorizerResult, latency_ms: int) -> dict[str, Any]:
    """`requestContext.authorizer` of a request that a Lambda authorizer let in."""
    return {**result.context, "integrationLatency": latency_ms}


def cognito_refusal(claims: Claims, wanted: tuple[str, ...]) -> Refusal | None:
    """Why a valid token of the user pool is refused.

    Without scopes it has to be an identity token, with scopes an access token that has one of them.
    """
    if not wanted:
        if claims.get("token_use") == "id":
            return None
        cause = "without AuthorizationScopes the token has to be an identity token"
    else:
        if set(wanted).intersection(scopes_of(claims)):
            return None
        cause = f"the token has none of the scopes {', '.join(wanted)}"
    return Refusal(UNAUTHORIZED.kind, UNAUTHORIZED.message, cause)


def cognito_context(claims: Claims) -> dict[str, Any]:
    """`requestContext.authorizer` of a request with a token of a user pool."""
    return {"claims": rest_claims(claims)}


def _value(expression: str, rest: RestRequest) -> str:
    for prefix in (_HEADER, _MULTI_HEADER):
        if expression.startswith(prefix):
            values = rest.request.headers.get_all(expression.removeprefix(prefix))
            return values[-1] if values else ""
    for prefix in (_QUERY, _MULTI_QUERY):
        if expression.startswith(prefix):
            return dict(rest.request.query).get(expression.removeprefix(prefix), "")
    if expression.startswith(_STAGE_VARIABLE):
        return rest.stage.variables.get(expression.removeprefix(_STAGE_VARIABLE), "")
    return _context_values(rest).get(expression.removeprefix(_CONTEXT), "")


def _context_values(rest: RestRequest) -> Mapping[str, str]:
    return {
        "accountId": rest.account_id,
        "apiId": rest.api.api_id,
        "domainName": rest.request.headers.get("host") or "",
        "httpMethod": rest.request.method,
        "identity.sourceIp": rest.request.source_ip,
        "identity.userAgent": rest.request.headers.get("user-agent") or "",
        "path": rest.request.path,
        "resourcePath": rest.method.resource,
        "stage": rest.stage.name,
        "protocol": f"HTTP/{rest.request.version}",
        **dict.fromkeys(("requestId", "extendedRequestId", "requestTime", "requestTimeEpoch"), "-"),
    }
