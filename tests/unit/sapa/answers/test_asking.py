"""Accepting, stopping, listing and resuming answers."""

import json
from dataclasses import replace
from typing import Any

import pytest

from sapa.answers.answer import DEAD_MILLISECONDS, AnswerPart, AnswerStatus
from sapa.answers.asking import LONGEST_SECONDS
from sapa.errors import TooManyAnswersError, UnknownAnswerError
from tests.unit.sapa.fakes import Client, FakeServices


@pytest.fixture
def services() -> FakeServices:
    return FakeServices(tick=0)


@pytest.fixture
def ana(services: FakeServices) -> Client:
    return services.connect("ana", "c1", endpoint="story")


def part(number: int, **content: Any) -> AnswerPart:
    return AnswerPart(number=number, sent_at=1, content=content or {"message": "Hai!"})


def posted(services: FakeServices) -> list[tuple[str, dict[str, Any]]]:
    return [(name, json.loads(frame)) for name, frame in services.recording_sender.posted]


def test_a_user_has_so_many_answers(services: FakeServices, ana: Client) -> None:
    for _ in range(5):
        services.answers.ask(ana.event, {})
    with pytest.raises(TooManyAnswersError):
        services.answers.ask(ana.event, {})
    ben = services.connect("ben", "c9")
    services.answers.ask(ben.event, {})


def test_an_answer_that_waits_is_ended_at_once(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answers.stop("ana", answer.answer_id)
    end = {"$channel": "answer:a1", "$sequence": 1, "$sent_at": services.now, "$end": "stopped"}
    assert posted(services) == [("c1", end)]
    services.answers.stop("ana", answer.answer_id)
    assert len(posted(services)) == 1


def test_a_living_writer_is_asked_to_stop(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answer_store.claim(answer, "w", services.now)
    services.answers.stop("ana", answer.answer_id)
    kept = services.answer_store.get("ana", answer.answer_id)
    assert kept is not None
    assert (kept.is_stopping, kept.status) == (True, AnswerStatus.RUNNING)
    assert posted(services) == []


def test_an_end_that_nobody_hears_is_stored(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answer_store.unlisten(answer, [*answer.listeners])
    current = services.answer_store.get("ana", answer.answer_id)
    assert current is not None
    last = services.answers.end(current, AnswerStatus.STOPPED)
    assert last == services.answer_store.last_part(answer.answer_id)
    assert posted(services) == []


def test_a_writer_that_is_faster_than_the_end_goes_on(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    append = services.answer_store.append

    def slow(*arguments: Any) -> bool:
        append(answer, [part(1)], 0)
        return append(*arguments)

    services.answer_store.append = slow  # type: ignore[assignment, method-assign]
    assert services.answers.end(answer, AnswerStatus.STOPPED) is None
    kept = services.answer_store.get("ana", answer.answer_id)
    assert kept is not None
    assert kept.status is AnswerStatus.RUNNING


@pytest.mark.parametrize("reader", ["list", "stop", "resume"])
def test_a_reader_ends_what_a_dead_writer_left(
    services: FakeServices, ana: Client, reader: str
) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answer_store.claim(answer, "w", services.now)
    services.answer_store.append(answer, [part(1)], 0)
    services.now += DEAD_MILLISECONDS + 1
    match reader:
        case "list":
            [described] = services.answers.of_user("ana")
            assert (described["status"], described["last"]) == ("failed", 2)
        case "stop":
            services.answers.stop("ana", answer.answer_id)
        case _:
            parts = services.answers.resume(ana.subscriber, "answer:a1", 0)
            assert parts is not None
            assert [number for number, _ in parts] == [1, 2]
    [(_, end)] = posted(services)
    assert (end["$sequence"], end["$end"], end["error"]["code"]) == (2, "failed", "interrupted")


def test_an_answer_is_resumed_behind_a_number(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answer_store.append(answer, [part(1), part(2), part(3, **{"$end": "done"})], 0)
    late = services.connect("ana", "c2")
    parts = services.answers.resume(late.subscriber, "answer:a1", 1)
    assert parts is not None
    assert [number for number, _ in parts] == [2, 3]
    assert services.answers.last_number("answer:a1") == 3
    assert services.answers.last_number("answer:other") == 0
    kept = services.answer_store.get("ana", "a1")
    assert kept is not None
    assert {listener.connection_id for listener in kept.listeners} == {"c1", "c2"}


def test_nobody_listens_to_an_answer_that_has_ended(services: FakeServices, ana: Client) -> None:
    answer = services.answers.ask(ana.event, {})
    services.answers.stop("ana", answer.answer_id)
    assert services.answers.resume(ana.subscriber, "answer:a1", 0) is not None
    kept = services.answer_store.get("ana", "a1")
    assert kept is not None
    assert kept.listeners == frozenset()


def test_answers_are_the_users_own(services: FakeServices, ana: Client) -> None:
    services.answers.ask(ana.event, {})
    ben = services.connect("ben", "c9")
    assert services.answers.resume(ben.subscriber, "answer:a1", 0) is None
    assert list(services.answers.frames(ben.subscriber, "a1")) == []
    assert services.answers.of_user("ben") == []
    with pytest.raises(UnknownAnswerError):
        services.answers.stop("ben", "a1")


def test_what_has_expired_is_not_there(services: FakeServices, ana: Client) -> None:
    services.answers.ask(ana.event, {})
    services.now += (LONGEST_SECONDS + 3600) * 1000
    assert services.answers.of_user("ana") == []
    assert services.answers.resume(ana.subscriber, "answer:a1", 0) is None
    with pytest.raises(UnknownAnswerError):
        services.answers.stop("ana", "a1")


def test_an_answer_that_vanishes_meanwhile_is_not_there(
    services: FakeServices, ana: Client
) -> None:
    services.answers.ask(ana.event, {})
    answers = replace(services.answers, store=_Forgetful(services.answer_store))
    assert answers.resume(ana.subscriber, "answer:a1", 0) is None


class _Forgetful:
    """The answer expires between two calls."""

    def __init__(self, store: Any) -> None:
        self._store = store

    def listen(self, *_: object) -> None:
        return None

    def __getattr__(self, name: str) -> Any:
        return getattr(self._store, name)
