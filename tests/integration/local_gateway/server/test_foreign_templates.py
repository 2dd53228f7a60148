"""Other people's templates, served by the command line as they are."""

import json
from collections.abc import Iterator

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.programs import ROOT, GatewayProgram

TEMPLATES = ROOT / "tests" / "templates"
SECONDS = 20.0


def serving(template: str) -> Iterator[GatewayProgram]:
    with GatewayProgram(TEMPLATES / template / "template.yaml") as gateway:
        yield gateway


@pytest.fixture(scope="module")
def chat() -> Iterator[GatewayProgram]:
    yield from serving("chat")


@pytest.fixture(scope="module")
def raw() -> Iterator[GatewayProgram]:
    yield from serving("raw")


@pytest.fixture(scope="module")
def two_apis() -> Iterator[GatewayProgram]:
    yield from serving("two_apis")


@pytest.fixture(scope="module")
def nested() -> Iterator[GatewayProgram]:
    yield from serving("nested")


def refused_with(served: GatewayProgram, stage: str, query: str) -> int:
    """The status of a refused upgrade."""
    with pytest.raises(InvalidStatus) as refused, served.connect(stage, query):
        pass
    return refused.value.response.status_code


def test_a_chat_broadcasts_to_everyone_through_the_endpoint_in_the_event(
    chat: GatewayProgram,
) -> None:
    with chat.connect("Prod") as one, chat.connect("Prod") as two:
        one.send(json.dumps({"action": "sendmessage", "data": "hello"}))
        assert one.recv(SECONDS) == two.recv(SECONDS) == "hello"


def test_a_chat_forgets_who_left(chat: GatewayProgram) -> None:
    with chat.connect("Prod"):
        pass
    with chat.connect("Prod") as left:
        left.send(json.dumps({"action": "sendmessage", "data": "still here?"}))
        assert left.recv(SECONDS) == "still here?"


def test_a_chat_without_default_forbids_other_actions(chat: GatewayProgram) -> None:
    with chat.connect("Prod") as socket:
        socket.send('{"action": "shout"}')
        assert json.loads(socket.recv(SECONDS))["message"] == "Forbidden"


def test_a_raw_template_authorizes_by_its_identity_source(raw: GatewayProgram) -> None:
    assert refused_with(raw, "production", "") == 401
    assert refused_with(raw, "production", "?token=guess") == 403


def test_a_raw_template_answers_on_its_two_way_route(raw: GatewayProgram) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send(json.dumps({"operation": "add", "numbers": [1, 2, 3]}))
        assert json.loads(socket.recv(SECONDS)) == {"sum": 6}


def test_a_raw_template_validates_by_its_model(raw: GatewayProgram) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send(json.dumps({"operation": "add", "numbers": []}))
        assert json.loads(socket.recv(SECONDS))["message"] == "Invalid request body"


def test_a_response_expression_without_its_resource_leaves_a_route_one_way(
    raw: GatewayProgram,
) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send('{"operation": "other"}')
        raw.wait_for(r"\$default +ok")
        socket.send(json.dumps({"operation": "add", "numbers": [1]}))
        assert json.loads(socket.recv(SECONDS)) == {"sum": 1}


def test_two_apis_are_served_side_by_side(two_apis: GatewayProgram) -> None:
    with two_apis.connect("board") as board, two_apis.connect("prices-dev") as prices:
        board.send('{"type": "pin"}')
        two_apis.wait_for(r"pin +ok")
        prices.send('{"type": "anything"}')
        two_apis.wait_for(r"\$default +ok .*PricesFunction")


def test_functions_and_tables_of_nested_stacks_work_together(nested: GatewayProgram) -> None:
    with nested.connect("live") as socket:
        answers = []
        for message in ("{}", "{}", '{"do": "other"}'):
            socket.send(message)
            answers.append(json.loads(socket.recv(SECONDS)))
    assert answers == [
        {"word": "number of visits", "count": 1, "notifies": True},
        {"word": "number of visits", "count": 2, "notifies": True},
        {"word": "number of others", "count": 1, "notifies": False},
    ]
    nested.wait_for(r"Counting/Function +ok|Counting/Function")
