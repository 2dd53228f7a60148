"""Events of an HTTP API with payload format 1.0, made from those with format 2.0.

Source: developer guide, http-api-develop-integrations-lambda and http-api-lambda-authorizer. What a
request does not have is null.
"""

from collections.abc import Mapping
from typing import Any

from local_gateway.core.http import Pairs, Request, trace_header
from local_gateway.core.http_api.events import HOP_BY_HOP
from local_gateway.core.proxy_event import (
    ADDED_HEADERS,
    NO_CALLER,
    added_headers,
    header_maps,
    query_maps,
)


def integration_event(event: Mapping[str, Any], request: Request) -> dict[str, Any]:
    """The event of a Lambda integration."""
    context = event["requestContext"]
    trace = trace_header(context["timeEpoch"], context["requestId"])
    dropped = (HOP_BY_HOP - {"cookie"}) | ADDED_HEADERS
    kept: Pairs = tuple(item for item in request.headers if item[0].lower() not in dropped)
    query = query_maps(request.query)
    return {
        "version": "1.0",
        **_line(event),
        **header_maps((*kept, *added_headers(request, trace))),
        **{name: values or None for name, values in query.items()},
        "requestContext": _request_context(event, context.get("authorizer", {})),
        "pathParameters": event.get("pathParameters"),
        "stageVariables": event.get("stageVariables"),
        "body": event.get("body"),
        "isBase64Encoded": event["isBase64Encoded"],
    }


def authorizer_event(event: Mapping[str, Any], route_arn: str, identity: str) -> dict[str, Any]:
    """The input of a Lambda authorizer, which has empty objects in place of null."""
    return {
        "version": "1.0",
        "type": "REQUEST",
        "methodArn": route_arn,
        "identitySource": identity,
        "authorizationToken": identity,
        **_line(event),
        "headers": event["headers"],
        "queryStringParameters": event.get("queryStringParameters", {}),
        "pathParameters": event.get("pathParameters", {}),
        "stageVariables": event.get("stageVariables", {}),
        "requestContext": _request_context(event, None),
    }


def _line(event: Mapping[str, Any]) -> dict[str, str]:
    return {
        "resource": _resource(event),
        "path": event["rawPath"],
        "httpMethod": event["requestContext"]["http"]["method"],
    }


def _resource(event: Mapping[str, Any]) -> str:
    route_key = str(event["routeKey"])
    return route_key.partition(" ")[2] or route_key


def _request_context(
    event: Mapping[str, Any], authorizer: Mapping[str, Any] | None
) -> dict[str, Any]:
    """`requestContext`; `authorizer` is that of format 2.0, `None` in an authorizer's own event."""
    context = event["requestContext"]
    http = context["http"]
    shown = {} if authorizer is None else {"authorizer": _authorizer(authorizer)}
    return {
        "accountId": context["accountId"],
        "apiId": context["apiId"],
        **shown,
        "domainName": context["domainName"],
        "domainPrefix": context["domainPrefix"],
        "extendedRequestId": context["requestId"],
        "httpMethod": http["method"],
        "identity": {
            **dict.fromkeys(NO_CALLER),
            **_caller((authorizer or {}).get("iam", {})),
            "sourceIp": http["sourceIp"],
            "userAgent": http["userAgent"],
        },
        "path": event["rawPath"],
        "protocol": http["protocol"],
        "requestId": context["requestId"],
        "requestTime": context["time"],
        "requestTimeEpoch": context["timeEpoch"],
        "resourceId": event["routeKey"],
        "resourcePath": _resource(event),
        "stage": context["stage"],
    }


def _authorizer(authorizer: Mapping[str, Any]) -> dict[str, Any]:
    """The claims of a token, or the context of a Lambda authorizer."""
    if authorizer.get("lambda") is not None:
        return dict(authorizer["lambda"])
    return dict(authorizer.get("jwt", {"claims": None, "scopes": None}))


def _caller(iam: Mapping[str, Any]) -> dict[str, Any]:
    """Who signed the request."""
    if not iam:
        return {}
    return {
        "accessKey": iam["accessKey"],
        "accountId": iam["accountId"],
        "caller": iam["callerId"],
        "user": iam["userId"],
        "userArn": iam["userArn"],
    }
