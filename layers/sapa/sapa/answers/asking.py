"""Asking for answers: accepted here, written elsewhere, and stopped, listed and resumed here.

An accepted message is stored and queued before the client hears of it, so it cannot be lost.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from sapa.answers.answer import (
    Answer,
    AnswerPart,
    AnswerStatus,
    AnswerStore,
    Listener,
)
from sapa.answers.answer_task import AnswerQueue, AnswerTask
from sapa.channels.channel import ANSWER_PREFIX
from sapa.connections.connection import Subscriber
from sapa.connections.frames import render
from sapa.errors import UnknownAnswerError
from sapa.lambda_events import ConnectionEvent

# A writer has 15 minutes; a task may wait for one, and be written again by another.
LONGEST_SECONDS = 60 * 60
INTERRUPTED = {"code": "interrupted", "message": "The answer was interrupted. Ask again."}


class PartSender(Protocol):
    """Posts one frame to some connections, as far as they can be reached."""

    def __call__(self, frame: str, connection_ids: Sequence[str], /) -> object: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """The answers of all users.

    `clock` gives epoch milliseconds, `new_id` fresh ids. A user may have `limit` answers that run
    or wait; those that have ended are kept for `retention_seconds`.
    """

    store: AnswerStore
    queue: AnswerQueue
    post: PartSender
    clock: Callable[[], int]
    new_id: Callable[[], str]
    limit: int
    retention_seconds: int

    def ask(self, event: ConnectionEvent, inputs: Mapping[str, Any]) -> Answer:
        """Accept a message for a streaming process.

        Raises `TooManyAnswersError`, `StoreError`, `QueueError`.
        """
        now = self.clock()
        task = AnswerTask(
            answer_id=self.new_id(),
            started_at=now,
            expires_at=now // 1000 + LONGEST_SECONDS + self.retention_seconds,
            event=event,
            inputs=inputs,
        )
        answer = task.answer()
        self.store.reserve(answer, self.limit)
        # From here on it runs, even if this function dies: the writer stores it if need be.
        self.queue.send(task)
        self.store.put(answer)
        return answer

    def stop(self, username: str, answer_id: str) -> None:
        """Ask the writer to end an answer, or end it, if there is no writer.

        Raises `UnknownAnswerError`.
        """
        answer = self._kept(self.store.request_stop(username, answer_id))
        if answer is None:
            raise UnknownAnswerError
        if answer.status is not AnswerStatus.RUNNING:
            return
        if answer.writer is None:
            self.end(answer, AnswerStatus.STOPPED)
        else:
            self._end_if_abandoned(answer)

    def of_user(self, username: str) -> list[dict[str, Any]]:
        """The running answers of a user, and those that are still kept, the oldest first."""
        answers = [answer for answer in self.store.of_user(username) if self._kept(answer)]
        answers.sort(key=lambda answer: answer.started_at)
        return [self._described(answer) for answer in answers]

    def _described(self, answer: Answer) -> dict[str, Any]:
        last = self._end_if_abandoned(answer) or self.store.last_part(answer.answer_id)
        status = (last.end if last else None) or answer.status
        return {
            "id": answer.answer_id,
            "endpoint": answer.endpoint,
            "started_at": answer.started_at,
            "status": status.value,
            "last": last.number if last else 0,
        }

    def resume(
        self, subscriber: Subscriber, channel: str, position: int
    ) -> Iterator[tuple[int, str]] | None:
        """Let a connection listen, then give the numbers and frames of what is stored.

        Listening first and reading second, so that no part is missed in between: one that is
        stored at that moment comes twice.
        """
        answer_id = channel.removeprefix(ANSWER_PREFIX)
        answer = self._kept(self.store.get(subscriber.username, answer_id))
        if answer is not None and answer.status is AnswerStatus.RUNNING:
            listener = Listener(subscriber.connection_id, subscriber.expires_at, self.clock())
            answer = self.store.listen(subscriber.username, answer_id, listener)
        if answer is None:
            return None
        self._end_if_abandoned(answer)
        parts = self.store.parts(answer_id, position)
        return ((part.number, render(part.frame(answer_id))) for part in parts)

    def frames(self, subscriber: Subscriber, answer_id: str) -> Iterator[str]:
        """Let a connection listen to an answer, and give the frames that are stored."""
        parts = self.resume(subscriber, f"{ANSWER_PREFIX}{answer_id}", 0)
        return (frame for _, frame in parts or ())

    def last_number(self, channel: str) -> int:
        """The number of the last part of an answer."""
        last = self.store.last_part(channel.removeprefix(ANSWER_PREFIX))
        return last.number if last else 0

    def end(
        self, answer: Answer, status: AnswerStatus, error: Mapping[str, Any] | None = None
    ) -> AnswerPart | None:
        """Store the last part of an answer that has no writer, and post it to those who listen.

        The result is the last part, or `None` if somebody else has stored one meanwhile: then the
        answer goes on.
        """
        last = self.store.last_part(answer.answer_id)
        if last is None or last.end is None:
            last = end_part(last.number + 1 if last else 1, self.clock(), status, error)
            if not self.store.append(answer, [last], answer.expires_at):
                return None
            connection_ids = sorted({each.connection_id for each in answer.listeners})
            if connection_ids:
                self.post(render(last.frame(answer.answer_id)), connection_ids)
        self.store.finish(answer, last.end or status, self.expiry())
        return last

    def _end_if_abandoned(self, answer: Answer) -> AnswerPart | None:
        if not answer.is_abandoned(self.clock()):
            return None
        return self.end(answer, AnswerStatus.FAILED, INTERRUPTED)

    def _kept(self, answer: Answer | None) -> Answer | None:
        is_kept = answer is not None and answer.expires_at > self.clock() // 1000
        return answer if is_kept else None

    def expiry(self) -> int:
        """Until when what ends now is kept, epoch seconds."""
        return self.clock() // 1000 + self.retention_seconds


def end_part(
    number: int, sent_at: int, status: AnswerStatus, error: Mapping[str, Any] | None = None
) -> AnswerPart:
    """The last part of an answer."""
    content: dict[str, Any] = {"$end": status.value}
    if error is not None:
        content["error"] = dict(error)
    return AnswerPart(number=number, sent_at=sent_at, content=content)
