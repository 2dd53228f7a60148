"""The event of an HTTP API with payload format 2.0.

Source: developer guide, http-api-develop-integrations-lambda. Absent members are absent: no
`cookies`, `queryStringParameters`, `pathParameters`, `stageVariables` or `body` without content.
"""

import base64
import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import unquote

from local_gateway.core.http import Headers, Pairs, Request, forwarded_for, trace_header
from local_gateway.core.iam.signer import Signer
from local_gateway.core.model import HttpApi, HttpRoute, HttpStage
from local_gateway.core.timestamps import RequestStamp, common_log_time

# Front end and function are separate connections: what concerns one of them is not passed on.
HOP_BY_HOP = frozenset(
    {"connection", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding"}
    | {"upgrade", "cookie"}
)
_TEXT_TYPE = re.compile(
    r"text/|application/(?:json|javascript|xml|graphql)\b|application/[\w.-]+\+(?:json|xml)\b",
    re.IGNORECASE,
)


def http_event(
    api: HttpApi,
    stage: HttpStage,
    route: HttpRoute,
    request: Request,
    stamp: RequestStamp,
    *,
    path_parameters: Mapping[str, str],
    domain_name: str,
    port: int,
    account_id: str,
    authorizer: Mapping[str, Any] | None = None,
) -> dict[str, Any]:
    """The event for a request that `route` serves in `stage`.

    `port` is the one that the client connected to, `authorizer` what is known of the client.
    """
    raw_path = unquote(request.path)
    body, encoded = _body(request)
    cookies = _cookies(request.headers)
    context: dict[str, Any] = {
        "accountId": account_id,
        "apiId": api.api_id,
        "domainName": domain_name,
        "domainPrefix": domain_name.partition(".")[0],
        "http": _http(request, raw_path),
        "requestId": stamp.request_id,
        "routeKey": route.route_key,
        "stage": stage.name,
        "time": common_log_time(stamp.at),
        "timeEpoch": stamp.at,
    }
    if authorizer is not None:
        context["authorizer"] = dict(authorizer)
    event: dict[str, Any] = {
        "version": "2.0",
        "routeKey": route.route_key,
        "rawPath": raw_path,
        "rawQueryString": request.query_string,
        "cookies": cookies,
        "headers": _headers(request, stamp, port),
        "queryStringParameters": _joined(request.query),
        "requestContext": context,
        "body": body,
        "pathParameters": dict(path_parameters),
        "stageVariables": dict(stage.variables),
        "isBase64Encoded": encoded,
    }
    return {name: value for name, value in event.items() if value not in ([], {}, None)}


def iam_context(signer: Signer) -> dict[str, Any]:
    """`requestContext.authorizer` of a signed request.

    Source: developer guide, "Control access to HTTP APIs with IAM authorization"
    (http-api-access-control-iam).
    """
    return {
        "iam": {
            "accessKey": signer.access_key,
            "accountId": signer.account_id,
            "callerId": signer.access_key,
            "cognitoIdentity": None,
            "principalOrgId": None,
            "userArn": signer.user_arn,
            "userId": signer.access_key,
        }
    }


def _http(request: Request, raw_path: str) -> dict[str, str]:
    return {
        "method": request.method,
        "path": raw_path,
        "protocol": "HTTP/1.1",
        "sourceIp": request.source_ip,
        "userAgent": request.headers.get("user-agent") or "",
    }


def _headers(request: Request, stamp: RequestStamp, port: int) -> dict[str, str]:
    """Lower-case names in order, repeated ones joined with commas, cookies left out."""
    added = {
        "content-length": str(len(request.body)),
        "x-amzn-trace-id": trace_header(stamp.at, stamp.request_id),
        "x-forwarded-for": forwarded_for(request),
        "x-forwarded-port": str(port),
        "x-forwarded-proto": "http",
    }
    kept = tuple(
        (name.lower(), value)
        for name, value in request.headers
        if name.lower() not in HOP_BY_HOP and name.lower() not in added
    )
    return dict(sorted((_joined(kept) | added).items()))


def _cookies(headers: Headers) -> list[str]:
    """Every `name=value` pair of the request's Cookie headers, as sent."""
    lines = headers.get_all("cookie")
    return [pair.strip() for line in lines for pair in line.split(";") if pair.strip()]


def _joined(pairs: Pairs) -> dict[str, str]:
    joined: dict[str, str] = {}
    for name, value in pairs:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    return joined


def _body(request: Request) -> tuple[str | None, bool]:
    """The body and whether it is base64: text travels as it is, everything else encoded.

    A form (`application/x-www-form-urlencoded`) is not text for an HTTP API. Without a content
    type, or with text that is no UTF-8, the bytes decide.
    """
    if not request.body:
        return None, False
    content_type = request.headers.get("content-type")
    is_text = content_type is None or _TEXT_TYPE.match(content_type) is not None
    if is_text and request.headers.get("content-encoding") is None:
        try:
            return request.body.decode(), False
        except UnicodeDecodeError:
            pass
    return base64.b64encode(request.body).decode("ascii"), True
