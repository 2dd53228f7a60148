"""Answers of the HTTP API, and the headers that protect all of them."""

import base64
import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from sapa.errors import RefusalError

NOTHING_ALLOWED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HSTS = "max-age=31536000"
# Nothing here uses them, so nothing that gets into a page may.
_NO_FEATURES = ", ".join(
    f"{name}=()"
    for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)

_BAD_REQUEST = 400
# The statuses of refusals by their codes; all others are 400.
_STATUSES = {
    "invalid_credentials": 401,
    "no_session": 401,
    "foreign_origin": 403,
    "new_password_required": 403,
    "challenge_not_supported": 403,
    "not_found": 404,
    "method_not_allowed": 405,
    "body_too_large": 413,
    "payload_too_large": 413,
    "upgrade_required": 426,
    "too_many_attempts": 429,
    "failed": 500,
    "unavailable": 503,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Response:
    """An answer; `cookies` are whole values of `Set-Cookie`."""

    status: int = 200
    body: str | bytes = ""
    headers: Mapping[str, str] = field(default_factory=dict)
    cookies: tuple[str, ...] = ()

    def as_result(self, default_headers: Mapping[str, str] | None = None) -> dict[str, Any]:
        """The proxy result (payload format 2.0); bytes travel in base64."""
        body = self.body
        return {
            "statusCode": self.status,
            "headers": {**(default_headers or {}), **self.headers},
            "cookies": list(self.cookies),
            "body": body if isinstance(body, str) else base64.b64encode(body).decode(),
            "isBase64Encoded": isinstance(body, bytes),
        }


def json_response(
    content: Mapping[str, Any],
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: tuple[str, ...] = (),
) -> Response:
    """A JSON document; not stored anywhere unless `headers` say otherwise."""
    return Response(
        status=status,
        body=json.dumps(content, ensure_ascii=False),
        headers={
            "Content-Type": "application/json",
            "Cache-Control": "no-store",
            **(headers or {}),
        },
        cookies=cookies,
    )


def refusal_response(refusal: RefusalError, headers: Mapping[str, str] | None = None) -> Response:
    """The refusal as JSON, with the status of its code."""
    status = _STATUSES.get(refusal.code, _BAD_REQUEST)
    return json_response(refusal.as_json(), status, headers=headers)


def security_headers(*, is_https: bool) -> dict[str, str]:
    """The headers of every answer that does not set its own."""
    headers = {
        "Content-Security-Policy": NOTHING_ALLOWED,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": _NO_FEATURES,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if is_https:
        headers["Strict-Transport-Security"] = _HSTS
    return headers
