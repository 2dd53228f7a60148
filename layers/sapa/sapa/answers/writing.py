"""Writes an answer: takes the parts from the process, stores them, then posts them.

The work is cut into steps that never wait, so that a test can run a writer by a clock of its own,
kill it between any two calls, and let two of them write the same answer.
"""

from collections import deque
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Protocol

from sapa.answers.answer import (
    Answer,
    AnswerPart,
    AnswerStatus,
    AnswerStore,
    Listener,
    answer_channel,
)
from sapa.answers.asking import Answers, end_part
from sapa.connections.frames import MAX_FRAME_BYTES, render
from sapa.errors import RefusalError
from sapa.observability import logger

# Between two batches of parts; the longer one if posts take that long.
SHORTEST_WINDOW_MS = 50
LONGEST_WINDOW_MS = 200
# How often the writer looks for listeners, for `$stop` and for the end of the session.
CHECK_MS = 1_000
# How often it renews its heartbeat; see `DEAD_MILLISECONDS`.
RENEW_MS = 10_000
# Clients hear of a process that is silent for so long.
SILENCE_MS = 20_000
# A new listener has read what was stored when it came; it gets what was stored from a little
# earlier on, since the clocks of two functions differ.
CLOCK_DIFFERENCE_MS = 500
# A transaction takes 100 writes; few enough to be posted at once.
MAX_BATCH = 25
MAX_JOINED_LENGTH = 16_384
# No listener has taken so many frames yet: the process waits.
MAX_BACKLOG = 20
# Enough to store and post the end.
RESERVED_SECONDS = 10.0


class PartSource(Protocol):
    """A streaming process that runs elsewhere and waits when nobody takes its parts."""

    @property
    def has_ended(self) -> bool:
        """Whether everything that it yielded has been taken, and it yields nothing more."""

    @property
    def failure(self) -> BaseException | None:
        """What it raised in the end."""

    def take(self, most: int) -> Sequence[object]:
        """What it has yielded and nobody has taken yet, in order."""

    def close(self) -> None:
        """Close the generator as soon as it yields; what it yields is dropped."""

    def wait(self, seconds: float, *, for_parts: bool) -> None:
        """Wait; with `for_parts` only until there is something to take."""

    def join(self, seconds: float) -> bool:
        """Wait until the process has returned; false if it goes on."""


class Posts(Protocol):
    """Posts frames to each listener in order; none waits for another."""

    @property
    def backlog(self) -> int:
        """How many frames the fastest listener still has to get; 0 without listeners."""

    @property
    def milliseconds(self) -> float:
        """How long a post takes at the moment."""

    @property
    def delivered(self) -> int:
        """How many frames have arrived."""

    def listen(
        self, listeners: Collection[Listener], missed: Callable[[Listener], Sequence[str]]
    ) -> None:
        """Post to these listeners from now on; those that are new get what they missed first."""

    def send(self, frame: str) -> None:
        """Post to all listeners, in the background."""

    def send_to(self, connection_id: str, frame: str) -> None:
        """Post to one of them, in the same order."""

    def lost(self) -> Sequence[Listener]:
        """The listeners that are gone or do not read, since the last call."""

    def drain(self, seconds: float) -> None:
        """Wait until everything is posted."""


@dataclass(slots=True, kw_only=True)
class Writing:
    """One answer on its way. `step` does what is due and returns when it wants to be called again.

    At the end it `is_finished`; with `is_replaced` another writer is still at work.
    `answer` is claimed by `writer`; `first_number` is the number of the next part. `payload` turns
    what the process yields into the members of a frame, and raises `RefusalError` or
    `UnsupportedResultError`. `joined` gives, once, the channels that the process has joined.
    `renew_task` keeps the task from being given to another writer. `time_left` is in seconds.
    """

    answers: Answers
    answer: Answer
    writer: str
    first_number: int
    source: PartSource
    posts: Posts
    payload: Callable[[object], Mapping[str, Any]]
    joined: Callable[[], Sequence[str]]
    asker: str
    renew_task: Callable[[], None]
    time_left: Callable[[], float]
    request_id: str
    number: int = field(init=False)
    is_finished: bool = field(default=False, init=False)
    is_replaced: bool = field(default=False, init=False)
    status: AnswerStatus | None = field(default=None, init=False)
    first_part_at: int | None = field(default=None, init=False)
    _error: Mapping[str, Any] | None = field(default=None, init=False)
    _waiting: deque[Mapping[str, Any]] = field(default_factory=deque, init=False)
    _recent: deque[tuple[int, str]] = field(default_factory=deque, init=False)
    _next_flush: int = field(default=0, init=False)
    _next_check: int = field(default=0, init=False)
    _next_renewal: int = field(default=0, init=False)
    _heard_at: int = field(init=False)

    def __post_init__(self) -> None:
        now = self.answers.clock()
        self.number = self.first_number
        self._next_renewal = now + RENEW_MS
        self._heard_at = now

    @property
    def _store(self) -> AnswerStore:
        return self.answers.store

    @property
    def _has_room(self) -> bool:
        return len(self._waiting) < MAX_BATCH and self.posts.backlog < MAX_BACKLOG

    @property
    def wants_parts(self) -> bool:
        """Whether something is due as soon as the source has a part."""
        return self.status is None and not self._waiting and self._has_room

    def step(self) -> float:
        """Do what is due; returns the seconds until something is due again.

        Something is due earlier if the source has parts. Raises `StoreError` and `QueueError`.
        """
        now = self.answers.clock()
        if now >= self._next_check:
            self._check(now)
        if now >= self._next_renewal and not self.is_finished:
            self._renew(now)
        if self.is_finished:
            return 0.0
        self._take()
        if self._waiting and (now >= self._next_flush or self.status is not None):
            self._flush(now)
        if self.status is not None and not self._waiting and not self.is_finished:
            self._end(now, self.status)
        elif now - self._heard_at >= SILENCE_MS and not self.is_finished:
            self._say_working(now)
        return self._pause(now)

    def _pause(self, now: int) -> float:
        if self.is_finished:
            return 0.0
        due = [self._next_check, self._next_renewal, self._heard_at + SILENCE_MS]
        if self.posts.backlog >= MAX_BACKLOG:
            due.append(now + SHORTEST_WINDOW_MS)
        if self._waiting:
            due.append(max(self._next_flush, now + 1))
        return max(min(due) - now, 0) / 1000

    def _check(self, now: int) -> None:
        """Look for listeners, and for a reason to end."""
        self._next_check = now + CHECK_MS
        lost = self.posts.lost()
        if lost:
            self._store.unlisten(self.answer, lost)
        current, has_session = self._store.check(self.answer)
        if current is None or current.status is not AnswerStatus.RUNNING:
            self._lose()
            return
        if current.writer != self.writer:
            self._lose(is_replaced=True)
            return
        self.answer = current
        seconds = now // 1000
        listeners = [each for each in current.listeners if each.expires_at > seconds]
        self.posts.listen(listeners, self._missed)
        self._forget_old(now)
        if self.status is not None:
            return
        if current.is_stopping or not has_session or seconds >= current.session_expires_at:
            self._stop_with(AnswerStatus.STOPPED)
        elif self.time_left() <= RESERVED_SECONDS:
            text = "The answer took longer than a function may run."
            self._stop_with(AnswerStatus.FAILED, {"code": "answer_timeout", "message": text})

    def _renew(self, now: int) -> None:
        self._next_renewal = now + RENEW_MS
        if self._store.renew(self.answer, self.writer, now):
            self.renew_task()
        else:
            self._lose(is_replaced=True)

    def _stop_with(self, status: AnswerStatus, error: Mapping[str, Any] | None = None) -> None:
        self.status, self._error = status, error
        self.source.close()

    def _lose(self, *, is_replaced: bool = False) -> None:
        """Store nothing more: the answer has ended already, or another writer goes on."""
        logger.warning(
            "answer not written on", answer_id=self.answer.answer_id, is_replaced=is_replaced
        )
        self._waiting.clear()
        self.source.close()
        self.is_finished, self.is_replaced = True, is_replaced

    def _take(self) -> None:
        """Take parts as far as they can go out."""
        if self.status is not None:
            return
        while self._has_room and (items := self.source.take(MAX_BATCH - len(self._waiting))):
            for item in items:
                if item is None:
                    continue
                try:
                    content = self._sized(self.payload(item))
                # What a process yields is somebody's code, too: a mapping can raise anything.
                except Exception as error:
                    self._fail(error)
                    return
                self._add(content)
        if self.source.has_ended:
            failure = self.source.failure
            if failure is None:
                self.status = AnswerStatus.DONE
            else:
                self._fail(failure)

    def _sized(self, content: Mapping[str, Any]) -> Mapping[str, Any]:
        longest = AnswerPart(number=2**53, sent_at=2**53, content=content)
        if len(render(longest.frame(self.answer.answer_id)).encode()) > MAX_FRAME_BYTES:
            text = f"A part of the answer is larger than {MAX_FRAME_BYTES} bytes."
            raise RefusalError("reply_too_large", text)
        return content

    def _add(self, content: Mapping[str, Any]) -> None:
        """Add a part; texts that are neighbours go out as one."""
        text = _text(content)
        before = _text(self._waiting[-1]) if self._waiting else None
        if text is None or before is None or len(before) + len(text) > MAX_JOINED_LENGTH:
            self._waiting.append(content)
        else:
            self._waiting[-1] = {"message": before + text}

    def _fail(self, failure: BaseException) -> None:
        if isinstance(failure, RefusalError):
            error = failure.as_json()["error"]
        else:
            logger.error(
                "process_failed",
                exc_info=failure,
                answer_id=self.answer.answer_id,
                endpoint=self.answer.endpoint,
            )
            text = "The answer failed; the request id leads to the cause in the log."
            error = {"code": "process_failed", "message": text, "request_id": self.request_id}
        self._stop_with(AnswerStatus.FAILED, error)

    def _flush(self, now: int) -> None:
        """Store what waits, then post it."""
        parts = [
            AnswerPart(number=self.number + index, sent_at=now, content=content)
            for index, content in enumerate(self._waiting)
        ]
        if not self._append(parts):
            return
        self._waiting.clear()
        self._post(parts, now)
        window = min(max(self.posts.milliseconds, SHORTEST_WINDOW_MS), LONGEST_WINDOW_MS)
        self._next_flush = now + round(window)

    def _append(self, parts: Sequence[AnswerPart]) -> bool:
        if self._store.append(self.answer, parts, self._expires_at()):
            self.number += len(parts)
            return True
        self._follow_stored(parts)
        return False

    def _follow_stored(self, parts: Sequence[AnswerPart]) -> None:
        """Go on after what is stored under our numbers.

        It is our own, if the call arrived twice, or comes from a writer that had been replaced
        already. It counts in any case, and goes out.
        """
        stored = list(self._store.parts(self.answer.answer_id, self.number - 1))
        if not stored:
            return  # a transaction was refused for another one that has not ended yet
        current = self._store.get(self.answer.username, self.answer.answer_id)
        self._post(stored, self.answers.clock())
        self.number = stored[-1].number + 1
        if (end := stored[-1].end) is not None:
            self._store.finish(self.answer, end, self.answers.expiry())
            self._lose()
        elif current is None or current.writer != self.writer:
            self._lose(is_replaced=True)
        elif [part.content for part in stored[: len(parts)]] == [part.content for part in parts]:
            self._waiting.clear()

    def _expires_at(self) -> int:
        """Parts are kept at least as long as their answer."""
        return max(self.answer.expires_at, self.answers.expiry())

    def _post(self, parts: Sequence[AnswerPart], now: int) -> None:
        if self.first_part_at is None:
            self.first_part_at = now
        for frame in self.joined():
            self.posts.send_to(self.asker, frame)
        for part in parts:
            frame = render(part.frame(self.answer.answer_id))
            self._recent.append((now, frame))
            self.posts.send(frame)
        self._heard_at = now
        self._forget_old(now)

    def _missed(self, listener: Listener) -> Sequence[str]:
        since = listener.since - CLOCK_DIFFERENCE_MS
        return [frame for at, frame in self._recent if at >= since]

    def _forget_old(self, now: int) -> None:
        """Drop frames that no new listener can have missed: the next check sees it in time."""
        while self._recent and self._recent[0][0] < now - 3 * CHECK_MS:
            self._recent.popleft()

    def _say_working(self, now: int) -> None:
        self._heard_at = now
        channel = answer_channel(self.answer.answer_id)
        self.posts.send(render({"$channel": channel, "$working": True}))

    def _end(self, now: int, status: AnswerStatus) -> None:
        part = end_part(self.number, now, status, self._error)
        if self._append([part]):
            self._post([part], now)
            self._store.finish(self.answer, status, self.answers.expiry())
            self.is_finished = True


def _text(content: Mapping[str, Any]) -> str | None:
    """The text of a part that is nothing else."""
    message = content.get("message")
    return message if len(content) == 1 and isinstance(message, str) else None
