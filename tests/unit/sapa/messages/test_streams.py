"""Streaming processes: accepted, started, listed, stopped and resumed by messages."""

import json
from collections.abc import Callable
from typing import Any

import pytest

from sapa.errors import RefusalError, UnknownEndpointError
from sapa.messages.replies import answer
from sapa.messages.streams import is_restartable, start_stream
from sapa.processes.business_process import (
    Context,
    Process,
    RunningAnswer,
    Stream,
    business_process,
)
from tests.unit.sapa.fakes import Client, FakeServices

RUNNING = RunningAnswer(
    answer_id="a1",
    last_number=0,
    last=None,
    _time_left=lambda: 5.0,
    _is_stopping=lambda: True,
)


@business_process(restartable=True)
def count(context: Context, to: int = 3) -> Stream[dict[str, int]]:
    """Counts, in a room."""
    context.join("room:1")
    for number in range(to):
        yield {"number": number}


@pytest.fixture
def ana() -> Client:
    return FakeServices(tick=0).connect("ana", "c1", endpoint="count")


def ask(client: Client, **message: Any) -> list[dict[str, Any]]:
    reply = answer(json.dumps(message), client.event, client.services, lambda _: count)
    return [json.loads(frame) for frame in reply.frames]


def serve(_: str) -> Process:
    return count


def test_a_message_is_accepted_with_its_id_and_queued(ana: Client) -> None:
    [accepted] = ask(ana, **{"to": 2, "$id": "x"})
    assert accepted == {"$answer": "a1", "$channel": "answer:a1", "$id": "x"}
    [message] = ana.services.answer_queue.messages.values()
    assert (message.task.inputs, message.task.event) == ({"to": 2}, ana.event)


def test_wrong_inputs_are_refused_before_anything_is_stored(ana: Client) -> None:
    [refused] = ask(ana, to="x")
    assert refused["error"]["code"] == "invalid_message"
    assert ana.services.answer_queue.messages == {}


def test_a_repetition_has_the_same_answer_and_its_parts(ana: Client) -> None:
    first = ask(ana, **{"$once": "k", "$id": 1})
    services = ana.services
    kept = services.answer_store.get("ana", "a1")
    assert kept is not None
    end = services.answers.end
    other = services.connect("ana", "c2", endpoint="count")
    assert ask(other, **{"$once": "k", "$id": 2}) == [{**first[0], "$id": 2}]
    assert end(kept, kept.status.DONE) is not None
    again = ask(other, **{"$once": "k", "$id": 3})
    assert again[0] == {**first[0], "$id": 3}
    assert [frame.get("$end") for frame in again] == [None, "done"]


def test_too_many_answers_may_be_tried_again_under_the_same_key(ana: Client) -> None:
    for _ in range(5):
        ask(ana)
    assert ask(ana, **{"$once": "k"})[0]["error"]["code"] == "too_many_answers"
    assert ask(ana, **{"$stop": "a1"}) == [{"$stopping": "a1"}]
    assert "$answer" in ask(ana, **{"$once": "k"})[0]


def test_answers_are_listed_the_oldest_first(ana: Client) -> None:
    ask(ana)
    ana.services.now += 1
    ask(ana)
    [listed] = ask(ana, **{"$answers": True, "$id": 1})
    assert [each["id"] for each in listed["$answers"]] == ["a1", "a2"]
    assert listed["$answers"][0] == {
        "id": "a1",
        "endpoint": "count",
        "started_at": ana.services.now - 1,
        "status": "running",
        "last": 0,
    }


def test_an_unknown_answer_is_not_stopped(ana: Client) -> None:
    assert ask(ana, **{"$stop": "a1"})[0]["error"]["code"] == "unknown_answer"


def started(client: Client, served: Callable[[str], Process] = serve) -> Any:
    ask(client, to=2)
    [message] = client.services.answer_queue.messages.values()
    return start_stream(message.task, RUNNING, client.services, served)


def test_a_task_starts_the_process_with_its_context(ana: Client) -> None:
    run = started(ana)
    assert list(map(run.payload, run.generator)) == [{"number": 0}, {"number": 1}]
    assert run.joined() == {"room:1": 0}
    assert run.joined() == {}
    assert ana.channels == {"user:ana", "room:1"}


def test_the_endpoint_says_whether_it_may_be_run_again(ana: Client) -> None:
    ask(ana)
    [message] = ana.services.answer_queue.messages.values()
    assert is_restartable(message.task, serve)
    with pytest.raises(UnknownEndpointError):
        is_restartable(message.task)


def test_inputs_that_the_code_accepts_no_more_are_refused(ana: Client) -> None:
    @business_process
    def other(text: str) -> Stream[str]:
        """Has other inputs now."""
        yield text

    with pytest.raises(RefusalError):
        started(ana, lambda _: other)


def test_a_process_knows_its_answer() -> None:
    assert (RUNNING.time_left, RUNNING.is_stopping) == (5.0, True)


def test_only_a_streaming_process_has_an_answer(ana: Client) -> None:
    with pytest.raises(LookupError, match=r"Stream\[…\]"):
        _ = ana.context.answer
