"""What a client of a REST API receives for the result of a function.

Source: developer guide, set-up-lambda-proxy-integrations ("Output format of a Lambda function for
proxy integration"): anything else is 502, and the function's error stays in the log.
"""

import json
from collections.abc import Mapping
from typing import Any

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.http_api.responses import (
    UnusableResponseError,
    all_headers,
    body_bytes,
)
from local_gateway.core.invocation import (
    MALFORMED_RESPONSE,
    InvocationResult,
    Succeeded,
    TimedOut,
    outcome_of,
)
from local_gateway.core.rest_api.events import media_type_fits
from local_gateway.core.rest_api.gateway_responses import TIMED_OUT, Refusal, ResponseType

# API Gateway's own, so that a function's get other names (api-gateway-known-issues).
_REMAPPED = frozenset(
    {
        "authorization",
        "content-md5",
        "date",
        "expect",
        "host",
        "max-forwards",
        "server",
        "trailer",
        "user-agent",
        "via",
        "www-authenticate",
    }
)
_MEMBERS = frozenset({"statusCode", "headers", "multiValueHeaders", "body", "isBase64Encoded"})


def proxy_response(
    result: InvocationResult, request: Request, binary_media_types: tuple[str, ...]
) -> Response | Refusal:
    """The response that a function's result is, or why it is none."""
    if isinstance(result, TimedOut):
        return Refusal(TIMED_OUT.kind, TIMED_OUT.message, outcome_of(result)[1])
    if not isinstance(result, Succeeded):
        return bad_gateway(outcome_of(result)[1])
    try:
        return _response(json.loads(result.payload), request, binary_media_types)
    except UnusableResponseError as error:
        return bad_gateway(f"{MALFORMED_RESPONSE}: {error}")
    except (ValueError, RecursionError):
        return bad_gateway(f"{MALFORMED_RESPONSE}: the result is not JSON")


def bad_gateway(cause: str | None) -> Refusal:
    """502 for an integration that gives no response."""
    return Refusal(ResponseType.BAD_GATEWAY, "Internal server error", cause)


def _response(answer: Any, request: Request, binary_media_types: tuple[str, ...]) -> Response:
    if not isinstance(answer, dict):
        raise UnusableResponseError("the result must be an object")
    if unknown := answer.keys() - _MEMBERS:
        raise UnusableResponseError(f"the member {min(unknown)} is not one of a response")
    headers = [
        (f"x-amzn-Remapped-{name}" if name.lower() in _REMAPPED else name, value)
        for name, value in all_headers(answer)
    ]
    if not any(name.lower() == "content-type" for name, _ in headers):
        headers.append(("Content-Type", "application/json"))
    accepted = (request.headers.get("accept") or "").partition(",")[0]
    is_binary = answer.get("isBase64Encoded") is True
    decoded = is_binary and media_type_fits(accepted, binary_media_types)
    body = body_bytes({**answer, "isBase64Encoded": decoded})
    return Response(_status(answer), Headers(headers), body)


def _status(answer: Mapping[str, Any]) -> int:
    """A status code: an integer, or text with digits; 200 without one."""
    code = answer.get("statusCode", 200)
    text = str(code) if isinstance(code, int | str) and not isinstance(code, bool) else ""
    if not text.isdecimal() or not 200 <= int(text) <= 599:
        raise UnusableResponseError("statusCode must be from 200 to 599")
    return int(text)
