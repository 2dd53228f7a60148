"""Answers of the management API (`@connections`) as plain values.

Source: developer guide, apigateway-how-to-call-websocket-api-connections, and the service model
of `apigatewaymanagementapi`. The SDKs choose the exception class by `x-amzn-ErrorType`, so every
error carries it; a 410 has no body, as on AWS.
"""

import json
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from local_gateway.core.http import Headers, Identity
from local_gateway.core.timestamps import iso_time

MISSING_TOKEN = "Missing Authentication Token"  # noqa: S105 - AWS's wording, not a secret
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True)
class ManagementResponse:
    """An HTTP answer; `body` is empty or JSON."""

    status: int
    headers: Headers
    body: bytes


def ok() -> ManagementResponse:
    """200 of a POST: accepted for delivery."""
    return _response(200, None, None)


def deleted() -> ManagementResponse:
    """204 of a DELETE."""
    return _response(204, None, None)


def description(
    identity: Identity, connected_at_ms: int, last_active_ms: int
) -> ManagementResponse:
    """200 of a GET: times are ISO 8601, `userAgent` is null if the client sent none."""
    content = {
        "connectedAt": iso_time(connected_at_ms),
        "identity": {"sourceIp": identity.source_ip, "userAgent": identity.user_agent},
        "lastActiveAt": iso_time(last_active_ms),
    }
    return _response(200, None, content)


def gone() -> ManagementResponse:
    """410: the connection is closed, never existed or is not established yet."""
    return _response(410, "GoneException", None)


def malformed(connection_id: str) -> ManagementResponse:
    """400: the text cannot be a connection id at all."""
    message = f"Invalid connectionId: {connection_id}"
    return _response(400, "BadRequestException", {"message": message})


def forbidden(message: str) -> ManagementResponse:
    """403: wrong stage or path, or a signature that is missing or wrong."""
    missing = message == MISSING_TOKEN
    kind = "MissingAuthenticationTokenException" if missing else "ForbiddenException"
    return _response(403, kind, {"message": message})


def payload_too_large() -> ManagementResponse:
    """413: more than 131,072 bytes of data."""
    content = {"message": "Payload Too Large"}
    return _response(413, "PayloadTooLargeException", content)


def limit_exceeded() -> ManagementResponse:
    """429: sent too fast, or the client does not read what it is sent."""
    return _response(429, "LimitExceededException", None)


def connection_id_of(raw_path_segment: str) -> str:
    """The connection id in a path segment as it travelled: `%3D` is `=`.

    Bytes that are no UTF-8 become U+FFFD, which no well-formed id contains.
    """
    return unquote(raw_path_segment)


def signature_problem(headers: Headers, query: tuple[tuple[str, str], ...] = ()) -> str | None:
    """The message of the 403 for a request that carries no AWS signature; `None` if it does.

    Only the presence of Signature Version 4 is looked at, in a header or in the query string.
    """
    authorizations = (value for name, value in headers if name.lower() == "authorization")
    if any(value.startswith(f"{_ALGORITHM} ") for value in authorizations):
        return None
    if any(name == "X-Amz-Algorithm" and value == _ALGORITHM for name, value in query):
        return None
    return MISSING_TOKEN


def _response(
    status: int, error_type: str | None, content: dict[str, Any] | None
) -> ManagementResponse:
    headers: list[tuple[str, str]] = []
    if error_type is not None:
        headers.append(("x-amzn-ErrorType", error_type))
    if content is None:
        return ManagementResponse(status, tuple(headers), b"")
    headers.append(("Content-Type", "application/json"))
    return ManagementResponse(status, tuple(headers), json.dumps(content).encode())
