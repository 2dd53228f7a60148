"""What a message makes a connection do."""

import json
from dataclasses import replace

import pytest

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.core.model import (
    Throttle,
    WebSocketRoute,
    WebSocketStage,
)
from local_gateway.core.websocket.actions import (
    SendText,
    Warn,
)
from local_gateway.core.websocket.integration import LambdaProxy
from tests.unit.local_gateway.core.samples import (
    CONNECTION_ID,
    REQUEST_ID,
    STAMP,
    api,
)
from tests.unit.local_gateway.core.websocket.connections import (
    OK,
    connection,
    message_of,
    only_invoke,
    opened,
)


def test_message_goes_to_its_route() -> None:
    made = opened(api("join", "$default"))
    assert only_invoke(made.text_received('{"action":"join"}', STAMP)).route_key == "join"
    assert only_invoke(made.text_received("hello", STAMP)).route_key == "$default"


def test_an_error_frame_has_three_members_and_the_captured_spacing() -> None:
    (frame,) = opened(api("join")).text_received("hello", STAMP)
    assert frame == SendText(
        f'{{"message": "Forbidden", "connectionId":"{CONNECTION_ID}", "requestId":"{REQUEST_ID}"}}'
    )


def test_unmatched_message_is_forbidden_and_the_socket_stays() -> None:
    made = opened(api("join"))
    assert message_of(made.text_received("hello", STAMP)) == "Forbidden"
    assert made.is_open


def test_answers_that_come_after_the_end_change_nothing() -> None:
    made = opened()
    invoke = only_invoke(made.text_received("hello", STAMP))
    made.delete(STAMP)
    assert made.replied(invoke, Failed("E", "message"), STAMP.at) == []
    assert made.connected(OK, STAMP) == []
    assert not made.is_open


@pytest.mark.parametrize(
    "result", [Failed("E", "secret"), TimedOut(29), Succeeded(b"null"), Succeeded(b'{"a": 1}')]
)
def test_failed_message_gets_the_error_frame(result: InvocationResult) -> None:
    made = opened()
    invoke = only_invoke(made.text_received("hello", STAMP))
    frame = message_of(made.replied(invoke, result, STAMP.at))
    assert frame == "Internal server error"
    assert made.is_open


@pytest.mark.parametrize("status", [200, 404, 501])
def test_one_way_answer_reaches_nobody(status: int) -> None:
    made = opened()
    invoke = only_invoke(made.text_received("hello", STAMP))
    answer = json.dumps({"statusCode": status, "body": "echo"}).encode()
    assert made.replied(invoke, Succeeded(answer), STAMP.at) == []


def test_two_way_answer_is_the_body() -> None:
    plain = api("$default")
    route = replace(plain.routes["$default"], two_way=True)
    made = opened(replace(plain, routes={"$default": route}))
    invoke = only_invoke(made.text_received("hello", STAMP))
    with_body = Succeeded(b'{"statusCode": 200, "body": "echo"}')
    assert made.replied(invoke, with_body, STAMP.at) == [SendText("echo")]
    assert made.replied(invoke, OK, STAMP.at) == []


def test_throttled_message_gets_a_frame() -> None:
    settings = WebSocketStage(name="ws", throttles={"$default": Throttle(rate=1, burst=1)})
    made = connection(api("$default"), settings=settings)
    made.open(STAMP)
    only_invoke(made.text_received("a", STAMP))
    assert message_of(made.text_received("b", STAMP)) == "Too Many Requests"


def test_invalid_body_gets_a_frame_and_no_invocation() -> None:
    schema = {"type": "object", "required": ["text"]}
    route = WebSocketRoute(
        route_key="$default",
        integration=LambdaProxy("Function"),
        model_selection_expression="$default",
        request_models={"$default": schema},
    )
    made = opened(replace(api("$default"), routes={"$default": route}))
    warning, frame = made.text_received("{}", STAMP)
    assert isinstance(warning, Warn)
    assert message_of([frame]) == "Invalid request body"
