"""Routes without a Lambda proxy, with real sockets on both sides."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from local_gateway.core.chaos import Fault
from local_gateway.core.model import Application, WebSocketApi, WebSocketRoute, WebSocketStage
from local_gateway.core.websocket.integration import (
    CustomLambda,
    HttpEndpoint,
    IntegrationResponse,
    LambdaProxy,
    MappedIntegration,
    Mock,
    ParameterMapping,
)
from local_gateway.records import ApiRecord
from tests.support import applications
from tests.support.endpoint import HttpEndpoint as Endpoint
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway
from tests.support.planned_faults import Plan

SECONDS = 20.0
ANY = (IntegrationResponse(key="$default"),)
MOCK = MappedIntegration(
    name="mock",
    backend=Mock(),
    templates={"$default": '{"statusCode": 200}'},
    responses=(IntegrationResponse(key="/200/", templates={"$default": "pong"}),),
)
STATUS_OF_QUERY = replace(MOCK, templates={"$default": "{\"statusCode\": $input.params('status')}"})


def http(url: str, name: str = "http") -> MappedIntegration:
    return MappedIntegration(name=name, backend=HttpEndpoint("POST", url), responses=ANY)


def application(endpoint: str) -> Application:
    event = ParameterMapping("header", "X-Amz-Invocation-Type", "'Event'")
    function = MappedIntegration(name="lambda", backend=CustomLambda("Message"))
    integrations: Mapping[str, MappedIntegration | LambdaProxy] = {
        "$connect": STATUS_OF_QUERY,
        "$disconnect": http(f"{endpoint}/left", "http POST /left"),
        "ping": MOCK,
        "echo": http(f"{endpoint}/echo"),
        "broken": http(f"{endpoint}/status/503"),
        "moved": http(f"{endpoint}/status/302"),
        "never": http(f"{endpoint}/never"),
        "large": http(f"{endpoint}/large"),
        "closed": http("http://127.0.0.1:9/"),
        "unclear": http("${stageVariables.none}"),
        "home": http("https://http123456.execute-api.eu-central-1.amazonaws.com/echo/x"),
        "home-get": replace(
            http("https://http123456.execute-api.eu-central-1.amazonaws.com"),
            backend=HttpEndpoint(
                "GET", "https://http123456.execute-api.eu-central-1.amazonaws.com/echo/ada"
            ),
        ),
        "function": replace(function, responses=ANY),
        "failing": replace(function, responses=ANY),
        "event": replace(function, responses=ANY, parameters=(event,)),
        "single": replace(function, backend=CustomLambda("Single"), responses=ANY),
    }
    base = applications.application()
    routes = {
        key: WebSocketRoute(
            route_key=key,
            integration=integration,
            two_way=True,
            timeout=0.2 if key == "never" else 20.0,
        )
        for key, integration in integrations.items()
    }
    one_way = replace(routes["broken"], route_key="one-way", two_way=False)
    api = WebSocketApi(
        logical_id="IntegratedApi",
        api_id="intg123456",
        route_selection_expression="$request.body.action",
        routes={**routes, "one-way": one_way},
        stages=(WebSocketStage(name="integrated"),),
    )
    return replace(base, websocket_apis=(api,))


@pytest.fixture(scope="module")
def endpoint() -> Iterator[Endpoint]:
    with Endpoint() as running:
        yield running


@pytest.fixture(scope="module")
def gateway(endpoint: Endpoint) -> Iterator[RunningGateway]:
    with RunningGateway(application(endpoint.url)) as running:
        running.lead_home("http123456.execute-api.eu-central-1.amazonaws.com")
        yield running


def answer(gateway: RunningGateway, action: str, **body: object) -> str:
    """What a route sends."""
    with gateway.connect("integrated?status=200") as socket:
        socket.send(json.dumps({"action": action, **body}))
        return str(socket.recv(SECONDS))


def record(gateway: RunningGateway, route_key: str) -> ApiRecord:
    """The first record of a route."""
    return gateway.recorder.wait_for_record(lambda made: made.route_key == route_key)


def test_a_mock_answers_without_a_function(gateway: RunningGateway) -> None:
    assert answer(gateway, "ping") == "pong"
    made = record(gateway, "ping")
    assert (made.api, made.outcome, made.integration) == ("websocket", "200", "mock")
    assert (made.function, made.problem) == (None, False)


def test_a_mock_decides_about_the_handshake(gateway: RunningGateway) -> None:
    with pytest.raises(InvalidStatus) as refused, gateway.connect("integrated?status=403"):
        pass
    assert refused.value.response.status_code == 403
    with pytest.raises(InvalidStatus) as failed, gateway.connect("integrated"):
        pass
    assert failed.value.response.status_code == 500


def test_an_endpoint_gets_the_message_and_its_response_comes_back(
    gateway: RunningGateway,
) -> None:
    got = json.loads(answer(gateway, "echo", text="é"))
    assert (got["method"], got["path"]) == ("POST", "/echo")
    assert json.loads(got["body"]) == {"action": "echo", "text": "é"}
    assert got["headers"]["user-agent"] == "AmazonAPIGateway_intg123456"
    assert got["headers"]["content-type"] == "application/json"


def test_an_endpoint_hears_of_the_end(gateway: RunningGateway, endpoint: Endpoint) -> None:
    with gateway.connect("integrated?status=200"):
        pass
    made = gateway.recorder.wait_for_record(lambda made: made.integration == "http POST /left")
    assert made.outcome == "200"
    assert any(request.path == "/left" for request in endpoint.received)


def test_a_redirection_is_not_followed(gateway: RunningGateway) -> None:
    assert answer(gateway, "moved") == "status"
    assert record(gateway, "moved").outcome == "302"


def test_an_error_of_an_endpoint_is_a_response(gateway: RunningGateway) -> None:
    assert answer(gateway, "broken") == "status"
    made = record(gateway, "broken")
    assert (made.outcome, made.problem) == ("503", True)
    assert made.detail == "the endpoint answered 503"


def test_a_one_way_route_sends_no_response(gateway: RunningGateway) -> None:
    with gateway.connect("integrated?status=200") as socket:
        socket.send('{"action": "one-way"}')
        record(gateway, "one-way")
        socket.send('{"action": "ping"}')
        assert socket.recv(SECONDS) == "pong"


@pytest.mark.parametrize(
    ("action", "outcome", "detail"),
    [
        ("closed", "error", "no response: Cannot connect to host 127.0.0.1:9"),
        ("never", "timeout", "no answer within 0.2 s"),
        ("large", "error", "no response: the response has more than 10485760 bytes"),
        ("unclear", "error", "no response: an empty text is no URL of an HTTP endpoint"),
    ],
)
def test_what_has_no_response_is_an_error_frame(
    gateway: RunningGateway, action: str, outcome: str, detail: str
) -> None:
    assert json.loads(answer(gateway, action))["message"] == "Internal server error"
    made = record(gateway, action)
    assert (made.outcome, made.problem) == (outcome, True)
    assert (made.detail or "").startswith(detail)


def test_an_api_of_this_gateway_is_called_here(gateway: RunningGateway) -> None:
    got: dict[str, Any] = json.loads(answer(gateway, "home-get"))
    assert got["pathParameters"] == {"name": "ada"}
    assert answer(gateway, "home") == '{"message":"Not Found"}'


def test_a_function_gets_the_body_alone(gateway: RunningGateway) -> None:
    body = json.dumps({"do": "return", "value": [7]})
    assert answer(gateway, "function", body=body) == "[7]"
    made = record(gateway, "function")
    assert (made.outcome, made.integration, made.function) == ("200", "lambda", "Message")
    assert made.request_id is not None


def test_an_error_of_a_function_is_a_response(gateway: RunningGateway) -> None:
    error = json.loads(answer(gateway, "failing", body=json.dumps({"do": "raise"})))
    assert (error["errorType"], error["errorMessage"]) == ("ValueError", "secret details")
    made = record(gateway, "failing")
    assert (made.outcome, made.problem) == ("200", True)
    assert made.detail == "the function failed: secret details"


def test_a_throttled_function_is_a_response(gateway: RunningGateway, gate: Gate) -> None:
    held = json.dumps({"do": "hold", "gate": gate.port, "label": "held"})
    with gateway.connect("integrated?status=200") as socket:
        socket.send(json.dumps({"action": "single", "body": held}))
        waiting = gate.arrive()
        socket.send(json.dumps({"action": "single", "body": "{}"}))
        assert json.loads(socket.recv(SECONDS))["message"] == "Rate Exceeded."
        waiting.release()
        assert json.loads(socket.recv(SECONDS))["statusCode"] == 200


def test_an_asynchronous_invocation_is_accepted(gateway: RunningGateway) -> None:
    with gateway.connect("integrated?status=200") as socket:
        socket.send('{"action": "event"}')
        assert record(gateway, "event").outcome == "202"
        socket.send('{"action": "ping"}')
        assert socket.recv(SECONDS) == "pong"


def test_a_lost_disconnect_reaches_no_endpoint(endpoint: Endpoint) -> None:
    faults = Plan((Fault.LOST_DISCONNECT, "integrated", 1, "$disconnect"))
    with RunningGateway(application(endpoint.url), faults=faults) as gateway:
        with gateway.connect("integrated?status=200") as socket:
            socket.send('{"action": "function"}')
            socket.recv(SECONDS)
        lost = gateway.recorder.wait_for_record(lambda made: made.outcome.startswith("chaos"))
        assert lost.route_key == "$disconnect"
        assert all(made.integration != "http POST /left" for made in gateway.recorder.records)
