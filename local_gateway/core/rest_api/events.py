"""The events of REST APIs: for a Lambda proxy integration (format 1.0) and for its authorizers.

Sources: developer guide, set-up-lambda-proxy-integrations ("Input format of a Lambda function for
proxy integration") and api-gateway-lambda-authorizer-input. What a request does not have is null.
"""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from local_gateway.core.http import Pairs, Request, trace_header
from local_gateway.core.model import RestApi, RestMethod, RestStage
from local_gateway.core.proxy_event import (
    ADDED_HEADERS,
    NO_CALLER,
    added_headers,
    header_maps,
    query_maps,
)
from local_gateway.core.timestamps import RequestStamp, common_log_time

# Front end and function are separate connections: what concerns one of them is not passed on.
_DROPPED = ADDED_HEADERS | {
    "connection",
    "content-length",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class RestRequest:
    """A request to a method of a stage; `path` is below the stage, percent-encoded as sent.

    `caller` has the members that a signature or an API key adds to `requestContext.identity`.
    """

    api: RestApi
    stage: RestStage
    method: RestMethod
    request: Request
    stamp: RequestStamp
    path: str
    path_parameters: Mapping[str, str]
    partition: str
    region: str
    account_id: str
    caller: Pairs = ()

    @property
    def method_arn(self) -> str:
        """The ARN that an authorizer's policy has to allow."""
        return (
            f"arn:{self.partition}:execute-api:{self.region}:{self.account_id}:{self.api.api_id}/"
            f"{self.stage.name}/{self.request.method}{self.path}"
        )


def proxy_event(rest: RestRequest, authorizer: Mapping[str, Any] | None = None) -> dict[str, Any]:
    """The event of a Lambda proxy integration; `authorizer` is what an authorizer gave it."""
    body, is_base64 = _body(rest.request, rest.api.binary_media_types)
    query = query_maps(rest.request.query)
    return {
        **_line(rest),
        **header_maps(_headers(rest)),
        **{name: values or None for name, values in query.items()},
        "pathParameters": dict(rest.path_parameters) or None,
        "stageVariables": dict(rest.stage.variables) or None,
        "requestContext": _context(rest, authorizer),
        "body": body,
        "isBase64Encoded": is_base64,
    }


def request_authorizer_event(rest: RestRequest) -> dict[str, Any]:
    """The input of a REQUEST authorizer: the maps are present even when they are empty."""
    return {
        "type": "REQUEST",
        "methodArn": rest.method_arn,
        **_line(rest),
        **header_maps(_headers(rest)),
        **query_maps(rest.request.query),
        "pathParameters": dict(rest.path_parameters),
        "stageVariables": dict(rest.stage.variables),
        "requestContext": _context(rest, None),
    }


def token_authorizer_event(rest: RestRequest, token: str) -> dict[str, Any]:
    """The input of a TOKEN authorizer."""
    return {"type": "TOKEN", "methodArn": rest.method_arn, "authorizationToken": token}


def request_id(stamp: RequestStamp) -> str:
    """`requestId`: REST APIs have UUIDs, where the other APIs have short ids."""
    digits = hashlib.sha256(stamp.request_id.encode()).hexdigest()
    return f"{digits[:8]}-{digits[8:12]}-4{digits[13:16]}-8{digits[17:20]}-{digits[20:32]}"


def media_type_fits(media_type: str | None, binary_media_types: Sequence[str]) -> bool:
    """Whether a media type is one of an API's binary media types, which may have wildcards."""
    if "*/*" in binary_media_types:
        return True
    name = (media_type or "").partition(";")[0].strip().lower()
    main = name.partition("/")[0]
    return any(entry.lower() in (name, f"{main}/*") for entry in binary_media_types)


def _line(rest: RestRequest) -> dict[str, str]:
    return {
        "resource": rest.method.resource,
        "path": rest.path,
        "httpMethod": rest.request.method,
    }


def _headers(rest: RestRequest) -> Pairs:
    kept = tuple(item for item in rest.request.headers if item[0].lower() not in _DROPPED)
    trace = trace_header(rest.stamp.at, rest.stamp.request_id)
    return (*kept, *added_headers(rest.request, trace))


def _context(rest: RestRequest, authorizer: Mapping[str, Any] | None) -> dict[str, Any]:
    request, domain_name = rest.request, rest.request.headers.get("host") or "localhost"
    resource_id = hashlib.sha256(rest.method.resource.encode()).hexdigest()[:6]
    return {
        "resourceId": resource_id,
        **({} if authorizer is None else {"authorizer": dict(authorizer)}),
        "resourcePath": rest.method.resource,
        "httpMethod": request.method,
        "extendedRequestId": rest.stamp.request_id,
        "requestTime": common_log_time(rest.stamp.at),
        "path": request.path,
        "accountId": rest.account_id,
        "protocol": f"HTTP/{request.version}",
        "stage": rest.stage.name,
        "domainPrefix": domain_name.partition(".")[0],
        "requestTimeEpoch": rest.stamp.at,
        "requestId": request_id(rest.stamp),
        "identity": {
            **dict.fromkeys(NO_CALLER),
            "sourceIp": request.source_ip,
            "userAgent": request.headers.get("user-agent"),
            **dict(rest.caller),
        },
        "domainName": domain_name,
        "deploymentId": hashlib.sha256(rest.api.api_id.encode()).hexdigest()[:6],
        "apiId": rest.api.api_id,
    }


def _body(request: Request, binary_media_types: Sequence[str]) -> tuple[str | None, bool]:
    """The body and whether it is base64, which the API's binary media types decide alone."""
    if not request.body:
        return None, False
    if media_type_fits(request.headers.get("content-type"), binary_media_types):
        return base64.b64encode(request.body).decode("ascii"), True
    return request.body.decode(errors="replace"), False
