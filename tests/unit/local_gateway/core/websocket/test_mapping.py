"""What an event becomes on its way to an integration, and what comes back from there."""

import base64
import json
from collections.abc import Mapping
from dataclasses import replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_gateway.core.http import Headers, Response
from local_gateway.core.websocket.actions import (
    FunctionCall,
    HttpCall,
    IntegrationFailure,
    IntegrationResult,
    InvocationType,
)
from local_gateway.core.websocket.events import connect_event, disconnect_event, message_event
from local_gateway.core.websocket.integration import (
    AwsService,
    CustomLambda,
    HttpEndpoint,
    IntegrationResponse,
    MappedIntegration,
    Mock,
    ParameterMapping,
    Passthrough,
    SelectionExpression,
)
from local_gateway.core.websocket.mapping import integration_request, integration_result
from tests.unit.local_gateway.core.samples import CONNECTION_ID, STAMP, handshake, identity

IDENTITY = identity(stage_variables={"host": "a.example", "room": "lobby"})
QUEUE = AwsService(service="sqs", region="eu-west-1", method="POST", path="/1/{queue}")
MOCK = MappedIntegration(name="mock", backend=Mock(), templates={"$default": '{"statusCode": 200}'})
HTTP = MappedIntegration(name="http", backend=HttpEndpoint("POST", "http://a.example/rooms/{id}"))
PROXY = MappedIntegration(
    name="proxy", backend=HttpEndpoint("POST", "http://${stageVariables.host}/?a=1", is_proxy=True)
)
LAMBDA = MappedIntegration(name="lambda:F", backend=CustomLambda("F"))
TABLE = MappedIntegration(
    name="dynamodb:PutItem",
    backend=AwsService(
        service="dynamodb", region="eu-west-1", method="POST", action="PutItem", path="/"
    ),
)


def message(body: str = '{"action":"go","kind":"x"}') -> dict[str, Any]:
    return message_event(
        IDENTITY, STAMP, route_key="go", message_id="m=", body=body, authorizer=None
    )


def connecting(**query: str) -> dict[str, Any]:
    headers = (("Cookie", "a=b"), ("Host", "h"), ("Upgrade", "x"), ("Sec-WebSocket-Key", "k"))
    return connect_event(
        IDENTITY, handshake(headers=headers, query=tuple(query.items())), STAMP, None
    )


def selection(expression: str) -> SelectionExpression:
    return SelectionExpression.parse(expression, ("request.body", "integration.response."))


def http_call(integration: MappedIntegration, event: dict[str, Any] | None = None) -> HttpCall:
    call = integration_request(integration, event or message())
    assert isinstance(call, HttpCall)
    return call


def failure(integration: MappedIntegration, event: dict[str, Any]) -> IntegrationFailure:
    found = integration_request(integration, event)
    assert isinstance(found, IntegrationFailure)
    return found


def result(
    integration: MappedIntegration, response: Response, *, two_way: bool = True
) -> IntegrationResult:
    found = integration_result(integration, message(), response, two_way=two_way)
    assert isinstance(found, IntegrationResult)
    return found


def answering(integration: MappedIntegration, *responses: IntegrationResponse) -> MappedIntegration:
    return replace(integration, responses=responses)


@pytest.mark.parametrize(
    ("expression", "templates", "body"),
    [
        (None, {"$default": "d", "application/json": "j"}, b"j"),
        (None, {"$default": "d", "x": "t"}, b"d"),
        ("x", {"$default": "d", "x": "t"}, b"t"),
        (r"\$default", {"$default": "d", "x": "t"}, b"d"),
        ("${request.body.kind}", {"$default": "d", "x": "t"}, b"t"),
        ("${request.body.none}", {"$default": "d", "": "empty"}, b"empty"),
        ("${request.body.none}", {"$default": "d", "x": "t"}, b"d"),
        ("other", {"x": "t"}, b'{"action":"go","kind":"x"}'),
        (None, {}, b'{"action":"go","kind":"x"}'),
    ],
)
def test_the_template_is_the_selected_one_else_the_default(
    expression: str | None, templates: Mapping[str, str], body: bytes
) -> None:
    chosen = selection(expression) if expression is not None else None
    integration = replace(HTTP, templates=templates, template_selection=chosen)
    assert http_call(integration).body == body


def test_a_body_that_is_hardly_json_selects_its_template_all_the_same() -> None:
    integration = replace(
        HTTP, templates={"x": "t"}, template_selection=selection("${request.body.kind}")
    )
    assert http_call(integration, message('{kind: "x"}')).body == b"t"
    assert http_call(integration, message("hello")).body == b"hello"


@pytest.mark.parametrize(
    ("passthrough", "templates", "passes"),
    [
        (Passthrough.WHEN_NO_MATCH, {}, True),
        (Passthrough.WHEN_NO_MATCH, {"x": "t"}, True),
        (Passthrough.WHEN_NO_TEMPLATES, {}, True),
        (Passthrough.WHEN_NO_TEMPLATES, {"x": "t"}, False),
        (Passthrough.NEVER, {}, False),
        (Passthrough.NEVER, {"x": "t"}, False),
    ],
)
def test_a_body_without_a_template_passes_or_is_refused(
    passthrough: Passthrough, templates: Mapping[str, str], passes: bool
) -> None:
    integration = replace(HTTP, templates=templates, passthrough=passthrough)
    if passes:
        assert http_call(integration).body == message()["body"].encode()
    else:
        refused = failure(integration, message())
        assert (refused.status, refused.message) == (415, "Unsupported Media Type")
        assert refused.cause == f"no request template fits and PassthroughBehavior is {passthrough}"


@pytest.mark.parametrize(
    ("template", "status"),
    [
        ('{"statusCode": 200}', 200),
        ("{statusCode: 403}", 403),
        ('{"statusCode": "201"}', 201),
        ('{"statusCode": #if($input.path("$.kind") == "x")204#{else}400#end}', 204),
    ],
)
def test_a_mock_answers_the_status_of_its_template(template: str, status: int) -> None:
    integration = replace(MOCK, templates={"$default": template})
    assert integration_request(integration, message()) == Response(status)


@pytest.mark.parametrize("template", ["", "{}", "[]", '{"statusCode": 20}', "200", "{"])
def test_a_mock_without_a_status_fails(template: str) -> None:
    refused = failure(replace(MOCK, templates={"$default": template}), connecting())
    assert (refused.status, refused.message) == (500, "Internal server error")
    assert refused.cause.startswith("MOCK: the mapped request has no statusCode")


def test_a_template_that_fails_has_a_cause() -> None:
    refused = failure(replace(MOCK, templates={"$default": "$util.nothing('x')"}), message())
    assert refused == IntegrationFailure(
        500,
        "Internal server error",
        "request template: $util has no function nothing in API Gateway",
    )


def test_a_message_that_its_template_cannot_read_is_invalid() -> None:
    refused = failure(replace(MOCK, templates={"$default": "$input.json('$')"}), message("hello"))
    assert (refused.status, refused.message) == (400, "Invalid request body")


def test_an_endpoint_gets_mapped_parameters() -> None:
    integration = replace(
        HTTP,
        parameters=(
            ParameterMapping("path", "id", "'a/b'"),
            ParameterMapping("querystring", "kind", "route.request.body.kind"),
            ParameterMapping("querystring", "none", "route.request.body.none"),
            ParameterMapping("header", "X-Room", "stageVariables.room"),
            ParameterMapping("header", "Content-Type", "'text/plain'"),
            ParameterMapping("header", "User-Agent", "'me'"),
        ),
    )
    call = http_call(integration)
    assert (call.method, call.url) == ("POST", "http://a.example/rooms/a/b?kind=x")
    assert dict(call.headers) == {
        "X-Room": "lobby",
        "Content-Type": "text/plain",
        "User-Agent": "me",
        "x-amzn-apigateway-api-id": "a1b2c3d4e5",
    }


def test_an_endpoint_gets_json_and_the_name_of_the_gateway() -> None:
    assert dict(http_call(HTTP).headers) == {
        "Content-Type": "application/json",
        "User-Agent": "AmazonAPIGateway_a1b2c3d4e5",
        "x-amzn-apigateway-api-id": "a1b2c3d4e5",
    }
    assert http_call(HTTP).url == "http://a.example/rooms/"


def test_a_template_may_override_parameters() -> None:
    integration = replace(
        HTTP,
        templates={
            "$default": '#set($context.requestOverride.header.x-kind = "new")'
            '#set($context.requestOverride.path.id = "7")'
            "#set($context.requestOverride.querystring.q = 1)"
        },
        parameters=(ParameterMapping("header", "X-Kind", "'old'"),),
    )
    call = http_call(integration)
    assert call.headers.get_all("X-Kind") == ["new"]
    assert call.url == "http://a.example/rooms/7?q=1"


def test_an_http_proxy_gets_the_message_as_it_is() -> None:
    integration = replace(PROXY, templates={"$default": "ignored"})
    call = http_call(integration)
    assert (call.url, call.body) == ("http://a.example/?a=1", message()["body"].encode())


def test_an_http_proxy_of_connect_gets_the_handshake() -> None:
    call = http_call(PROXY, connecting(token="t t"))
    assert (call.url, call.body) == ("http://a.example/?a=1&token=t+t", b"")
    assert call.headers.get("Cookie") == "a=b"
    names = {name.lower() for name, _ in call.headers}
    assert not names & {"host", "upgrade", "sec-websocket-key", "content-type"}


def test_a_mapped_header_replaces_the_one_of_the_handshake() -> None:
    integration = replace(PROXY, parameters=(ParameterMapping("header", "cookie", "'new'"),))
    assert http_call(integration, connecting()).headers.get_all("Cookie") == ["new"]


def test_an_http_proxy_of_disconnect_gets_no_headers_of_the_event() -> None:
    event = disconnect_event(IDENTITY, STAMP, code=1000, reason="", authorizer=None)
    assert http_call(PROXY, event).headers.get("x-restapi") is None


def test_binary_content_is_decoded_for_the_endpoint() -> None:
    content = bytes(range(256))
    event = message(base64.b64encode(content).decode())
    integration = replace(HTTP, converts_to_binary=True)
    assert http_call(integration, event).body == content
    refused = failure(integration, message("no base64!"))
    assert refused.cause == "CONVERT_TO_BINARY: the body is not base64"


def test_a_service_gets_its_path_with_parameters() -> None:
    integration = replace(
        HTTP,
        backend=QUEUE,
        parameters=(
            ParameterMapping("path", "queue", "stageVariables.room"),
            ParameterMapping("querystring", "Action", "'SendMessage'"),
        ),
    )
    call = http_call(integration)
    assert (call.url, call.service) == ("/1/lobby", QUEUE)


def test_a_refusal_by_a_service_is_a_response() -> None:
    response = integration_request(TABLE, message("hello"))
    assert isinstance(response, Response)
    assert response.status == 400


@pytest.mark.parametrize(
    ("kind", "expected"),
    [
        (None, InvocationType.REQUEST_RESPONSE),
        ("Event", InvocationType.EVENT),
        ("DryRun", InvocationType.DRY_RUN),
    ],
)
def test_a_function_gets_the_mapped_body(kind: str | None, expected: InvocationType) -> None:
    header = ParameterMapping("header", "X-Amz-Invocation-Type", f"'{kind}'")
    integration = replace(LAMBDA, parameters=(header,) if kind else ())
    call = integration_request(integration, message())
    assert call == FunctionCall("F", message()["body"].encode(), expected)


def test_a_function_gets_an_empty_object_for_an_empty_body() -> None:
    call = integration_request(LAMBDA, connecting())
    assert isinstance(call, FunctionCall)
    assert call.payload == b"{}"


def test_lambda_refuses_what_is_no_json() -> None:
    response = integration_request(LAMBDA, message("hello"))
    assert isinstance(response, Response)
    assert response.status == 400
    outcome = result(answering(LAMBDA, IntegrationResponse(key="$default")), response)
    assert outcome.cause == "Lambda answered 400: Could not parse request body into json"


def test_an_unknown_type_of_invocation_is_named() -> None:
    header = ParameterMapping("header", "X-Amz-Invocation-Type", "'Later'")
    refused = failure(replace(LAMBDA, parameters=(header,)), message())
    assert refused.cause == (
        "X-Amz-Invocation-Type is Later; expected one of RequestResponse, Event, DryRun"
    )


# Responses


def test_a_proxy_passes_the_response_on() -> None:
    response = Response(201, Headers((("sec-websocket-protocol", "chat"),)), "é".encode())
    assert result(PROXY, response) == IntegrationResult(201, "é", "chat")
    assert result(PROXY, response, two_way=False) == IntegrationResult(201, None, "chat")


@pytest.mark.parametrize(("status", "text"), [(200, "two"), (204, "more"), (404, "other")])
def test_the_response_whose_pattern_fits_is_chosen_else_the_default(status: int, text: str) -> None:
    integration = answering(
        HTTP,
        IntegrationResponse(key="$default", templates={"$default": "other"}),
        IntegrationResponse(key="/200/", templates={"$default": "two"}),
        IntegrationResponse(key=r"/2\d\d/", templates={"$default": "more"}),
    )
    assert result(integration, Response(status)).text == text


@pytest.mark.parametrize(
    ("expression", "templates", "text"),
    [
        (None, {}, '{"a":1}'),
        (None, {"$default": "$input.path('$.a')"}, "1"),
        (None, {"200": "s", "$default": "d"}, "d"),
        (None, {"200": "s", "application/json": "j"}, "j"),
        (None, {"200": "s", "other": "o"}, "s"),
        ("200", {"200": "pong", "$default": "d"}, "pong"),
        ("${integration.response.statuscode}", {"200": "s"}, "s"),
        ("${integration.response.header.x-kind}", {"k": "h"}, "h"),
        ("${integration.response.multivalueheader.X-Kind}", {"j,k": "m"}, "m"),
        ("${integration.response.body.a}", {"1": "b"}, "b"),
        ("${request.body.kind}", {"x": "r"}, "r"),
        ("other", {"200": "pong"}, '{"a":1}'),
        ("\\$default", {"$default": "$context.routeKey $stageVariables.room"}, "go lobby"),
        (None, {"$default": "$context.status $context.connectionId"}, f"200 {CONNECTION_ID}"),
    ],
)
def test_the_template_of_a_response(
    expression: str | None, templates: Mapping[str, str], text: str
) -> None:
    chosen = IntegrationResponse(
        key="$default",
        templates=templates,
        template_selection=selection(expression) if expression is not None else None,
    )
    headers = Headers((("X-Kind", "j"), ("X-Kind", "k")))
    assert result(answering(HTTP, chosen), Response(200, headers, b'{"a":1}')).text == text


def test_a_two_way_route_needs_a_response_that_fits() -> None:
    integration = answering(HTTP, IntegrationResponse(key="/200/"))
    found = integration_result(integration, message(), Response(500), two_way=True)
    assert found == IntegrationFailure(
        500,
        "Internal server error",
        "the endpoint answered 500; no integration response is for 500",
    )
    one_way = integration_result(integration, message(), Response(404), two_way=False)
    assert one_way == IntegrationResult(404)
    of_lambda = integration_result(LAMBDA, message(), Response(200, body=b"1"), two_way=True)
    assert isinstance(of_lambda, IntegrationFailure)
    assert of_lambda.cause == "no integration response is for what the function returned"


def test_a_one_way_route_renders_no_response() -> None:
    chosen = IntegrationResponse(key="$default", templates={"$default": "$util.nothing('x')"})
    assert result(answering(HTTP, chosen), Response(200), two_way=False).text is None
    failed = integration_result(answering(HTTP, chosen), message(), Response(200), two_way=True)
    assert isinstance(failed, IntegrationFailure)
    assert failed.cause.startswith("response template: $util has no function nothing")


def test_the_response_to_a_functions_error_is_chosen_by_its_message() -> None:
    integration = answering(
        LAMBDA,
        IntegrationResponse(key="$default"),
        IntegrationResponse(
            key="/No price.*/", templates={"$default": "$input.json('$.errorMessage')"}
        ),
    )
    fine = Response(200, body=b'{"RICE": 3}')
    assert result(integration, fine) == IntegrationResult(200, '{"RICE": 3}')
    error = Response(
        200,
        Headers((("X-Amz-Function-Error", "Unhandled"),)),
        json.dumps({"errorMessage": "No price of X", "errorType": "LookupError"}).encode(),
    )
    assert result(integration, error) == IntegrationResult(
        200, '"No price of X"', None, "the function failed: No price of X"
    )


@pytest.mark.parametrize(
    ("integration", "response", "cause"),
    [
        (HTTP, Response(404), None),
        (HTTP, Response(500), "the endpoint answered 500"),
        (MOCK, Response(500), None),
        (TABLE, Response(200), None),
        (TABLE, Response(400, body=b'{"__type":"a#Bad"}'), "dynamodb answered 400: Bad"),
        (TABLE, Response(500), "dynamodb answered 500"),
        (LAMBDA, Response(202), None),
    ],
)
def test_errors_have_a_cause(
    integration: MappedIntegration, response: Response, cause: str | None
) -> None:
    assert result(integration, response, two_way=False).cause == cause


def test_binary_content_of_a_response_becomes_base64() -> None:
    chosen = IntegrationResponse(key="$default", converts_to_text=True)
    assert result(answering(HTTP, chosen), Response(200, body=b"\xff\x00")).text == "/wA="
    assert result(answering(HTTP, chosen), Response(200, body=b"text")).text == "text"


def test_only_a_mapped_subprotocol_reaches_the_client() -> None:
    chosen = IntegrationResponse(
        key="$default",
        parameters=(
            ParameterMapping("header", "X", "'y'"),
            ParameterMapping("header", "Sec-Websocket-Protocol", "integration.response.header.P"),
            ParameterMapping("header", "Sec-WebSocket-Protocol", "'chat'"),
        ),
    )
    assert result(answering(MOCK, chosen), Response(200)).subprotocol == "chat"
    headers = Headers((("P", "other"),))
    assert result(answering(MOCK, chosen), Response(200, headers)).subprotocol == "other"


def test_a_failure_stays_what_it_is() -> None:
    failed = IntegrationFailure(502, "Internal server error", "no response")
    assert integration_result(HTTP, message(), failed, two_way=True) is failed


_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)
_TEMPLATE = """#set($root = $input.path('$'))
$input.json('$.a') $root $root.a.b $util.escapeJavaScript($input.body) $input.path('$..a')
$util.urlEncode($root.a) $util.base64Encode($root) #foreach($x in $root.a)$x,#end
#if($root.a == 1 || !$root.b)$root.a#end $root.toString() $root.a.isEmpty()"""


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(codec="utf-8")) | _JSON.map(json.dumps))
def test_any_message_has_a_request_or_a_failure(body: str) -> None:
    parameters = tuple(
        ParameterMapping(location, "x", source)
        for location in ("header", "path", "querystring")
        for source in ("route.request.body", "route.request.body.a", "context.connectionId")
    )
    for backend in (HTTP.backend, QUEUE, TABLE.backend, CustomLambda("F"), Mock()):
        for templates in ({}, {"$default": _TEMPLATE}):
            integration = MappedIntegration(
                name="any",
                backend=backend,
                templates=templates,
                template_selection=selection("${request.body.a}"),
                parameters=parameters,
                responses=(IntegrationResponse(key="$default", templates=templates),),
            )
            request = integration_request(integration, message(body))
            if isinstance(request, HttpCall):
                request.url.encode()
            response = Response(200, body=body.encode())
            answered = integration_result(integration, message(body), response, two_way=True)
            if isinstance(answered, IntegrationResult):
                (answered.text or "").encode()
