"""Responses of the management API (`@connections`).

Source: developer guide, apigateway-how-to-call-websocket-api-connections, and the service model
of `apigatewaymanagementapi`. The SDKs choose the exception class by `x-amzn-ErrorType`, so every
error carries it; a 410 has no body, as on AWS.
"""

import json
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.timestamps import iso_time

ALGORITHM = "AWS4-HMAC-SHA256"
_SIGNED_QUERY = ("Credential", "Date", "Expires", "SignedHeaders", "Signature")


def _response(
    status: int, error_type: str | None, content: dict[str, Any] | None = None
) -> Response:
    headers = [("x-amzn-ErrorType", error_type)] if error_type else []
    if content is None:
        return Response(status, Headers(headers))
    headers.append(("Content-Type", "application/json"))
    return Response(status, Headers(headers), json.dumps(content).encode())


# A POST that was accepted for delivery.
OK = Response(200)
DELETED = Response(204)
# The connection is closed, never existed or is not established yet.
GONE = _response(410, "GoneException")
# More than 131,072 bytes of data.
PAYLOAD_TOO_LARGE = _response(413, "PayloadTooLargeException", {"message": "Payload Too Large"})
# Sent too fast, or the client does not read what it is sent.
LIMIT_EXCEEDED = _response(429, "LimitExceededException")


def description(
    connected_at: int, last_active: int, source_ip: str, user_agent: str | None
) -> Response:
    """200 of a GET: times are ISO 8601, `userAgent` is null if the client sent none."""
    content = {
        "connectedAt": iso_time(connected_at),
        "identity": {"sourceIp": source_ip, "userAgent": user_agent},
        "lastActiveAt": iso_time(last_active),
    }
    return _response(200, None, content)


def malformed(connection_id: str) -> Response:
    """400: the text cannot be a connection id at all."""
    message = f"Invalid connectionId: {connection_id}"
    return _response(400, "BadRequestException", {"message": message})


@dataclass(frozen=True, slots=True)
class SignatureRefusal:
    """Why a signature is refused: the code that the SDKs decide by, and AWS's wording."""

    error_type: str
    message: str


MISSING_TOKEN = SignatureRefusal(
    "MissingAuthenticationTokenException", "Missing Authentication Token"
)


def forbidden(refusal: SignatureRefusal | None = None) -> Response:
    """403: wrong stage or path, or a signature that is missing or wrong."""
    if refusal is None:
        return _response(403, "ForbiddenException", {"message": "Forbidden"})
    return _response(403, refusal.error_type, {"message": refusal.message})


def error_of(response: Response) -> str | None:
    """What an answer refuses, for the developer's log: its error type and its message."""
    error_type = response.headers.get("x-amzn-ErrorType")
    if error_type is None or not response.body:
        return error_type
    return f"{error_type}: {json.loads(response.body)['message']}"


def is_signed(request: Request) -> bool:
    """Whether a request carries a signature (Signature Version 4) in a header or its query.

    A query has to be complete, as botocore makes it.
    """
    if (request.headers.get("authorization") or "").startswith(f"{ALGORITHM} "):
        return True
    query = dict(request.query)
    if query.get("X-Amz-Algorithm") != ALGORITHM:
        return False
    return all(query.get(f"X-Amz-{name}") for name in _SIGNED_QUERY)
