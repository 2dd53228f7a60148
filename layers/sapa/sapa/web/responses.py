"""Answers of the HTTP API, and the headers that protect all of them."""

import json
from collections.abc import Mapping
from typing import Any

from aws_lambda_powertools.event_handler import Response
from aws_lambda_powertools.shared.cookies import Cookie

from sapa.errors import RequestError
from sapa.web.requests import HttpRequest

type HttpResponse = Response[str] | Response[bytes]

NOTHING_ALLOWED = "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
_HSTS = "max-age=31536000"
# Nothing here uses them, so nothing that gets into a page may.
_NO_FEATURES = ", ".join(
    f"{name}=()"
    for name in ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")
)


def json_response(
    content: Mapping[str, Any],
    status: int = 200,
    *,
    headers: Mapping[str, str] | None = None,
    cookies: list[Cookie] | None = None,
) -> Response[str]:
    """A JSON document; not stored anywhere unless `headers` say otherwise."""
    return Response(
        status_code=status,
        content_type="application/json",
        body=json.dumps(content, ensure_ascii=False),
        headers={"Cache-Control": "no-store", **(headers or {})},
        cookies=cookies,
    )


def error_response(error: RequestError) -> Response[str]:
    """The refusal as JSON: `{"error": {"code", "message", "fields"?}}`."""
    content: dict[str, object] = {"code": error.code, "message": error.message}
    if error.fields is not None:
        content["fields"] = dict(error.fields)
    return json_response({"error": content}, error.status, headers=error.headers)


def protected(result: dict[str, Any], request: HttpRequest) -> dict[str, Any]:
    """Add the security headers to the proxy result of a request; its own headers win."""
    defaults = {
        "Content-Security-Policy": NOTHING_ALLOWED,
        "X-Content-Type-Options": "nosniff",
        "Referrer-Policy": "no-referrer",
        "Permissions-Policy": _NO_FEATURES,
        "Cross-Origin-Opener-Policy": "same-origin",
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if request.is_https:
        defaults["Strict-Transport-Security"] = _HSTS
    return {**result, "headers": {**defaults, **result.get("headers", {})}}
