"""Everything the gateway under test says: what handlers saw, and the journal's entries."""

import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_gateway.core.invocation import InvocationResult
from local_gateway.server.interfaces import Direction, Entry

DEADLINE = 20.0


@dataclass(frozen=True, slots=True)
class Told:
    """A line that a handler of the tests printed; `content` is mostly the event it got."""

    what: str
    pid: int
    content: dict[str, Any]

    @property
    def context(self) -> dict[str, Any]:
        """The event's `requestContext`."""
        found = self.content["requestContext"]
        assert isinstance(found, dict)
        return found

    @property
    def connection_id(self) -> str:
        """The connection that the event belongs to."""
        return str(self.context["connectionId"])

    @property
    def is_event(self) -> bool:
        """Whether it is the event of a connection."""
        return "requestContext" in self.content


class Recorder:
    """A `RuntimeObserver` and a `Journal`, filled by the gateway's thread, read by the tests'."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._told: list[Told] = []
        self._entries: list[Entry] = []

    @property
    def entries(self) -> list[Entry]:
        """The journal so far."""
        with self._changed:
            return list(self._entries)

    @property
    def told(self) -> list[Told]:
        """What handlers said so far."""
        with self._changed:
            return list(self._told)

    def wait_for(self, what: str, fits: Callable[[Told], bool]) -> Told:
        """The first thing of this kind that fits, waiting for it."""
        return self.wait_for_all(what, fits, 1)[0]

    def wait_for_all(self, what: str, fits: Callable[[Told], bool], count: int) -> list[Told]:
        """Wait until there are `count` such things."""

        def found() -> list[Told]:
            return [told for told in self._told if told.what == what and fits(told)]

        with self._changed:
            assert self._changed.wait_for(lambda: len(found()) >= count, DEADLINE), (
                f"{len(found())} of {count} {what} within {DEADLINE} s"
            )
            return found()

    def wait_for_entry(self, fits: Callable[[Entry], bool]) -> Entry:
        """The first entry of the journal that fits, waiting for it."""

        def found() -> Entry | None:
            return next((entry for entry in self._entries if fits(entry)), None)

        with self._changed:
            assert self._changed.wait_for(lambda: found() is not None, DEADLINE)
            entry = found()
        assert entry is not None
        return entry

    def record(self, entry: Entry) -> None:
        """Journal: something happened."""
        with self._changed:
            self._entries.append(entry)
            self._changed.notify_all()

    def frame(self, connection_id: str, direction: Direction, text: str, at: int) -> None:
        """Journal: not needed, the clients see the frames."""

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """Observer: a function printed something."""
        if not line.startswith("TOLD "):
            return
        told = Told(**json.loads(line.removeprefix("TOLD ")))
        with self._changed:
            self._told.append(told)
            self._changed.notify_all()

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Observer: not needed."""

    def invocation_finished(self, function: str, invocation: InvocationResult | object) -> None:
        """Observer: not needed."""
