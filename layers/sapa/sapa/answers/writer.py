"""Writes the answer of a task: becomes its writer, runs the process, and writes to the end."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from sapa.answers.answer import Answer, AnswerPart, AnswerStatus
from sapa.answers.answer_task import AnswerTask
from sapa.answers.asking import INTERRUPTED, Answers
from sapa.answers.threads import ThreadedPosts, ThreadedSource
from sapa.answers.writing import RESERVED_SECONDS, Writing
from sapa.connections.frames import render
from sapa.connections.sender import MessageSender
from sapa.observability import logger
from sapa.processes.business_process import RunningAnswer

# A message that is being worked on comes back after so long if nobody says anything.
HIDDEN_SECONDS = 50
# Another writer is alive: look again when it may have died.
ASK_AGAIN_SECONDS = 15
_DRAIN_SECONDS = 5.0
_CLOSE_SECONDS = 20.0


class Outcome(StrEnum):
    """What became of a task."""

    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"
    INTERRUPTED = "interrupted"
    ENDED_BEFORE = "ended before"
    REPLACED = "replaced"
    BEING_WRITTEN = "being written"


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
    inputs or the process raise. `new_id` names a writer.
    """

    answers: Answers
    sender: Callable[[], MessageSender]
    is_restartable: Callable[[AnswerTask], bool]
    start: Callable[[AnswerTask, RunningAnswer], Run]
    new_id: Callable[[], str]
    sleep: Callable[[float], None]

    def write(
        self, task: AnswerTask, receipt: str, *, is_last_try: bool, time_left: Callable[[], float]
    ) -> Outcome:
        """Write the answer to its end, unless somebody else does.

        `receipt` names the message in the queue; `is_last_try` says that it will not come again;
        `time_left` is in seconds. Raises `StoreError` and `QueueError`: the message then comes
        back.
        """
        answers, now = self.answers, self.answers.clock()
        answers.queue.hide(receipt, HIDDEN_SECONDS)
        kept = answers.store.get(task.event.username, task.answer_id)
        if kept is None or kept.status is not AnswerStatus.RUNNING:
            return Outcome.ENDED_BEFORE
        writer = self.new_id()
        before = answers.store.claim(kept, writer, now)
        if before is None:
            answers.queue.hide(receipt, ASK_AGAIN_SECONDS)
            return Outcome.BEING_WRITTEN
        last = answers.store.last_part(task.answer_id)
        is_interrupted = before.writer is not None
        if last is not None and last.end is not None:
            answers.store.finish(before, last.end, answers.expiry())
            return Outcome.ENDED_BEFORE
        if is_interrupted and (is_last_try or not self.is_restartable(task)):
            answers.end(before, AnswerStatus.FAILED, INTERRUPTED)
            return Outcome.INTERRUPTED
        return self._run(task, before, writer, last, receipt, time_left)

    def _run(
        self,
        task: AnswerTask,
        answer: Answer,
        writer: str,
        last: AnswerPart | None,
        receipt: str,
        time_left: Callable[[], float],
    ) -> Outcome:
        writing: Writing | None = None
        progress = RunningAnswer(
            answer_id=task.answer_id,
            last_number=last.number if last else 0,
            last=last.content if last else None,
            _time_left=lambda: max(time_left() - RESERVED_SECONDS, 0.0),
            _is_stopping=lambda: writing is not None and writing.status is not None,
        )
        posts = ThreadedPosts(self.sender())
        source, run = self._source(task, progress)
        writing = Writing(
            answers=self.answers,
            answer=answer,
            writer=writer,
            first_number=last.number + 1 if last else 1,
            source=source,
            posts=posts,
            payload=run.payload,
            joined=lambda: _joined_frames(run.joined()),
            asker=task.event.connection_id,
            renew_task=lambda: self.answers.queue.hide(receipt, HIDDEN_SECONDS),
            time_left=time_left,
            request_id=task.event.request_id,
        )
        try:
            while not writing.is_finished:
                seconds = writing.step()
                if writing.wants_parts:
                    source.wait(seconds)
                else:
                    self.sleep(seconds)
        finally:
            source.close()
            posts.drain(_DRAIN_SECONDS)
        if not source.join(min(_CLOSE_SECONDS, max(time_left() - 1, 0))):
            logger.warning("process does not end", answer_id=task.answer_id)
        status = writing.status
        return Outcome(status.value) if status is not None else Outcome.REPLACED

    def _source(self, task: AnswerTask, progress: RunningAnswer) -> tuple[ThreadedSource, Run]:
        """The process, in a thread; one that cannot start is a generator that raises."""
        try:
            run = self.start(task, progress)
        # It was accepted, so that is a change of the code, or a process that raises at once.
        except (Exception, SystemExit) as error:
            run = Run(generator=_Raising(error), joined=dict, payload=_no_payload)
        return ThreadedSource(run.generator), run


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
