"""The responses of a REST API itself, and what a template changes in them."""

import json

import pytest

from local_gateway.core.http import Headers, Request, Response
from local_gateway.core.model import GatewayResponse
from local_gateway.core.rest_api.gateway_responses import (
    MISSING_TOKEN,
    THROTTLED,
    TIMED_OUT,
    TOO_LARGE,
    UNAUTHORIZED,
    Refusal,
    ResponseType,
    is_header_expression,
    is_renderable,
    response_of,
)

REQUEST = Request(
    method="GET", path="/", query_string="q=1", headers=Headers((("Origin", "https://a"),))
)
DENIED = Refusal(ResponseType.ACCESS_DENIED, "User is not authorized to access this resource")
FAILED = Refusal(ResponseType.AUTHORIZER_FAILURE, None)
BAD_GATEWAY = Refusal(ResponseType.BAD_GATEWAY, "Internal server error")


def response(refusal: Refusal, **changes: GatewayResponse) -> Response:
    return response_of(refusal, changes, REQUEST, {"requestId": "id", "stage": "dev"})


@pytest.mark.parametrize(
    ("refusal", "status", "body", "error_type"),
    [
        (
            MISSING_TOKEN,
            403,
            '{"message":"Missing Authentication Token"}',
            "MissingAuthenticationTokenException",
        ),
        (UNAUTHORIZED, 401, '{"message":"Unauthorized"}', "UnauthorizedException"),
        (
            DENIED,
            403,
            '{"Message":"User is not authorized to access this resource"}',
            "AccessDeniedException",
        ),
        (FAILED, 500, '{"message":null}', "AuthorizerConfigurationException"),
        (BAD_GATEWAY, 502, '{"message": "Internal server error"}', "InternalServerErrorException"),
        (
            TIMED_OUT,
            504,
            '{"message": "Endpoint request timed out"}',
            "InternalServerErrorException",
        ),
        (THROTTLED, 429, '{"message":"Too Many Requests"}', "TooManyRequestsException"),
        (TOO_LARGE, 413, '{"message":"Request Too Long"}', "RequestTooLargeException"),
    ],
)
def test_the_defaults(refusal: Refusal, status: int, body: str, error_type: str) -> None:
    answer = response(refusal)
    assert (answer.status, answer.body.decode()) == (status, body)
    assert answer.headers.get("x-amzn-errortype") == error_type
    assert answer.headers.get("content-type") == "application/json"


CORS = GatewayResponse(headers=(("Access-Control-Allow-Origin", "'*'"),))


def test_a_template_changes_a_type_or_the_default() -> None:
    own = GatewayResponse(status=404, template='{"error":$context.error.messageString}')
    assert (
        response(UNAUTHORIZED, DEFAULT_4XX=CORS).headers.get("access-control-allow-origin") == "*"
    )
    assert (
        response(BAD_GATEWAY, DEFAULT_4XX=CORS).headers.get("access-control-allow-origin") is None
    )
    assert response(BAD_GATEWAY, DEFAULT_5XX=CORS).headers.get("access-control-allow-origin") == "*"
    changed = response(UNAUTHORIZED, DEFAULT_4XX=CORS, UNAUTHORIZED=own)
    assert changed.status == 404
    assert json.loads(changed.body) == {"error": "Unauthorized"}
    assert changed.headers.get("access-control-allow-origin") is None


def test_headers_take_values_of_the_request() -> None:
    headers = (
        ("Content-Type", "'text/plain'"),
        ("X-Origin", "method.request.header.origin"),
        ("X-Query", "method.request.querystring.q"),
        ("X-Request", "context.requestId"),
        ("X-Nothing", "method.request.header.nothing"),
    )
    answer = response(UNAUTHORIZED, UNAUTHORIZED=GatewayResponse(headers=headers))
    assert dict(answer.headers) == {
        "x-amzn-ErrorType": "UnauthorizedException",
        "Content-Type": "text/plain",
        "X-Origin": "https://a",
        "X-Query": "1",
        "X-Request": "id",
    }


def test_a_body_template_has_variables() -> None:
    template = "$context.error.message|${context.error.responseType}|$context.requestId|$context.x"
    answer = response(UNAUTHORIZED, UNAUTHORIZED=GatewayResponse(template=template))
    assert answer.body == b"Unauthorized|UNAUTHORIZED|id|"


@pytest.mark.parametrize(
    ("template", "fits"),
    [
        ('{"message":$context.error.messageString}', True),
        ("plain # text", True),
        ("#set($a = 1)", False),
        ("$util.escapeJavaScript('x')", False),
    ],
)
def test_templates_with_more_are_not_rendered(template: str, fits: bool) -> None:
    assert is_renderable(template) == fits


@pytest.mark.parametrize(
    ("expression", "fits"),
    [("'*'", True), ("method.request.header.X", True), ("context.requestId", True), ("*", False)],
)
def test_expressions_of_headers(expression: str, fits: bool) -> None:
    assert is_header_expression(expression) == fits
