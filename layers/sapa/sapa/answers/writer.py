"""From a task to the writing of its answer: becomes the writer, and starts the process."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sapa.answers.answer import Answer, AnswerPart, AnswerStatus
from sapa.answers.answer_task import AnswerTask
from sapa.answers.asking import INTERRUPTED, Answers
from sapa.answers.writing import RESERVED_SECONDS, PartSource, Posts, Writing
from sapa.connections.frames import render
from sapa.observability import logger
from sapa.processes.business_process import RunningAnswer

# A message that is being worked on comes back after so long if nobody says anything.
HIDDEN_SECONDS = 50
# Another writer is alive: look again when it may have died.
ASK_AGAIN_SECONDS = 15
_DRAIN_SECONDS = 5.0
_CLOSE_SECONDS = 20.0


class Outcome(StrEnum):
    """What became of a task.

    After the last two the task belongs to another writer. The message must then stay in the queue:
    it brings the next writer if that one dies.
    """

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    ENDED_BEFORE = "ended_before"
    REPLACED = "replaced"
    BEING_WRITTEN = "being_written"


# Those with which an answer has ended now.
ENDED = frozenset({Outcome.DONE, Outcome.STOPPED, Outcome.FAILED, Outcome.INTERRUPTED})


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A streaming process about to run: its generator, and what it joins meanwhile."""

    generator: Iterator[object]
    joined: Callable[[], Mapping[str, int]]
    payload: Callable[[object], Mapping[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerWriter:
    """Writes answers.

    `is_restartable` and `start` look at and run the process of a task; `start` raises what the
    inputs or the process raise. `make_source` runs a generator, `make_posts` posts to the
    listeners of one answer. `new_id` names a writer.
    """

    answers: Answers
    is_restartable: Callable[[AnswerTask], bool]
    start: Callable[[AnswerTask, RunningAnswer], Run]
    make_source: Callable[[Iterator[object]], PartSource]
    make_posts: Callable[[], Posts]
    new_id: Callable[[], str]

    def begin(
        self, task: AnswerTask, receipt: str, *, is_last_try: bool, time_left: Callable[[], float]
    ) -> Writing | Outcome:
        """Become the writer of an answer, unless there is nothing left to write.

        `receipt` names the message in the queue; `is_last_try` says that it will not come again;
        `time_left` is in seconds. Raises `StoreError` and `QueueError`: the message then comes
        back.
        """
        answers = self.answers
        answers.queue.hide(receipt, HIDDEN_SECONDS)
        kept = answers.store.get(task.event.username, task.answer_id)
        if kept is None:
            kept = task.answer()
            answers.store.put(kept)
        if kept.status is not AnswerStatus.RUNNING:
            return Outcome.ENDED_BEFORE
        writer = self.new_id()
        before = answers.store.claim(kept, writer, answers.clock())
        if before is None:
            answers.queue.hide(receipt, ASK_AGAIN_SECONDS)
            return Outcome.BEING_WRITTEN
        last = answers.store.last_part(task.answer_id)
        if last is not None and last.end is not None:
            answers.end(before, last.end)
            return Outcome.ENDED_BEFORE
        is_interrupted = before.writer is not None
        if is_interrupted and (is_last_try or not self.is_restartable(task)):
            answers.end(before, AnswerStatus.FAILED, INTERRUPTED)
            return Outcome.INTERRUPTED
        return self._writing(task, before, writer, last, receipt, time_left)

    def _writing(
        self,
        task: AnswerTask,
        answer: Answer,
        writer: str,
        last: AnswerPart | None,
        receipt: str,
        time_left: Callable[[], float],
    ) -> Writing:
        # The process runs before there is a writing.
        writing: Writing | None = None

        def is_stopping() -> bool:
            return writing is not None and (writing.status is not None or writing.is_finished)

        running = RunningAnswer(
            answer_id=task.answer_id,
            last_number=last.number if last else 0,
            last=last.content if last else None,
            _time_left=lambda: max(time_left() - RESERVED_SECONDS, 0.0),
            _is_stopping=is_stopping,
        )
        try:
            run = self.start(task, running)
        # It was accepted, so that is a change of the code, or a process that raises at once.
        except (Exception, SystemExit) as error:
            run = Run(generator=_Raising(error), joined=dict, payload=_no_payload)
        writing = Writing(
            answers=self.answers,
            answer=answer,
            writer=writer,
            first_number=last.number + 1 if last else 1,
            source=self.make_source(run.generator),
            posts=self.make_posts(),
            payload=run.payload,
            joined=lambda: _joined_frames(run.joined()),
            asker=task.event.connection_id,
            renew_task=lambda: self.answers.queue.hide(receipt, HIDDEN_SECONDS),
            time_left=time_left,
            request_id=task.event.request_id,
        )
        return writing


def write_to_end(writing: Writing) -> Outcome:
    """Do all steps of a writing. Raises `StoreError` and `QueueError`."""
    source, posts = writing.source, writing.posts
    try:
        while not writing.is_finished:
            seconds = writing.step()
            source.wait(seconds, for_parts=writing.wants_parts)
    finally:
        source.close()
        posts.drain(_DRAIN_SECONDS)
    if not source.join(min(_CLOSE_SECONDS, max(writing.time_left() - 1, 0))):
        logger.warning("process does not end", answer_id=writing.answer.answer_id)
    if writing.is_replaced:
        return Outcome.REPLACED
    return Outcome(writing.status.value) if writing.status else Outcome.ENDED_BEFORE


class _Raising(Iterator[object]):
    """Stands for a process that could not be started."""

    def __init__(self, error: BaseException) -> None:
        self._error = error

    def __next__(self) -> object:
        raise self._error


def _no_payload(item: object) -> Mapping[str, Any]:
    raise AssertionError(item)


def _joined_frames(channels: Mapping[str, int]) -> Sequence[str]:
    return [render({"$joined": dict(channels)})] if channels else []
