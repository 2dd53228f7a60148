"""Routing, route responses, models and the frames that the gateway sends by itself."""

import json
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.support.gate import Gate
from tests.support.gateway import RunningGateway

SECONDS = 20.0


def ask(socket: ClientConnection, message: object) -> Any:
    """Send a message (JSON, or text as it is) and read the next frame as JSON."""
    socket.send(message if isinstance(message, str) else json.dumps(message))
    return json.loads(socket.recv(SECONDS))


def assert_error(frame: Any, message: str, connection_id: str) -> None:
    """Whether it is one of API Gateway's own frames, with real ids."""
    assert list(frame) == ["message", "connectionId", "requestId"]
    assert frame["message"] == message
    assert frame["connectionId"] == connection_id
    assert len(frame["requestId"]) == 16


@pytest.mark.parametrize(
    ("body", "answer"),
    [
        ('{"a": "join"}', "join-"),
        ('{"a": ["red", "blue"]}', "[red, blue]-"),
        ('{"a": "Send", deep: {}}', "Send-"),
    ],
)
def test_the_expression_selects_the_route(gateway: RunningGateway, body: str, answer: str) -> None:
    with gateway.connect("routing") as socket:
        socket.send(body)
        assert socket.recv(SECONDS) == f"answer to {body}"
    printed = gateway.recorder.wait_for("message", lambda event: event.content["body"] == body)
    assert printed.context["routeKey"] == answer


@pytest.mark.parametrize("body", ['{"a": "send"}', ""])
def test_a_message_without_a_route_is_forbidden_and_the_socket_stays(
    gateway: RunningGateway, body: str
) -> None:
    with gateway.connect("routing") as socket:
        connection_id = ask(socket, body)["connectionId"]
        assert_error(ask(socket, body), "Forbidden", connection_id)
        socket.send('{"a": "join"}')
        assert socket.recv(SECONDS) == 'answer to {"a": "join"}'


def test_a_two_way_route_sends_the_body_whatever_the_status(gateway: RunningGateway) -> None:
    with gateway.open() as opened:
        opened.socket.send('{"action": "ask", "do": "status", "status": 500}')
        assert opened.socket.recv(SECONDS) == "no"


@pytest.mark.parametrize(("do", "action"), [("raise", "one-way"), ("exit", "ask")])
def test_a_handler_that_fails_gives_an_error_frame_and_the_socket_stays(
    gateway: RunningGateway, do: str, action: str
) -> None:
    with gateway.open() as opened:
        frame = ask(opened.socket, {"do": do, "action": action})
        assert_error(frame, "Internal server error", opened.connection_id)
        opened.socket.send('{"action": "ask"}')
        assert opened.socket.recv(SECONDS) == 'answer to {"action": "ask"}'


def test_an_error_frame_is_spaced_as_on_aws(gateway: RunningGateway) -> None:
    with gateway.open() as opened:
        opened.socket.send('{"do": "raise"}')
        text = opened.socket.recv(SECONDS)
    printed = gateway.recorder.wait_for(
        "message", lambda event: event.connection_id == opened.connection_id
    )
    assert text == (
        f'{{"message": "Internal server error", "connectionId":"{opened.connection_id}", '
        f'"requestId":"{printed.context["requestId"]}"}}'
    )


def test_an_integration_timeout_gives_an_error_frame_while_the_function_runs_on(
    gateway: RunningGateway, gate: Gate
) -> None:
    with gateway.open() as opened:
        message = {"action": "impatient", "do": "hold", "gate": gate.port, "label": "patient"}
        frame = ask(opened.socket, message)
        assert_error(frame, "Internal server error", opened.connection_id)
        gate.arrive().release()
        gateway.recorder.wait_for("finished", lambda event: event.content["label"] == "patient")


def test_exhausted_reserved_concurrency_gives_an_error_frame(
    gateway: RunningGateway, gate: Gate
) -> None:
    with gateway.open() as opened:
        held = {"action": "single", "do": "hold", "gate": gate.port, "label": "first"}
        opened.socket.send(json.dumps(held))
        first = gate.arrive()
        frame = ask(opened.socket, {"action": "single"})
        assert_error(frame, "Internal server error", opened.connection_id)
        first.release()


@pytest.mark.parametrize(
    "body",
    [
        '{"action": "strict", "model": "sized", "size": "L"}',
        '{"action": "strict", "model": "other", "size": 1}',
    ],
)
def test_a_body_that_its_model_refuses_never_reaches_the_function(
    gateway: RunningGateway, body: str
) -> None:
    with gateway.open() as opened:
        frame = ask(opened.socket, body)
        assert_error(frame, "Invalid request body", opened.connection_id)
        accepted = '{"action": "strict", "model": "sized", "size": 1}'
        opened.socket.send(accepted)
        assert opened.socket.recv(SECONDS) == f"answer to {accepted}"
    bodies = [event.content.get("body") for event in gateway.recorder.printed]
    assert body not in bodies


@pytest.mark.parametrize("value", [None, "ok", [200], {}])
def test_an_answer_that_is_no_response_is_a_problem_with_its_reason(
    gateway: RunningGateway, value: object
) -> None:
    with gateway.open() as opened:
        frame = ask(opened.socket, {"action": "tell", "do": "return", "value": value})
        assert_error(frame, "Internal server error", opened.connection_id)
        record = gateway.recorder.wait_for_record(
            lambda record: (
                record.connection_id == opened.connection_id and record.route_key == "$default"
            )
        )
    assert (record.outcome, record.problem) == ("error", True)
    assert record.detail is not None
    assert record.detail.startswith("Malformed Lambda proxy response: expected an integer")


def test_a_handlers_own_500_is_a_problem(gateway: RunningGateway) -> None:
    with gateway.open() as opened:
        opened.socket.send('{"action": "ask", "do": "status", "status": 500}')
        assert opened.socket.recv(SECONDS) == "no"
        record = gateway.recorder.wait_for_record(
            lambda record: (
                record.connection_id == opened.connection_id and record.route_key == "ask"
            )
        )
    assert (record.outcome, record.problem) == ("error", True)
    assert record.detail == "the function answered 500"
