"""Shared state: a small key-value store, for what business processes keep between messages.

Values are JSON. Each endpoint has its own keys, so that two processes never share one by accident.
"""

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

from sapa.connections.frames import read_json
from sapa.errors import RefusalError, StateConflictError, StateValueError

MAX_KEY_LENGTH = 512
# DynamoDB's items have 400 KB; every update writes the whole value.
MAX_VALUE_BYTES = 262_144
MAX_ATTEMPTS = 8
_FIRST_PAUSE = 0.02
_LONGEST_PAUSE = 0.5


@dataclass(frozen=True, slots=True)
class StoredValue:
    """A value as JSON text; `version` grows with each change, `expires_at` is epoch seconds."""

    text: str
    version: int
    expires_at: int | None


class StateStore(Protocol):
    """Where state is kept; all methods raise `StoreError`."""

    def get(self, key: str) -> StoredValue | None:
        """The value, expired or not, read consistently."""

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        """Store a value over whatever is there."""

    def replace(self, key: str, old: StoredValue | None, text: str, expires_at: int | None) -> bool:
        """Store a value if the stored one is still `old`; false when it is not."""


@dataclass(frozen=True, slots=True, kw_only=True)
class State:
    """The state of one endpoint.

    `clock` gives epoch milliseconds, `sleep` waits for seconds, `jitter` gives numbers from 0 to
    1. All methods raise `StateValueError` for keys that are empty or longer than 512 characters
    and for values that are not JSON or larger than 256 KiB, and `StoreError`.
    """

    namespace: str
    store: StateStore
    clock: Callable[[], int]
    sleep: Callable[[float], None]
    jitter: Callable[[], float]

    def get(self, key: str) -> Any:
        """The value; `None` when there is none or it has expired."""
        return self._value(self.store.get(self._full(key)))

    def put(self, key: str, value: object, ttl: int | None = None) -> None:
        """Store a value, for `ttl` seconds or without expiry."""
        self.store.put(self._full(key), _text(key, value), self._expires_at(key, ttl))

    def update[Value](
        self, key: str, function: Callable[[Value | None], Value], ttl: int | None = None
    ) -> Value:
        """Change a value as one step and return it: no other writer's change is lost.

        `function` gets the value, `None` when there is none, and returns the new one. When another
        writer was faster, it is called again with the newer value, so it should only compute; if
        it raises, nothing is stored. Without `ttl`, the value keeps its expiry. Raises
        `StateConflictError` when other writers were faster each time (8 attempts).
        """
        full = self._full(key)
        expires_at = self._expires_at(key, ttl)
        for attempt in range(MAX_ATTEMPTS):
            if attempt:
                longest = min(_LONGEST_PAUSE, _FIRST_PAUSE * 2**attempt)
                self.sleep(longest * self.jitter())
            old = self.store.get(full)
            value = function(self._value(old))
            text = _text(key, value)
            kept = old.expires_at if old is not None and self._is_live(old) else None
            if self.store.replace(full, old, text, kept if ttl is None else expires_at):
                return value
        raise StateConflictError(key, MAX_ATTEMPTS)

    def _full(self, key: str) -> str:
        if not isinstance(key, str) or not 0 < len(key) <= MAX_KEY_LENGTH:
            raise StateValueError(str(key), f"a key has 1 to {MAX_KEY_LENGTH} characters")
        return f"{self.namespace}#{key}"

    def _expires_at(self, key: str, ttl: int | None) -> int | None:
        if ttl is None:
            return None
        if ttl <= 0:
            raise StateValueError(key, "its ttl is not a positive number of seconds")
        return self.clock() // 1000 + ttl

    def _is_live(self, stored: StoredValue) -> bool:
        return stored.expires_at is None or stored.expires_at > self.clock() // 1000

    def _value(self, stored: StoredValue | None) -> Any:
        return json.loads(stored.text) if stored is not None and self._is_live(stored) else None


def _text(key: str, value: object) -> str:
    try:
        text = json.dumps(value, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
        size = len(text.encode())
    except RecursionError as error:
        raise StateValueError(key, "it nests too deep") from error
    except (TypeError, ValueError) as error:
        raise StateValueError(key, f"it is not JSON ({error})") from error
    if size > MAX_VALUE_BYTES:
        raise StateValueError(key, f"it has {size} bytes, more than {MAX_VALUE_BYTES}")
    try:
        read_json(text)
    except RefusalError as refusal:
        raise StateValueError(key, f"it cannot be read ({refusal.message})") from refusal
    return text
