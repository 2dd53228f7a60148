"""Answers in DynamoDB; the store of the simulations is held to the same facts."""

from collections.abc import Iterator
from dataclasses import replace

import boto3
import pytest

from sapa.answers.answer import (
    DEAD_MILLISECONDS,
    Answer,
    AnswerPart,
    AnswerStatus,
    AnswerStore,
    Listener,
)
from sapa.errors import TooManyAnswersError
from sapa.login.session import LoginSession
from sapa.services import services
from tests.integration.sapa.conftest import Cloud
from tests.support.answers import MemoryAnswerStore

NOW = 1_700_000_000_000
EXPIRY = NOW // 1000 + 7_200
ASKER = Listener("c1", EXPIRY, NOW)
ANSWER = Answer(
    answer_id="a1",
    username="ana@example.com",
    endpoint="story",
    session_key="k1",
    session_expires_at=EXPIRY,
    started_at=NOW,
    expires_at=EXPIRY,
    seen_at=NOW,
    listeners=frozenset({ASKER}),
)
USER = ANSWER.username


@pytest.fixture(params=["dynamodb", "memory"])
def store(request: pytest.FixtureRequest) -> Iterator[AnswerStore]:
    if request.param == "memory":
        memory = MemoryAnswerStore()
        memory.sessions.add("k1")
        yield memory
        return
    cloud: Cloud = request.getfixturevalue("cloud")
    assert cloud
    session = LoginSession(
        token_hash="k1", username=USER, session_id="s1", expires_at=NOW // 1000 + 600
    )
    services().sessions.put(session)
    yield services().answers.store


def part(number: int, **content: object) -> AnswerPart:
    return AnswerPart(number=number, sent_at=NOW + number, content=content)


def put(store: AnswerStore, *answers: Answer, limit: int = 5) -> None:
    for answer in answers:
        store.reserve(answer, limit)
        store.put(answer)


def test_an_answer_is_read_as_it_was_put(store: AnswerStore) -> None:
    assert store.get(USER, "a1") is None
    put(store, ANSWER)
    assert store.get(USER, "a1") == ANSWER
    assert store.get("ben", "a1") is None
    assert store.of_user(USER) == [ANSWER]
    assert store.of_user("ben") == []


def test_an_answer_is_not_put_over_one_that_is_being_written(store: AnswerStore) -> None:
    put(store, ANSWER)
    store.claim(ANSWER, "w1", NOW)
    store.put(ANSWER)
    current = store.get(USER, "a1")
    assert current is not None
    assert current.writer == "w1"


def test_a_user_has_so_many_answers_at_a_time(store: AnswerStore) -> None:
    others = [replace(ANSWER, answer_id=f"a{number}") for number in (2, 3)]
    put(store, ANSWER, others[0], limit=2)
    with pytest.raises(TooManyAnswersError):
        store.reserve(others[1], 2)
    put(store, replace(ANSWER, username="ben"), limit=2)
    store.finish(ANSWER, AnswerStatus.DONE, EXPIRY)
    put(store, others[1], limit=2)


def test_what_a_function_that_died_has_left_makes_room(store: AnswerStore) -> None:
    """It had counted the answer and not stored it, or had stored its end and not counted it out."""
    store.reserve(ANSWER, 1)
    later = replace(ANSWER, answer_id="a2", started_at=NOW + 120_000)
    put(store, later, limit=1)


def test_the_check_reads_the_answer_and_the_login(store: AnswerStore) -> None:
    put(store, ANSWER)
    assert store.check(ANSWER) == (ANSWER, True)
    foreign = replace(ANSWER, session_key="k2")
    assert store.check(foreign) == (ANSWER, False)
    unknown = replace(ANSWER, session_key="")
    assert store.check(unknown) == (ANSWER, True)
    assert store.check(replace(ANSWER, answer_id="a9")) == (None, True)


def test_one_writer_at_a_time_and_the_next_when_it_is_dead(store: AnswerStore) -> None:
    put(store, ANSWER)
    assert store.claim(ANSWER, "w1", NOW) == ANSWER
    assert store.claim(ANSWER, "w2", NOW + DEAD_MILLISECONDS) is None
    assert store.renew(ANSWER, "w1", NOW + 10_000)
    assert store.claim(ANSWER, "w2", NOW + 10_000 + DEAD_MILLISECONDS) is None
    before = store.claim(ANSWER, "w2", NOW + 10_001 + DEAD_MILLISECONDS)
    assert before is not None
    assert before.writer == "w1"
    assert not store.renew(ANSWER, "w1", NOW + 60_000)
    assert store.renew(ANSWER, "w2", NOW + 60_000)


def test_an_answer_that_has_ended_is_not_written(store: AnswerStore) -> None:
    put(store, ANSWER)
    store.claim(ANSWER, "w1", NOW)
    store.finish(ANSWER, AnswerStatus.STOPPED, EXPIRY + 5)
    ended = store.get(USER, "a1")
    assert ended is not None
    assert (ended.status, ended.expires_at) == (AnswerStatus.STOPPED, EXPIRY + 5)
    assert ended.listeners == frozenset()
    assert not store.renew(ANSWER, "w1", NOW)
    assert store.claim(ANSWER, "w2", NOW + 2 * DEAD_MILLISECONDS) is None
    store.finish(ANSWER, AnswerStatus.FAILED, EXPIRY)
    assert store.get(USER, "a1") == ended


def test_stop_and_listeners_are_marks_on_the_answer(store: AnswerStore) -> None:
    assert store.request_stop(USER, "a1") is None
    other = Listener("c2", EXPIRY, NOW + 7)
    assert store.listen(USER, "a1", other) is None
    put(store, ANSWER)
    stopping = store.request_stop(USER, "a1")
    assert stopping is not None
    assert stopping.is_stopping
    listening = store.listen(USER, "a1", other)
    assert listening is not None
    assert listening.listeners == {ASKER, other}
    store.unlisten(ANSWER, [ASKER])
    left = store.get(USER, "a1")
    assert left is not None
    assert left.listeners == {other}


def test_parts_have_numbers_that_nobody_else_has_taken(store: AnswerStore) -> None:
    first, second, third = part(1, message="Hai"), part(2, x=[1, None]), part(3, **{"$end": "done"})
    assert store.last_part("a1") is None
    assert store.append(ANSWER, [first], EXPIRY)
    assert not store.append(ANSWER, [part(1, message="other")], EXPIRY)
    assert store.append(ANSWER, [second, third], EXPIRY)
    assert not store.append(ANSWER, [part(4), part(3)], EXPIRY)
    assert list(store.parts("a1", 0)) == [first, second, third]
    assert list(store.parts("a1", 2)) == [third]
    assert store.last_part("a1") == third
    assert list(store.parts("a2", 0)) == []


def test_the_set_of_running_answers_is_not_an_answer(cloud: Cloud) -> None:
    store = services().answers.store
    put(store, ANSWER)
    assert store.get(USER, "#running") is None
    assert store.request_stop(USER, "#running") is None
    assert store.listen(USER, "#running", ASKER) is None
    items = boto3.client("dynamodb").scan(TableName="answers")["Items"]
    assert all("expires_at" in item for item in items)
