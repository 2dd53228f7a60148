"""The REQUEST authorizer of a WebSocket API: when it runs and what its answer means.

Sources: developer guide, apigateway-websocket-api-lambda-auth, api-gateway-lambda-authorizer-output
and supported-gateway-response-types.
"""

from collections.abc import Mapping
from dataclasses import dataclass

from local_gateway.core.http import Pairs, Request
from local_gateway.core.iam.authorizer_result import (
    INVOKE,
    AuthorizerResult,
    AuthorizerResultError,
)
from local_gateway.core.iam.policy import PolicyError
from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, outcome_of
from local_gateway.core.model import Authorizer
from local_gateway.core.websocket.events import Identity

_HEADER = "route.request.header."
_QUERY = "route.request.querystring."
_STAGE_VARIABLE = "stageVariables."
_CONTEXT = "context."
_NO_KEYS: Mapping[str, str] = {}


@dataclass(frozen=True, slots=True)
class Allowed:
    """The handshake goes on; `context` is `requestContext.authorizer` without latency."""

    context: dict[str, str]
    usage_identifier_key: str | None = None


@dataclass(frozen=True, slots=True)
class Refused:
    """The handshake ends with `status` and `message`; `cause` is for the developer's log."""

    status: int
    message: str
    cause: str


def missing_identity_source(
    authorizer: Authorizer, handshake: Request, identity: Identity
) -> str | None:
    """The first identity source that is missing or empty: 401 without invoking the authorizer.

    Header names match in any letter case: AWS does not document it for WebSockets, clients such as
    Netty's send all names in lower case, and HTTP APIs do the same.
    """
    for expression in authorizer.identity_sources:
        if not _identity_value(expression, handshake, identity):
            return expression
    return None


def _near_miss(expression: str, handshake: Request) -> str | None:
    """A warning when the client sent the header of an identity source in another letter case."""
    if not expression.startswith(_HEADER):
        return None
    wanted = expression.removeprefix(_HEADER)
    names = [name for name, value in handshake.headers if name.lower() == wanted.lower() and value]
    if not names or wanted in names:
        return None
    return (
        f"identity source {expression} differs in letter case from the header {names[0]} that the "
        "client sent: AWS does not say that this matches, it does here"
    )


def near_misses(authorizer: Authorizer, handshake: Request) -> list[str]:
    """Warnings about headers that match their identity source in another letter case only."""
    misses = (_near_miss(expression, handshake) for expression in authorizer.identity_sources)
    return [miss for miss in misses if miss is not None]


def unauthorized(source: str) -> Refused:
    """The answer for a missing identity source."""
    return Refused(401, "Unauthorized", f"identity source {source} is missing or empty")


def decide(
    result: InvocationResult, method_arn: str, condition_keys: Mapping[str, str] = _NO_KEYS
) -> Allowed | Refused:
    """What an authorizer's result means for the handshake to `method_arn`.

    `condition_keys` are the policy's condition keys that have a value here, such as `aws:SourceIp`.
    """
    if isinstance(result, Failed) and result.message == "Unauthorized":
        return Refused(401, "Unauthorized", "the authorizer raised Unauthorized")
    if not isinstance(result, Succeeded):
        return _failure(f"the authorizer did not answer: {outcome_of(result)[1]}")
    try:
        answer = AuthorizerResult.from_payload(result.payload)
        allowed = answer.allows(method_arn, condition_keys)
    except (AuthorizerResultError, PolicyError) as error:
        return _failure(str(error))
    if not allowed:
        return Refused(403, "Forbidden", f"the policy does not allow {INVOKE} on {method_arn}")
    return Allowed(answer.context, answer.usage_identifier_key)


def _failure(cause: str) -> Refused:
    return Refused(500, "Internal Server Error", cause)


def _identity_value(expression: str, handshake: Request, identity: Identity) -> str:
    if expression.startswith(_HEADER):
        values = handshake.headers.get_all(expression.removeprefix(_HEADER))
        return values[-1] if values else ""
    if expression.startswith(_QUERY):
        return _last(handshake.query, expression.removeprefix(_QUERY))
    if expression.startswith(_STAGE_VARIABLE):
        return _last(identity.stage_variables, expression.removeprefix(_STAGE_VARIABLE))
    if expression.startswith(_CONTEXT):
        return _context_value(expression.removeprefix(_CONTEXT), identity)
    return ""


def _last(pairs: Pairs, name: str) -> str:
    return dict(pairs).get(name, "")


def _context_value(name: str, identity: Identity) -> str:
    values = {
        "apiId": identity.api_id,
        "stage": identity.stage,
        "domainName": identity.domain_name,
        "connectionId": identity.connection_id,
        "connectedAt": str(identity.connected_at),
        "routeKey": "$connect",
        "eventType": "CONNECT",
        "messageDirection": "IN",
        "identity.sourceIp": identity.source_ip,
        "identity.userAgent": identity.user_agent or "",
        # Every request has these; their values play no part in the check.
        **dict.fromkeys(("requestId", "extendedRequestId", "requestTime", "requestTimeEpoch"), "-"),
    }
    return values.get(name, "")
