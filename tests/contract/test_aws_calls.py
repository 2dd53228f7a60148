"""What a connect, a message and a channel cost: the AWS calls, counted, as the documents say."""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import boto3
import pytest

from functions.api.app import lambda_handler as api
from functions.authorizer.app import lambda_handler as authorizer
from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from sapa.answers.answer import Answer, AnswerPart, AnswerStatus
from sapa.answers.answer_task import AnswerTask
from sapa.answers.writing import Writing
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


def to_stream(body: dict[str, object], connection_id: str = "c1") -> object:
    """A message to an endpoint whose process streams."""
    message = event("default", connection_id, json.dumps(body))
    message["requestContext"]["authorizer"]["endpoint"] = "story"
    return default(message, lambda_context())


def ask() -> object:
    """A message to a streaming process."""
    return to_stream({"words": 2})


@dataclass
class Accepted:
    """The answer and the task of the message that was accepted last."""

    answer: Answer
    task: AnswerTask
    receipt: str

    def begin(self) -> None:
        """The function `answer` gets the task; the process runs in a thread."""
        begun = services().answer_writer.begin(
            self.task, self.receipt, is_last_try=False, time_left=lambda: 900
        )
        assert isinstance(begun, Writing)
        begun.source.close()

    def append(self, *numbers: int) -> None:
        """Parts that go out together."""
        now, content = epoch_milliseconds(), {"message": "Hai!"}
        parts = [AnswerPart(number=number, sent_at=now, content=content) for number in numbers]
        assert services().answers.store.append(self.answer, parts, self.answer.expires_at)

    def renew(self) -> None:
        """The writer lives."""
        assert services().answers.store.renew(self.answer, "writer", epoch_milliseconds())
        services().answers.queue.hide(self.receipt, 50)

    def end(self) -> None:
        """The last part."""
        self.append(2)
        services().answers.store.finish(self.answer, AnswerStatus.DONE, self.answer.expires_at)


_accepted: list[Accepted] = []


def accepted() -> Accepted:
    """What was accepted last."""
    return _accepted[-1]


def asked() -> None:
    """Somebody has asked a streaming process."""
    ask()
    [answer] = services().answers.store.of_user("demo")
    url = services().config.answer_queue_url
    [message] = boto3.client("sqs").receive_message(QueueUrl=url)["Messages"]
    task = AnswerTask.from_json(message["Body"])
    _accepted.append(Accepted(answer, task, message["ReceiptHandle"]))


def claimed() -> None:
    """Its writer has begun, and posted a part."""
    asked()
    services().answers.store.claim(accepted().answer, "writer", epoch_milliseconds())
    accepted().append(1)


def once() -> object:
    """A message that happens once."""
    return send('{"message": "Hai!", "$once": "k"}')


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
    "message to a streaming process": (nothing, ask),
    "answer: its writer begins": (asked, lambda: accepted().begin()),
    "answer: one part": (claimed, lambda: accepted().append(2)),
    "answer: several parts that go out together": (claimed, lambda: accepted().append(2, 3, 4)),
    "answer: each second, for listeners and `$stop`": (
        claimed,
        lambda: services().answers.store.check(accepted().answer),
    ),
    "answer: every 10 seconds": (claimed, lambda: accepted().renew()),
    "answer: its end": (claimed, lambda: accepted().end()),
    "`$stop`": (claimed, lambda: to_stream({"$stop": accepted().task.answer_id}, "c2")),
    "`$stop`, before a writer begins": (
        asked,
        lambda: to_stream({"$stop": accepted().task.answer_id}, "c2"),
    ),
    "`$answers`, one answer": (claimed, lambda: to_stream({"$answers": True})),
    "`$resume` of an answer": (
        claimed,
        lambda: to_stream({"$resume": {f"answer:{accepted().task.answer_id}": 0}}, "c2"),
    ),
    "reply with `$once`": (nothing, once),
    "reply with `$once`, a repetition": (once, once),
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
