"""The responses that a REST API gives by itself, and what a template changes in them.

Sources: developer guide, supported-gateway-response-types and
api-gateway-gatewayResponse-definition.
"""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum, auto
from typing import Any

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.model import GatewayResponse

_JSON = "application/json"
_VARIABLE = re.compile(r"\$(\{)?context\.(?P<name>\w+(?:\.\w+)*)(?(1)\})")
_HEADER = "method.request.header."
_QUERY = "method.request.querystring."


class ResponseType(StrEnum):
    """The type of a gateway response."""

    ACCESS_DENIED = auto()
    AUTHORIZER_CONFIGURATION_ERROR = auto()
    AUTHORIZER_FAILURE = auto()
    BAD_REQUEST_BODY = auto()
    BAD_REQUEST_PARAMETERS = auto()
    EXPIRED_TOKEN = auto()
    INTEGRATION_TIMEOUT = auto()
    INVALID_API_KEY = auto()
    INVALID_SIGNATURE = auto()
    MISSING_AUTHENTICATION_TOKEN = auto()
    QUOTA_EXCEEDED = auto()
    REQUEST_TOO_LARGE = auto()
    THROTTLED = auto()
    UNAUTHORIZED = auto()
    # An integration that gives no response; a template changes it as DEFAULT_5XX only.
    BAD_GATEWAY = auto()


# Status, and the error type by which clients of AWS decide.
_PROPERTIES: Mapping[ResponseType, tuple[int, str]] = {
    ResponseType.ACCESS_DENIED: (403, "AccessDeniedException"),
    ResponseType.AUTHORIZER_CONFIGURATION_ERROR: (500, "AuthorizerConfigurationException"),
    ResponseType.AUTHORIZER_FAILURE: (500, "AuthorizerConfigurationException"),
    ResponseType.BAD_REQUEST_BODY: (400, "BadRequestException"),
    ResponseType.BAD_REQUEST_PARAMETERS: (400, "BadRequestException"),
    ResponseType.EXPIRED_TOKEN: (401, "UnauthorizedException"),
    ResponseType.INTEGRATION_TIMEOUT: (504, "InternalServerErrorException"),
    ResponseType.INVALID_API_KEY: (403, "ForbiddenException"),
    ResponseType.INVALID_SIGNATURE: (403, "InvalidSignatureException"),
    ResponseType.MISSING_AUTHENTICATION_TOKEN: (403, "MissingAuthenticationTokenException"),
    ResponseType.QUOTA_EXCEEDED: (429, "LimitExceededException"),
    ResponseType.REQUEST_TOO_LARGE: (413, "RequestTooLargeException"),
    ResponseType.THROTTLED: (429, "TooManyRequestsException"),
    ResponseType.UNAUTHORIZED: (401, "UnauthorizedException"),
    ResponseType.BAD_GATEWAY: (502, "InternalServerErrorException"),
}


@dataclass(frozen=True, slots=True)
class Refusal:
    """A response that the API gives by itself; `cause` is for the developer's log."""

    kind: ResponseType
    message: str | None
    cause: str | None = None

    @property
    def status(self) -> int:
        """The status, unless the template sets another."""
        return _PROPERTIES[self.kind][0]


MISSING_TOKEN = Refusal(ResponseType.MISSING_AUTHENTICATION_TOKEN, "Missing Authentication Token")
TOO_LARGE = Refusal(ResponseType.REQUEST_TOO_LARGE, "Request Too Long")
THROTTLED = Refusal(ResponseType.THROTTLED, "Too Many Requests")
UNAUTHORIZED = Refusal(ResponseType.UNAUTHORIZED, "Unauthorized")
TIMED_OUT = Refusal(ResponseType.INTEGRATION_TIMEOUT, "Endpoint request timed out")


def response_of(
    refusal: Refusal,
    changes: Mapping[str, GatewayResponse],
    request: Request,
    context: Mapping[str, str],
) -> Response:
    """The response for a refusal, with what the template changes in its type or the default."""
    name, (status, error_type) = refusal.kind.name, _PROPERTIES[refusal.kind]
    change = changes.get(name) or changes.get(f"DEFAULT_{status // 100}XX") or GatewayResponse()
    headers = [("x-amzn-ErrorType", error_type), ("Content-Type", _JSON)]
    for header, expression in change.headers:
        value = _header_value(expression, request, context)
        if value is not None:
            headers = [item for item in headers if item[0].lower() != header.lower()]
            headers.append((header, value))
    variables = {
        **context,
        "error.message": refusal.message,
        "error.messageString": json.dumps(refusal.message),
        "error.responseType": name,
        "error.validationErrorString": refusal.cause,
    }
    body = (
        _default_body(refusal) if change.template is None else _render(change.template, variables)
    )
    return Response(change.status or status, Headers(headers), body.encode(errors="replace"))


def is_renderable(template: str) -> bool:
    """Whether a body template has no more than variables of `$context`, which are all it may have
    on AWS, too (api-gateway-gatewayResponse-definition)."""
    return "$" not in _VARIABLE.sub("", template) and not re.search(r"(?m)^\s*#", template)


def is_header_expression(expression: str) -> bool:
    """Whether the value of a header is a text in quotes or something that a request has."""
    is_text = len(expression) > 1 and expression[0] == expression[-1] == "'"
    return is_text or expression.startswith((_HEADER, _QUERY, "context."))


def _default_body(refusal: Refusal) -> str:
    name = "Message" if refusal.kind is ResponseType.ACCESS_DENIED else "message"
    # As captured: some of its responses have a space, others have none.
    spaced = refusal.status in (400, 502, 504)
    separators = (", ", ": ") if spaced else (",", ":")
    return json.dumps({name: refusal.message}, ensure_ascii=False, separators=separators)


def _render(template: str, variables: Mapping[str, Any]) -> str:
    return _VARIABLE.sub(lambda match: str(variables.get(match["name"]) or ""), template)


def _header_value(expression: str, request: Request, context: Mapping[str, str]) -> str | None:
    if expression.startswith(_HEADER):
        return request.headers.get(expression.removeprefix(_HEADER))
    if expression.startswith(_QUERY):
        return dict(request.query).get(expression.removeprefix(_QUERY))
    if expression.startswith("context."):
        return context.get(expression.removeprefix("context."))
    return expression[1:-1]
