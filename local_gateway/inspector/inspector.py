"""The observer behind the page: remembers what happened last and wakes the pages."""

import asyncio
from collections import OrderedDict
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from sys import getsizeof

from local_gateway.inspector.ring import Ring
from local_gateway.inspector.traffic import Frame, Happening, LogLine, Run
from local_gateway.runtime.settings import Invocation, LogStream
from local_gateway.server.interfaces import Direction, Entry

MAX_HAPPENINGS = 4_000
MAX_BYTES = 8 * 1024 * 1024
MAX_COUNTED = 10_000
# What a happening weighs without its text: the tuple, its numbers, its place in the ring.
BASE_BYTES = 400


@dataclass(slots=True)
class Counts:
    """How many messages a connection has sent and been sent."""

    messages_in: int = 0
    messages_out: int = 0


NONE_YET = Counts()


class Inspector:
    """An `Observer`; costs about a microsecond for each event while no page is open.

    `now` gives epoch milliseconds. It keeps the newest `MAX_HAPPENINGS` happenings or
    `MAX_BYTES` of them, whichever is less, and counts the messages of the `MAX_COUNTED`
    connections that were busy last.
    """

    def __init__(self, now: Callable[[], int], ring: Ring[Happening] | None = None) -> None:
        self.ring = ring if ring is not None else Ring[Happening](MAX_HAPPENINGS, MAX_BYTES)
        self._now = now
        self._counts: OrderedDict[str, Counts] = OrderedDict()
        self._pages: set[asyncio.Event] = set()

    def counts(self, connection_id: str) -> Counts:
        """The messages of a connection so far."""
        return self._counts.get(connection_id, NONE_YET)

    @contextmanager
    def watch(self) -> Iterator[asyncio.Event]:
        """An event that is set whenever something happens, until the end of the `with` block."""
        page = asyncio.Event()
        self._pages.add(page)
        try:
            yield page
        finally:
            self._pages.remove(page)

    @property
    def watchers(self) -> int:
        """How many pages look on."""
        return len(self._pages)

    def record(self, entry: Entry, /) -> None:
        """Remember an entry of the journal."""
        self._remember(entry, len(entry.detail or ""))

    def frame(self, connection_id: str, direction: Direction, text: str, at: int, /) -> None:
        """Remember a message and count it."""
        counts = self._counts.get(connection_id)
        if counts is None:
            counts = self._counts[connection_id] = Counts()
            if len(self._counts) > MAX_COUNTED:
                self._counts.popitem(last=False)
        else:
            self._counts.move_to_end(connection_id)
        if direction is Direction.IN:
            counts.messages_in += 1
        else:
            counts.messages_out += 1
        self._remember(Frame(at, connection_id, direction, text), getsizeof(text))

    def log_line(self, function: str, stream: LogStream, line: str, request_id: str | None) -> None:
        """Remember a line of a function's log."""
        happening = LogLine(self._now(), function, stream, line, request_id)
        self._remember(happening, getsizeof(line))

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Nothing: the page shows an invocation once it has ended."""

    def invocation_finished(self, function: str, invocation: Invocation) -> None:
        """Remember an invocation."""
        run = Run.of(self._now(), function, invocation)
        self._remember(run, len(run.detail or ""))

    def _remember(self, happening: Happening, weight: int) -> None:
        self.ring.append(happening, BASE_BYTES + weight)
        for page in self._pages:
            page.set()
