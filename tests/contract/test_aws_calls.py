"""What a connect, a message and a channel cost: the AWS calls, counted, as the documents say."""

from collections.abc import Callable
from typing import Any

import boto3
import pytest

from functions.api.app import lambda_handler as api
from functions.authorizer.app import lambda_handler as authorizer
from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from sapa.lambda_events import ConnectionEvent
from sapa.processes.business_process import Context
from sapa.services import epoch_milliseconds, services
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.stack import lambda_context, recorded
from tools.cost.measurements import calls as counted

ROOM = "room:1"


@pytest.fixture
def calls(cloud: Cloud, session: None, user_pool_id: str) -> list[str]:
    """The operations in which requests arrive."""
    cloud.aws.calls.clear()
    return cloud.aws.calls


def event(name: str, connection_id: str, body: str | None = None) -> dict[str, Any]:
    """A recorded event of another connection or with another body."""
    made = recorded(name)
    made["requestContext"] |= {"connectionId": connection_id, "connectedAt": epoch_milliseconds()}
    if body is not None:
        made["body"] = body
    return made


def context(connection_id: str = "c1") -> Context:
    """What a business process gets."""
    return Context(ConnectionEvent.from_event(event("default", connection_id)), services())


def send(body: str) -> object:
    """A message of the first connection."""
    return default(event("default", "c1", body), lambda_context())


def late() -> object:
    """A message of the first connection, whose login has expired."""
    message = event("default", "c1", '{"message": "Hai!"}')
    message["requestContext"]["authorizer"]["expires_at"] = "1"
    return default(message, lambda_context())


def back(position: int) -> list[str]:
    """The first connection resumes the room."""
    return services().resumer.frames(context().subscriber(), {ROOM: position}, None)


def open_connections() -> None:
    """Two connections of one user."""
    for connection_id in ("c1", "c2"):
        connect(event("connect", connection_id), lambda_context())


def nothing() -> None:
    """Nobody is in the room."""


def one_in() -> None:
    """The first connection is in the room."""
    context().join(ROOM)


def both_in() -> None:
    """Both connections are in the room."""
    one_in()
    context("c2").join(ROOM)


def one_event() -> None:
    """Something was said in the room."""
    one_in()
    context().publish(ROOM, {"text": "Hai!"})


def stored() -> None:
    """There is a state."""
    context().state.put("k", 1)


def increment(value: int | None) -> int:
    """One more."""
    return (value or 0) + 1


type Step = Callable[[], object]

STEPS: dict[str, tuple[Step, Step]] = {
    "login": (nothing, lambda: api(recorded("api_login"), lambda_context())),
    "handshake": (nothing, lambda: authorizer(recorded("authorizer"), lambda_context())),
    "connect": (nothing, lambda: connect(event("connect", "c3"), lambda_context())),
    "reply, one frame": (nothing, lambda: send('{"message": "Hai!"}')),
    "`$ping`, error": (nothing, lambda: send('{"$ping": 1}')),
    "message after the login's expiry": (nothing, late),
    "`join`, the user's first connection there": (nothing, lambda: context().join(ROOM)),
    "`join`, another connection of the user": (one_in, lambda: context("c2").join(ROOM)),
    "`join`, in it already": (one_in, lambda: context().join(ROOM)),
    "`leave`, the user's last connection there": (one_in, lambda: context().leave(ROOM)),
    "`leave`, another connection stays": (both_in, lambda: context().leave(ROOM)),
    "`publish`": (nothing, lambda: context().publish(ROOM, {"text": "Hai!"})),
    "`publish`, no history": (nothing, lambda: context().publish("typing:1", {})),
    "`members`": (both_in, lambda: context().members(ROOM)),
    "`history`": (one_event, lambda: context().history(ROOM)),
    "`state.get`": (stored, lambda: context().state.get("k")),
    "`state.put`": (nothing, lambda: context().state.put("k", 1)),
    "`state.update`, no conflict": (stored, lambda: context().state.update("k", increment)),
    "`$resume`, one channel, still in it": (one_event, lambda: back(1)),
    "disconnect, no channel": (nothing, lambda: disconnect(gone(), lambda_context())),
    "disconnect, one channel": (one_in, lambda: disconnect(gone(), lambda_context())),
}


def gone() -> dict[str, Any]:
    """The first connection is closed."""
    return event("disconnect", "c1")


def test_every_row_is_counted() -> None:
    assert counted().keys() == STEPS.keys()


@pytest.mark.parametrize("what", STEPS)
def test_calls_are_those_of_the_document(
    calls: list[str], monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    monkeypatch.setenv("HISTORY_OFF_PREFIXES", "typing:")
    before, step = STEPS[what]
    open_connections()
    before()
    calls.clear()
    step()
    assert calls == counted()[what]


def test_error_is_one_call(calls: list[str]) -> None:
    send("{")
    send('{"massage": "Hai!"}')
    assert calls == ["PostToConnection"] * 2


def test_gone_connection_costs_what_a_disconnect_does(cloud: Cloud, calls: list[str]) -> None:
    open_connections()
    one_in()
    calls.clear()
    cloud.management_api.gone.add("c1")
    send('{"message": "Hai!"}')
    assert calls == ["PostToConnection", *counted()["disconnect, one channel"]]
    left = boto3.client("dynamodb").scan(TableName="subscriptions")["Items"]
    assert {item["connection_id"]["S"] for item in left} == {"c2"}
