"""From a task to a writing: who may write, and what runs."""

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from sapa.answers.answer import DEAD_MILLISECONDS, AnswerPart, AnswerStatus
from sapa.answers.answer_task import AnswerTask
from sapa.answers.writer import AnswerWriter, Outcome, Run, write_to_end
from sapa.answers.writing import RESERVED_SECONDS, Writing
from sapa.errors import RefusedError
from sapa.processes.business_process import RunningAnswer
from tests.support.answers import InlinePosts, InlineSource, Network
from tests.unit.sapa.fakes import FakeServices


class Source(InlineSource):
    """A process that has its parts ready; `stuck` never returns."""

    stuck = False

    def wait(self, seconds: float, *, for_parts: bool) -> None:
        """Nothing to wait for."""

    def join(self, seconds: float) -> bool:
        return not self.stuck


class Desk:
    """A task, and a writer for it."""

    def __init__(self) -> None:
        self.services = FakeServices()
        ana = self.services.connect("ana", "c1", endpoint="story")
        self.services.session_store.sessions.clear()
        self.services.answers.ask(ana.event, {"words": 2})
        [message] = self.services.answer_queue.messages.values()
        self.task: AnswerTask = message.task
        self.running: list[RunningAnswer] = []
        self.is_restartable = False
        self.failure: Exception | None = None
        self.network = Network(open={"c1": []})
        self.joined = {"room:1": 7}
        self.writer = AnswerWriter(
            answers=self.services.answers,
            is_restartable=lambda _: self.is_restartable,
            start=self._start,
            make_source=Source,
            make_posts=lambda: InlinePosts(self.network),
            new_id=lambda: "me",
        )

    def _start(self, _: AnswerTask, running: RunningAnswer) -> Run:
        self.running.append(running)
        if self.failure is not None:
            raise self.failure

        def joined() -> dict[str, int]:
            joined, self.joined = self.joined, {}
            return joined

        def parts() -> Iterator[object]:
            yield "one "
            yield {"two": 2}

        def payload(item: Any) -> Any:
            return {"message": item} if isinstance(item, str) else item

        return Run(generator=parts(), joined=joined, payload=payload)

    def begin(self, *, is_last_try: bool = False) -> Writing | Outcome:
        return self.writer.begin(
            self.task, self.task.answer_id, is_last_try=is_last_try, time_left=lambda: 100.0
        )

    def write(self) -> Outcome:
        begun = self.begin()
        assert isinstance(begun, Writing)
        return write_to_end(begun)

    def die(self, *parts: AnswerPart) -> None:
        """Another writer has stored parts, and died."""
        answer = self.task.answer()
        store = self.services.answer_store
        store.claim(answer, "other", self.services.now - DEAD_MILLISECONDS - 1_000)
        store.append(answer, parts, 0)

    @property
    def contents(self) -> list[Any]:
        return [part.content for part in self.services.answer_store.parts(self.task.answer_id, 0)]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def part(number: int, **content: Any) -> AnswerPart:
    return AnswerPart(number=number, sent_at=1, content=content)


def test_an_answer_is_written_to_its_end(desk: Desk) -> None:
    assert desk.write() is Outcome.DONE
    assert desk.contents == [{"message": "one "}, {"two": 2}, {"$end": "done"}]
    [running] = desk.running
    assert (running.answer_id, running.last_number, running.last) == ("a1", 0, None)
    assert running.time_left == 100 - RESERVED_SECONDS
    assert running.is_stopping, "when everything is said"
    assert desk.network.open["c1"][0] == '{"$joined": {"room:1": 7}}'


def test_a_process_may_ask_at_once_whether_it_is_being_stopped(desk: Desk) -> None:
    """Its thread begins before the writer."""
    asked: list[bool] = []

    def make_source(generator: Iterator[object]) -> Source:
        asked.extend(running.is_stopping for running in desk.running)
        return Source(generator)

    desk.writer = replace(desk.writer, make_source=make_source)
    assert desk.write() is Outcome.DONE
    assert asked == [False]
    assert [running.is_stopping for running in desk.running] == [True]


def test_a_process_that_does_not_end_does_not_hold_its_answer(desk: Desk) -> None:
    begun = desk.begin()
    assert isinstance(begun, Writing)
    assert isinstance(begun.source, Source)
    begun.source.stuck = True
    assert write_to_end(begun) is Outcome.DONE


@pytest.mark.parametrize(
    ("failure", "code"), [(RuntimeError(), "process_failed"), (RefusedError("No."), "refused")]
)
def test_a_process_that_cannot_start_fails_the_answer(
    desk: Desk, failure: Exception, code: str
) -> None:
    desk.failure = failure
    assert desk.write() is Outcome.FAILED
    [end] = desk.contents
    assert end["error"]["code"] == code


def test_an_answer_that_was_not_stored_is_stored_by_its_writer(desk: Desk) -> None:
    desk.services.answer_store.answers.clear()
    assert desk.write() is Outcome.DONE


def test_an_answer_that_has_ended_is_not_written(desk: Desk) -> None:
    desk.services.answers.stop("ana", "a1")
    assert desk.begin() is Outcome.ENDED_BEFORE
    assert desk.running == []


def test_a_living_writer_is_left_alone(desk: Desk) -> None:
    desk.services.answer_store.claim(desk.task.answer(), "other", desk.services.now)
    assert desk.begin() is Outcome.BEING_WRITTEN


def test_an_interrupted_answer_ends(desk: Desk) -> None:
    desk.die(part(1, message="one "))
    assert desk.begin() is Outcome.INTERRUPTED
    assert desk.contents[-1]["error"]["code"] == "interrupted"


def test_a_restartable_process_goes_on_behind_the_last_part(desk: Desk) -> None:
    desk.is_restartable = True
    desk.die(part(1, message="zero "))
    assert desk.write() is Outcome.DONE
    [running] = desk.running
    assert (running.last_number, running.last) == (1, {"message": "zero "})
    assert [content.get("message") for content in desk.contents][:2] == ["zero ", "one "]


def test_the_last_try_ends_a_restartable_answer(desk: Desk) -> None:
    desk.is_restartable = True
    desk.die(part(1, message="zero "))
    assert desk.begin(is_last_try=True) is Outcome.INTERRUPTED


def test_an_end_that_was_stored_and_not_counted_is_counted(desk: Desk) -> None:
    desk.die(part(1, **{"$end": "done"}))
    assert desk.begin() is Outcome.ENDED_BEFORE
    kept = desk.services.answer_store.get("ana", "a1")
    assert kept is not None
    assert kept.status is AnswerStatus.DONE


def test_a_writer_that_is_replaced_leaves_the_task_to_the_next(desk: Desk) -> None:
    begun = desk.begin()
    assert isinstance(begun, Writing)
    store = desk.services.answer_store
    kept = store.get("ana", "a1")
    assert kept is not None
    store.answers["ana", "a1"] = replace(kept, writer="other")
    assert write_to_end(begun) is Outcome.REPLACED
    assert desk.contents == []


def test_a_writer_that_finds_the_answer_ended_has_nothing_to_do(desk: Desk) -> None:
    begun = desk.begin()
    assert isinstance(begun, Writing)
    desk.services.answer_store.finish(desk.task.answer(), AnswerStatus.FAILED, 0)
    assert write_to_end(begun) is Outcome.ENDED_BEFORE
