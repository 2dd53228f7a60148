"""The event of an HTTP API with payload format 2.0.

Source: developer guide, http-api-develop-integrations-lambda. Absent members are absent: no
`cookies`, `queryStringParameters`, `pathParameters`, `stageVariables` or `body` without content.
"""

import base64
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, unquote

from local_gateway.core.forwarding import forwarded_for, trace_header
from local_gateway.core.http import Headers, Moment
from local_gateway.core.model import HttpApi, HttpRoute, HttpStage
from local_gateway.core.timestamps import common_log_time

# Front end and function are separate connections: what concerns one of them is not passed on.
_HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "cookie"}
)
_TEXT_TYPE = re.compile(
    r"text/|application/(?:json|javascript|xml|graphql)\b|application/[\w.-]+\+(?:json|xml)\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request as it was sent: `path` is percent-encoded, with a named stage in front.

    `query_string` has no question mark; `scheme` and `port` are what `X-Forwarded-*` show.
    """

    method: str
    path: str
    query_string: str
    headers: Headers
    body: bytes
    source_ip: str
    protocol: str = "HTTP/1.1"
    scheme: str = "https"
    port: int = 443

    def header(self, name: str) -> str | None:
        """The first value of a header, its name compared without regard to case."""
        wanted = name.lower()
        return next((value for key, value in self.headers if key.lower() == wanted), None)


def http_event(
    api: HttpApi,
    stage: HttpStage,
    route: HttpRoute,
    request: HttpRequest,
    moment: Moment,
    *,
    path_parameters: Mapping[str, str],
    domain_name: str,
    account_id: str,
    iam: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event for a request that `route` serves in `stage`; `iam` describes who signed it."""
    raw_path = unquote(request.path)
    body, encoded = _body(request)
    cookies = _cookies(request.headers)
    context: dict[str, Any] = {
        "accountId": account_id,
        "apiId": api.api_id,
        "domainName": domain_name,
        "domainPrefix": domain_name.partition(".")[0],
        "http": _http(request, raw_path),
        "requestId": moment.request_id,
        "routeKey": route.route_key,
        "stage": stage.name,
        "time": common_log_time(moment.at),
        "timeEpoch": moment.at,
    }
    if iam is not None:
        context["authorizer"] = {"iam": dict(iam)}
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.route_key,
        "rawPath": raw_path,
        "rawQueryString": request.query_string,
        "cookies": cookies,
        "headers": _headers(request, moment),
        "queryStringParameters": _joined(
            parse_qsl(request.query_string, keep_blank_values=True, errors="replace")
        ),
        "requestContext": context,
        "body": body,
        "pathParameters": dict(path_parameters),
        "stageVariables": dict(stage.variables),
        "isBase64Encoded": encoded,
    }
    return {name: value for name, value in event.items() if value not in ([], {}, None)}


def _http(request: HttpRequest, raw_path: str) -> dict[str, str]:
    return {
        "method": request.method,
        "path": raw_path,
        "protocol": request.protocol,
        "sourceIp": request.source_ip,
        "userAgent": request.header("user-agent") or "",
    }


def _headers(request: HttpRequest, moment: Moment) -> dict[str, str]:
    """Lower-case names in order, repeated ones joined with commas, cookies left out."""
    added = {
        "content-length": str(len(request.body)),
        "x-amzn-trace-id": trace_header(moment.at, moment.request_id),
        "x-forwarded-for": forwarded_for(request.headers, request.source_ip),
        "x-forwarded-port": str(request.port),
        "x-forwarded-proto": request.scheme,
    }
    kept = [
        (name.lower(), value)
        for name, value in request.headers
        if name.lower() not in _HOP_BY_HOP and name.lower() not in added
    ]
    return dict(sorted((_joined(kept) | added).items()))


def _cookies(headers: Headers) -> list[str]:
    """Every `name=value` pair of the request's Cookie headers, as sent."""
    lines = (value for name, value in headers if name.lower() == "cookie")
    return [pair.strip() for line in lines for pair in line.split(";") if pair.strip()]


def _joined(pairs: list[tuple[str, str]]) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: HttpRequest) -> tuple[str | None, bool]:
    """The body and whether it is base64: text travels as it is, everything else encoded.

    A form (`application/x-www-form-urlencoded`) is not text for an HTTP API. Without a content
    type, or with text that is no UTF-8, the bytes decide.
    """
    if not request.body:
        return None, False
    content_type = request.header("content-type")
    is_text = content_type is None or _TEXT_TYPE.match(content_type) is not None
    if is_text and request.header("content-encoding") is None:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode("ascii"), True
