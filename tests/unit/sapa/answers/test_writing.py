"""A writer, step by step, with a clock that only the test moves."""

import json
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any

import pytest
from pydantic import BaseModel

from sapa.answers.answer import Answer, AnswerPart, AnswerStatus, Listener
from sapa.answers.asking import Answers
from sapa.answers.writing import (
    CHECK_MS,
    LONGEST_WINDOW_MS,
    MAX_BACKLOG,
    SHORTEST_WINDOW_MS,
    SILENCE_MS,
    Writing,
)
from sapa.errors import RefusedError
from sapa.processes.business_process import business_process
from sapa.processes.results import payload_of
from tests.support.answers import (
    WAIT,
    InlinePosts,
    InlineSource,
    MemoryAnswerStore,
    MemoryQueue,
    Network,
)

NOW = 1_700_000_000_000
ASKER = "asker"


@business_process
def process() -> None:
    """Names what a payload comes from."""


class Model(BaseModel):
    text: str


@dataclass
class Desk:
    """One answer that is written, and everything around it."""

    generator: Iterator[object]
    now: int = NOW
    seconds_left: float = 900.0
    store: MemoryAnswerStore = field(default_factory=MemoryAnswerStore)
    network: Network = field(default_factory=Network)
    post_ms: float = 5.0
    renewals: int = 0
    post_at_once: bool = True

    def __post_init__(self) -> None:
        self.network.open[ASKER] = []
        self.store.sessions.add("session")
        answer = Answer(
            answer_id="a1",
            username="ana",
            endpoint="test",
            session_key="session",
            session_expires_at=NOW // 1000 + 600,
            started_at=NOW,
            expires_at=NOW // 1000 + 7200,
            listeners=frozenset({Listener(ASKER, NOW // 1000 + 7200, NOW)}),
        )
        answers = Answers(
            store=self.store,
            queue=MemoryQueue(lambda: self.now),
            post=lambda frame, ids: None,
            clock=lambda: self.now,
            new_id=lambda: "a1",
            limit=5,
            retention_seconds=3600,
        )
        self.store.reserve(answer, 5)
        self.store.put(answer)
        self.store.claim(answer, "writer", self.now)
        self.source = InlineSource(self.generator)
        self.posts = InlinePosts(self.network)
        self.posts.milliseconds = self.post_ms
        self.writing = Writing(
            answers=answers,
            answer=answer,
            writer="writer",
            first_number=1,
            source=self.source,
            posts=self.posts,
            payload=lambda item: payload_of(process, item),
            joined=list,
            asker=ASKER,
            renew_task=self._renew,
            time_left=lambda: self.seconds_left,
            request_id="r-1",
        )

    def _renew(self) -> None:
        self.renewals += 1

    def run(self, milliseconds: int, step_ms: int = 10) -> None:
        """Step until so much time has passed, or the answer has ended."""
        until = self.now + milliseconds
        while self.now < until and not self.writing.is_finished:
            self.writing.step()
            if self.post_at_once:
                self.posts.drain(0)
            self.now += step_ms
            self.seconds_left -= step_ms / 1000

    @property
    def frames(self) -> list[dict[str, Any]]:
        """What the asker got."""
        return [json.loads(frame) for frame in self.network.open[ASKER]]

    @property
    def parts(self) -> list[AnswerPart]:
        return list(self.store.parts("a1", 0))

    @property
    def contents(self) -> list[dict[str, Any]]:
        return [dict(part.content) for part in self.parts]


def waiting(*items: object, pause: int = 1) -> Iterator[object]:
    """Items with some steps between them."""
    for item in items:
        yield item
        yield from [WAIT] * pause


def failing(error: Exception, *before: object) -> Iterator[object]:
    yield from before
    raise error


def test_parts_are_numbered_stored_and_posted_to_the_end() -> None:
    desk = Desk(waiting("Hai ", {"step": 1}, Model(text="x"), pause=20))
    desk.run(5_000)
    assert desk.contents == [{"message": "Hai "}, {"step": 1}, {"text": "x"}, {"$end": "done"}]
    assert [part.number for part in desk.parts] == [1, 2, 3, 4]
    assert desk.frames == [part.frame("a1") for part in desk.parts]
    assert desk.store.answers["ana", "a1"].status is AnswerStatus.DONE
    assert desk.store.running["ana"] == set()


def test_texts_that_are_neighbours_go_out_as_one() -> None:
    desk = Desk(iter(["a", "b", {"step": 1}, "c", None, "d"]))
    desk.run(1_000)
    assert desk.contents[:-1] == [{"message": "ab"}, {"step": 1}, {"message": "cd"}]


@pytest.mark.parametrize(
    ("post_ms", "window"),
    [(1.0, SHORTEST_WINDOW_MS), (120.0, 120), (900.0, LONGEST_WINDOW_MS)],
)
def test_parts_go_out_as_often_as_posts_allow(post_ms: float, window: int) -> None:
    desk = Desk(waiting(*["x"] * 200), post_ms=post_ms)
    desk.run(10_000)
    times = [part.sent_at for part in desk.parts[:-2]]  # the last go out with the end
    assert {after - before for before, after in pairwise(times)} == {window}


def test_what_goes_out_together_is_one_write() -> None:
    desk = Desk(iter([{"step": step} for step in range(10)]))
    writes: list[int] = []
    append = desk.store.append

    def counted(answer: Answer, parts: Any, expires_at: int) -> bool:
        writes.append(len(parts))
        return append(answer, parts, expires_at)

    desk.store.append = counted  # type: ignore[method-assign]
    desk.run(1_000)
    assert writes == [10, 1]


@pytest.mark.parametrize(
    ("generator", "before", "code"),
    [
        (failing(RuntimeError("why")), [], "process_failed"),
        (failing(RuntimeError("why"), "a"), [{"message": "a"}], "process_failed"),
        (failing(RefusedError("No."), "a"), [{"message": "a"}], "refused"),
        (iter([3]), [], "process_failed"),
        (iter([{"x": object()}]), [], "process_failed"),
        (iter([{"$end": "done"}]), [], "process_failed"),
        (iter(["\ud800"]), [], "process_failed"),
        (iter(["a", "x" * 200_000]), [{"message": "a"}], "reply_too_large"),
    ],
    ids=["at once", "midway", "refused", "number", "no JSON", "reserved", "no text", "too large"],
)
def test_a_process_that_fails_ends_its_answer(
    generator: Iterator[object], before: list[dict[str, Any]], code: str
) -> None:
    desk = Desk(generator)
    desk.run(1_000)
    *parts, end = desk.contents
    assert parts == before
    assert (end["$end"], end["error"]["code"]) == ("failed", code)
    assert ("request_id" in end["error"]) == (code == "process_failed")
    assert desk.frames[-1]["$end"] == "failed"


def test_a_process_that_yields_nothing_has_an_end() -> None:
    desk = Desk(iter(()))
    desk.run(1_000)
    assert desk.contents == [{"$end": "done"}]


def endless() -> Iterator[object]:
    while True:
        yield "x"
        yield WAIT


def test_a_process_that_never_ends_runs_into_the_time_limit() -> None:
    desk = Desk(endless(), seconds_left=30)
    desk.run(40_000, step_ms=50)
    end = desk.contents[-1]
    assert (end["$end"], end["error"]["code"]) == ("failed", "answer_timeout")
    assert desk.seconds_left > 5


def revoke(desk: Desk) -> None:
    desk.store.sessions.clear()


def request_stop(desk: Desk) -> None:
    desk.store.request_stop("ana", "a1")


def expire(desk: Desk) -> None:
    desk.now = (NOW // 1000 + 600) * 1000


@pytest.mark.parametrize("cause", [revoke, request_stop, expire])
def test_an_answer_that_nobody_wants_any_more_is_stopped(cause: Callable[[Desk], None]) -> None:
    desk = Desk(endless())
    desk.run(3_000)
    cause(desk)
    stopped_at = desk.now
    desk.run(10_000)
    assert desk.contents[-1] == {"$end": "stopped"}
    assert desk.now - stopped_at <= CHECK_MS + 20


def test_silence_is_bridged() -> None:
    desk = Desk(iter([WAIT] * 10_000))
    desk.run(2 * SILENCE_MS + 100)
    assert desk.frames == [{"$channel": "answer:a1", "$working": True}] * 2
    assert desk.renewals == 4


def test_a_new_listener_gets_what_it_missed_and_what_follows() -> None:
    desk = Desk(endless())
    desk.run(5_000)
    desk.network.open["late"] = []
    since = desk.now
    desk.store.listen("ana", "a1", Listener("late", NOW // 1000 + 7200, since))
    desk.run(3_000)
    numbers = [json.loads(frame)["$sequence"] for frame in desk.network.open["late"]]
    stored_before = [part.number for part in desk.parts if part.sent_at < since]
    assert numbers == list(range(numbers[0], numbers[-1] + 1))
    assert numbers[0] <= stored_before[-1] + 1
    assert numbers[-1] == desk.parts[-1].number


def test_a_listener_that_is_gone_is_removed_and_the_answer_goes_on() -> None:
    desk = Desk(endless())
    del desk.network.open[ASKER]
    desk.run(3_000)
    assert desk.store.answers["ana", "a1"].listeners == frozenset()
    assert not desk.writing.is_finished
    assert desk.parts


def test_a_process_waits_for_the_fastest_listener() -> None:
    taken = 0

    def eager() -> Iterator[object]:
        nonlocal taken
        while True:
            taken += 1
            yield {"step": taken}
            yield WAIT

    desk = Desk(eager(), post_at_once=False)
    desk.run(60_000)
    assert MAX_BACKLOG <= taken <= MAX_BACKLOG + 40


def test_a_writer_that_was_replaced_stores_nothing_more() -> None:
    desk = Desk(endless())
    desk.run(1_500)
    desk.store.claim(desk.writing.answer, "other", desk.now + 60_000)
    stored = len(desk.parts)
    desk.store.append(
        desk.writing.answer,
        [AnswerPart(number=stored + 1, sent_at=desk.now, content={"message": "other"})],
        0,
    )
    desk.run(5_000)
    assert desk.writing.is_replaced
    assert len(desk.parts) == stored + 1


def test_parts_that_a_replaced_writer_stored_late_count() -> None:
    desk = Desk(waiting("a", "b", pause=20))
    late = AnswerPart(number=1, sent_at=NOW, content={"message": "late"})
    desk.store.append(desk.writing.answer, [late], 0)
    desk.run(5_000)
    assert [content.get("message") for content in desk.contents] == ["late", "a", "b", None]
    assert desk.frames == [part.frame("a1") for part in desk.parts]


def twice(desk: Desk, number: int) -> None:
    """The call that stores a part arrives twice; the second one is answered."""
    append = desk.store.append

    def stored_before(answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        if parts[0].number == number:
            append(answer, parts, expires_at)
        return append(answer, parts, expires_at)

    desk.store.append = stored_before  # type: ignore[method-assign]


@pytest.mark.parametrize("number", [1, 2, 3])
def test_a_call_that_arrives_twice_counts_once(number: int) -> None:
    desk = Desk(waiting("a", "b", pause=20))
    twice(desk, number)
    desk.run(5_000)
    assert desk.contents == [{"message": "a"}, {"message": "b"}, {"$end": "done"}]
    assert desk.frames == [part.frame("a1") for part in desk.parts]
    assert desk.store.answers["ana", "a1"].status is AnswerStatus.DONE
    assert not desk.writing.is_replaced


def test_a_refused_call_without_a_part_is_tried_again() -> None:
    """Another transaction on the same numbers was under way, and failed."""
    desk = Desk(iter(["a"]))
    append, refusals = desk.store.append, [False]

    def refused_first(answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        return refusals.pop() if refusals else append(answer, parts, expires_at)

    desk.store.append = refused_first  # type: ignore[method-assign]
    desk.run(5_000)
    assert desk.contents == [{"message": "a"}, {"$end": "done"}]


def test_an_end_that_is_refused_is_stored_after_the_next_check() -> None:
    desk = Desk(iter(()))
    append, refusals = desk.store.append, [False] * 150

    def refused(answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        return refusals.pop() if refusals else append(answer, parts, expires_at)

    desk.store.append = refused  # type: ignore[method-assign]
    desk.run(5_000)
    assert desk.contents == [{"$end": "done"}]


def test_a_writer_notices_at_its_heartbeat_that_it_was_replaced() -> None:
    desk = Desk(endless())
    desk.run(9_500)
    kept = desk.store.answers["ana", "a1"]
    desk.store.check = lambda answer: (kept, True)  # type: ignore[method-assign]
    desk.store.claim(kept, "other", desk.now + 60_000)
    desk.run(1_000)
    assert desk.writing.is_replaced
    assert desk.renewals == 0


def test_a_second_reason_to_stop_changes_nothing() -> None:
    desk = Desk(failing(RuntimeError()))
    desk.store.request_stop("ana", "a1")
    desk.run(1_000)
    assert desk.contents[-1] == {"$end": "stopped"}
