"""`$once`: the effect of a message happens once per login session, endpoint and key.

Before a process runs, a record is stored on condition that there is none, and its result is added
afterwards. A repetition gets the stored result and the process does not run. If the function dies
in between, the message can be tried again after `CLAIM_SECONDS`: what it had done by then can
happen a second time.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol, Self

from sapa.errors import RefusalError
from sapa.lambda_events import ConnectionEvent

# How long results are kept.
KEPT_SECONDS = 24 * 60 * 60
# Longer than the function may run.
CLAIM_SECONDS = 30
_RETRY_MS = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What a message was answered with, and where it left its socket.

    `payloads` are the frames' members without `$id`; `answer_id` is that of a streaming process.
    `is_repeated` says that this is the answer to an earlier message, and is not stored.
    """

    payloads: tuple[Mapping[str, Any], ...] = ()
    outcome: str = "ok"
    joined: tuple[str, ...] = ()
    left: tuple[str, ...] = ()
    answer_id: str | None = None
    is_repeated: bool = False

    def to_json(self) -> str:
        """As it is stored."""
        members = [self.payloads, self.outcome, self.joined, self.left, self.answer_id]
        return json.dumps(members, ensure_ascii=False, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Self:
        """Read what `to_json` has written."""
        payloads, outcome, joined, left, answer_id = json.loads(text)
        return cls(
            payloads=tuple(payloads),
            outcome=outcome,
            joined=tuple(joined),
            left=tuple(left),
            answer_id=answer_id,
        )


@dataclass(frozen=True, slots=True)
class Record:
    """What is stored for a key: a digest of the inputs, and the result, if there is one yet."""

    digest: str
    result: Result | None


class OnceStore(Protocol):
    """Where records are kept; raises `StoreError`. Times are epoch seconds."""

    def claim(self, key: str, digest: str, now: int, until: int, expires_at: int) -> Record | None:
        """Store a record without result, and return `None`; or return the one that is there.

        One without result that was claimed until a time before `now` is replaced, if its digest is
        the same.
        """

    def complete(self, key: str, result: Result, expires_at: int) -> None:
        """Add the result to a record."""

    def release(self, key: str) -> None:
        """Remove a record: the message was not answered."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Runs messages once; `clock` gives epoch milliseconds."""

    store: OnceStore
    clock: Callable[[], int]

    def earlier(self, key: str, inputs: Mapping[str, Any]) -> Result | None:
        """The result of the same message, if it was answered; otherwise it is to run now.

        Raises `RefusalError` if it runs at the moment, or if the key was used for another message.
        """
        digest, now = _digest(inputs), self.clock() // 1000
        record = self.store.claim(key, digest, now, now + CLAIM_SECONDS, now + KEPT_SECONDS)
        if record is None:
            return None
        if record.digest != digest:
            problem = "was used for other inputs"
            raise RefusalError("invalid_message", f"$once {problem}.", {"$once": problem})
        if record.result is None:
            text = "The same message is being processed. Ask again after retry_after_ms."
            raise RefusalError("in_progress", text, retry_after_ms=_RETRY_MS)
        return record.result

    def keep(self, key: str, result: Result) -> None:
        """Store the result of a message that has run."""
        self.store.complete(key, result, self.clock() // 1000 + KEPT_SECONDS)

    def forget(self, key: str) -> None:
        """Let a message that was not answered be tried again."""
        self.store.release(key)


def once_key(event: ConnectionEvent, key: str) -> str:
    """The name of a record."""
    return f"{event.session_id} {event.endpoint} {key}"


def _digest(inputs: Mapping[str, Any]) -> str:
    text = json.dumps(inputs, sort_keys=True, ensure_ascii=False, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()
