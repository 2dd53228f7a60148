"""What integrations that are no Lambda proxies do to a connection."""

from dataclasses import replace

import pytest

from local_gateway.core.http import Response
from local_gateway.core.invocation import Succeeded
from local_gateway.core.model import WebSocketApi
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Action,
    CallIntegration,
    IntegrationFailure,
    IntegrationResult,
    Purpose,
    RefuseHandshake,
    SendText,
)
from local_gateway.core.websocket.integration import MappedIntegration, Mock
from tests.unit.local_gateway.core.samples import STAMP, api
from tests.unit.local_gateway.core.websocket.connections import (
    connection,
    message_of,
    only_invoke,
    opened,
)

MOCK = MappedIntegration(name="mock", backend=Mock(), templates={"$default": '{"statusCode": 200}'})
FAILURE = IntegrationFailure(502, "Internal server error", "no response")
LATER = RequestStamp(STAMP.at + 5, STAMP.request_id)


def served(*route_keys: str, two_way: bool = False) -> WebSocketApi:
    plain = api(*route_keys)
    routes = {
        key: replace(route, integration=MOCK, two_way=two_way, timeout=1.5)
        for key, route in plain.routes.items()
    }
    return replace(plain, routes=routes)


def only_call(actions: list[Action]) -> CallIntegration:
    [call] = actions
    assert isinstance(call, CallIntegration)
    return call


def test_a_message_is_mapped_for_its_integration() -> None:
    call = only_call(opened(served("$default", two_way=True)).text_received("hello", STAMP))
    assert (call.purpose, call.integration, call.route_key) == (Purpose.MESSAGE, MOCK, "$default")
    assert (call.request, call.two_way, call.timeout) == (Response(200), True, 1.5)
    assert call.request_id == STAMP.request_id


def test_the_text_of_a_result_is_a_frame_and_keeps_the_connection_alive() -> None:
    made = opened(served("$default", two_way=True))
    call = only_call(made.text_received("hello", STAMP))
    result = IntegrationResult(200, "pong")
    assert made.integrated(call, result, LATER) == [SendText("pong")]
    assert made.last_active == LATER.at


@pytest.mark.parametrize("text", [None, ""])
def test_a_result_without_text_sends_nothing(text: str | None) -> None:
    made = opened(served("$default"))
    call = only_call(made.text_received("hello", STAMP))
    assert made.integrated(call, IntegrationResult(200, text), LATER) == []
    assert made.last_active == STAMP.at


def test_a_failure_is_an_error_frame_and_the_socket_stays() -> None:
    made = opened(served("$default"))
    call = only_call(made.text_received("hello", STAMP))
    assert message_of(made.integrated(call, FAILURE, LATER)) == "Internal server error"
    assert made.is_open


def test_a_result_after_the_end_changes_nothing() -> None:
    made = opened(served("$default"))
    call = only_call(made.text_received("hello", STAMP))
    made.delete(STAMP)
    assert made.integrated(call, FAILURE, LATER) == []


@pytest.mark.parametrize("status", [200, 204])
def test_any_2xx_of_connect_opens(status: int) -> None:
    made = connection(served("$connect"))
    call = only_call(made.open(STAMP))
    assert (call.purpose, call.two_way) == (Purpose.CONNECT, False)
    result = IntegrationResult(status, None, "chat")
    assert made.integrated(call, result, LATER) == [AcceptHandshake("chat")]
    assert made.is_open


def test_another_status_of_connect_is_the_handshakes() -> None:
    made = connection(served("$connect"))
    call = only_call(made.open(STAMP))
    refused = RefuseHandshake(403, "Forbidden", "$connect refused")
    assert made.integrated(call, IntegrationResult(403), LATER) == [refused]
    assert made.integrated(call, IntegrationResult(200), LATER) == []
    assert not made.is_open


def test_a_failure_of_connect_refuses() -> None:
    made = connection(served("$connect"))
    call = only_call(made.open(STAMP))
    assert made.integrated(call, FAILURE, LATER) == [
        RefuseHandshake(502, "Internal server error", "no response")
    ]


def test_disconnect_is_mapped_and_never_answered() -> None:
    made = opened(served("$default", "$disconnect", two_way=True))
    call = only_call(made.lost(1000, "", STAMP))
    assert (call.purpose, call.two_way) == (Purpose.DISCONNECT, False)
    assert made.integrated(call, IntegrationResult(200, "x"), LATER) == []


def test_a_mock_of_disconnect_needs_no_status() -> None:
    served_without = served("$default", "$disconnect")
    route = replace(
        served_without.routes["$disconnect"],
        integration=MappedIntegration(name="mock", backend=Mock()),
    )
    made = opened(replace(served_without, routes={**served_without.routes, "$disconnect": route}))
    assert only_call(made.lost(1000, "", STAMP)).request == Response(200)


def test_a_route_response_on_connect_has_no_effect() -> None:
    plain = api("$connect")
    two_way = replace(plain.routes["$connect"], two_way=True)
    made = connection(replace(plain, routes={"$connect": two_way}))
    only_invoke(made.open(STAMP))
    answer = Succeeded(b'{"statusCode": 200, "body": "welcome"}')
    assert made.connected(answer, LATER) == [AcceptHandshake(None)]
