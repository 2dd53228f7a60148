"""Other people's templates, served by the command line as they are."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.e2e.gateway_process import ROOT, GatewayProcess

TEMPLATES = ROOT / "tests" / "templates"
SECONDS = 20.0


class Served:
    """A template that is being served."""

    def __init__(self, process: GatewayProcess) -> None:
        self.process = process
        self._ready = process.wait_for("^Ready")[0]
        self._urls = process.wait_for(r"^Ready: (.*)  \(")[1].split(", ")

    def connect(self, stage: str, query: str = "") -> ClientConnection:
        """Open a socket on a stage."""
        (url,) = (url for url in self._urls if url.endswith(f"/{stage}"))
        opened: ClientConnection = connect(f"{url}{query}", compression=None, proxy=None)
        return opened


def serving(template: Path) -> Iterator[Served]:
    command = [sys.executable, "-m", "local_gateway", "--template", str(template), "--port", "0"]
    with GatewayProcess(command, {}) as process:
        yield Served(process)


@pytest.fixture(scope="module")
def chat() -> Iterator[Served]:
    yield from serving(TEMPLATES / "chat" / "template.yaml")


@pytest.fixture(scope="module")
def raw() -> Iterator[Served]:
    yield from serving(TEMPLATES / "raw" / "template.yaml")


@pytest.fixture(scope="module")
def two_apis() -> Iterator[Served]:
    yield from serving(TEMPLATES / "two_apis" / "template.yaml")


@pytest.fixture(scope="module")
def nested() -> Iterator[Served]:
    yield from serving(TEMPLATES / "nested" / "template.yaml")


def refused_with(served: Served, stage: str, query: str) -> int:
    """The status of a refused upgrade."""
    with pytest.raises(InvalidStatus) as refused, served.connect(stage, query):
        pass
    return refused.value.response.status_code


def test_a_chat_broadcasts_to_everyone_through_the_endpoint_in_the_event(chat: Served) -> None:
    with chat.connect("Prod") as one, chat.connect("Prod") as two:
        one.send(json.dumps({"action": "sendmessage", "data": "hello"}))
        assert one.recv(SECONDS) == two.recv(SECONDS) == "hello"


def test_a_chat_forgets_who_left(chat: Served) -> None:
    with chat.connect("Prod"):
        pass
    with chat.connect("Prod") as left:
        left.send(json.dumps({"action": "sendmessage", "data": "still here?"}))
        assert left.recv(SECONDS) == "still here?"


def test_a_chat_without_default_forbids_other_actions(chat: Served) -> None:
    with chat.connect("Prod") as socket:
        socket.send('{"action": "shout"}')
        assert json.loads(socket.recv(SECONDS))["message"] == "Forbidden"


def test_a_raw_template_authorizes_by_its_identity_source(raw: Served) -> None:
    assert refused_with(raw, "production", "") == 401
    assert refused_with(raw, "production", "?token=guess") == 403


def test_a_raw_template_answers_on_its_two_way_route(raw: Served) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send(json.dumps({"operation": "add", "numbers": [1, 2, 3]}))
        assert json.loads(socket.recv(SECONDS)) == {"sum": 6}


def test_a_raw_template_validates_by_its_model(raw: Served) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send(json.dumps({"operation": "add", "numbers": []}))
        assert json.loads(socket.recv(SECONDS))["message"] == "Invalid request body"


def test_a_response_expression_without_its_resource_leaves_a_route_one_way(raw: Served) -> None:
    with raw.connect("production", "?token=let-me-in") as socket:
        socket.send('{"operation": "other"}')
        raw.process.wait_for(r"\$default +ok")
        socket.send(json.dumps({"operation": "add", "numbers": [1]}))
        assert json.loads(socket.recv(SECONDS)) == {"sum": 1}


def test_two_apis_are_served_side_by_side(two_apis: Served) -> None:
    with two_apis.connect("board") as board, two_apis.connect("prices-dev") as prices:
        board.send('{"type": "pin"}')
        two_apis.process.wait_for(r"pin +ok")
        prices.send('{"type": "anything"}')
        two_apis.process.wait_for(r"\$default +ok .*PricesFunction")


def test_functions_and_tables_of_nested_stacks_work_together(nested: Served) -> None:
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
    nested.process.wait_for(r"Counting/Function +ok|Counting/Function")
