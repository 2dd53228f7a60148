"""Answers: what a streaming business process says, as numbered parts that are kept.

An answer belongs to a user. Its parts are numbered from 1 without holes; the last has `$end`. A
part is stored before it is posted, on condition that its number is free. So nobody has seen a part
that a crash can take back, and a writer that comes back after another took over stores nothing.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any, Protocol

from sapa.channels.channel import ANSWER_PREFIX

# A writer renews its heartbeat far more often; after this time it counts as dead.
DEAD_MILLISECONDS = 45_000


def answer_channel(answer_id: str) -> str:
    """The channel in which an answer's parts arrive."""
    return f"{ANSWER_PREFIX}{answer_id}"


class AnswerStatus(StrEnum):
    """Whether an answer goes on; all but `RUNNING` are values of `$end` too."""

    RUNNING = "running"
    DONE = "done"
    STOPPED = "stopped"
    FAILED = "failed"


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerPart:
    """A part; `sent_at` is epoch milliseconds, `content` the members of its frame that vary."""

    number: int
    sent_at: int
    content: Mapping[str, Any]

    @property
    def end(self) -> AnswerStatus | None:
        """How the answer ended, if this is its last part."""
        return AnswerStatus(self.content["$end"]) if "$end" in self.content else None

    def frame(self, answer_id: str) -> dict[str, Any]:
        """The frame that clients get."""
        numbers = {"$sequence": self.number, "$sent_at": self.sent_at}
        return {"$channel": answer_channel(answer_id), **numbers, **self.content}


@dataclass(frozen=True, slots=True)
class Listener:
    """A connection that gets the parts from `since` on, epoch milliseconds.

    `expires_at` is epoch seconds.
    """

    connection_id: str
    expires_at: int
    since: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """An answer as it is kept.

    `session_key` names the login session that asked, until whose end the answer may run;
    `writer` is what writes it now, or did when it died, and `seen_at` when that was last heard of:
    epoch milliseconds, like `started_at`. `expires_at` is epoch seconds.
    """

    answer_id: str
    username: str
    endpoint: str
    session_key: str
    session_expires_at: int
    started_at: int
    expires_at: int
    status: AnswerStatus = AnswerStatus.RUNNING
    is_stopping: bool = False
    writer: str | None = None
    seen_at: int = 0
    listeners: frozenset[Listener] = frozenset()

    def accepted(self) -> dict[str, str]:
        """The frame that answers the message."""
        return {"$answer": self.answer_id, "$channel": answer_channel(self.answer_id)}

    def is_abandoned(self, now: int) -> bool:
        """Whether its writer has died: it is not heard of any more. `now` is milliseconds."""
        is_running = self.status is AnswerStatus.RUNNING and self.writer is not None
        return is_running and now - self.seen_at > DEAD_MILLISECONDS


class AnswerStore(Protocol):
    """Where answers are kept; all methods raise `StoreError`. All reads are consistent."""

    def reserve(self, answer: Answer, limit: int) -> None:
        """Count a new answer. Raises `TooManyAnswersError` if the user has `limit` running."""

    def put(self, answer: Answer) -> None:
        """Store an answer that was reserved, unless it is stored already."""

    def get(self, username: str, answer_id: str) -> Answer | None:
        """An answer of a user, expired ones included."""

    def of_user(self, username: str) -> list[Answer]:
        """The answers of a user, expired ones included."""

    def check(self, answer: Answer) -> tuple[Answer | None, bool]:
        """The answer as it is now, and whether the session that asked is still stored."""

    def claim(self, answer: Answer, writer: str, now: int) -> Answer | None:
        """Become the writer, unless another is alive or the answer has ended; then `None`.

        The result is the answer as it was before.
        """

    def renew(self, answer: Answer, writer: str, now: int) -> bool:
        """Renew the heartbeat; false if another writer has taken over."""

    def request_stop(self, username: str, answer_id: str) -> Answer | None:
        """Ask the writer to stop, and return the answer; `None` if there is none."""

    def listen(self, username: str, answer_id: str, listener: Listener) -> Answer | None:
        """Add a listener, and return the answer; `None` if there is none."""

    def unlisten(self, answer: Answer, listeners: Sequence[Listener]) -> None:
        """Remove listeners."""

    def append(self, answer: Answer, parts: Sequence[AnswerPart], expires_at: int) -> bool:
        """Store parts, all or none, with one call; false if one of the numbers is taken."""

    def finish(self, answer: Answer, status: AnswerStatus, expires_at: int) -> None:
        """Record that the answer has ended, and that the user may have another one."""

    def parts(self, answer_id: str, after: int) -> Iterator[AnswerPart]:
        """The parts after a number, in order."""

    def last_part(self, answer_id: str) -> AnswerPart | None:
        """The part with the highest number."""
