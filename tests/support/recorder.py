"""What the gateway under test reports: its records, and the events that handlers print."""

import asyncio
import json
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from local_gateway.records import ApiRecord, InvocationRecord, LogLine, LogStream, Record

DEADLINE = 20.0
_PREFIX = "PRINTED "


@dataclass(frozen=True, slots=True)
class PrintedEvent:
    """A line that a handler of the tests printed; `content` is mostly the event it got."""

    what: str
    pid: int
    content: dict[str, Any]

    @property
    def context(self) -> dict[str, Any]:
        """The event's `requestContext`."""
        context = self.content["requestContext"]
        assert isinstance(context, dict)
        return context

    @property
    def connection_id(self) -> str:
        """The connection that the event belongs to."""
        return str(self.context["connectionId"])

    @property
    def is_event(self) -> bool:
        """Whether it is the event of a connection."""
        return "requestContext" in self.content


class Recorder:
    """Filled by the gateway's thread, read by the tests'."""

    def __init__(self) -> None:
        self._changed = threading.Condition()
        self._printed: list[PrintedEvent] = []
        self._records: list[ApiRecord] = []

    @property
    def records(self) -> list[ApiRecord]:
        """The records of APIs so far."""
        with self._changed:
            return list(self._records)

    @property
    def printed(self) -> list[PrintedEvent]:
        """What handlers printed so far."""
        with self._changed:
            return list(self._printed)

    def wait_for(self, what: str, fits: Callable[[PrintedEvent], bool]) -> PrintedEvent:
        """The first printed event of this kind that fits, waiting for it."""
        return self.wait_for_all(what, fits, 1)[0]

    def wait_for_all(
        self, what: str, fits: Callable[[PrintedEvent], bool], count: int
    ) -> list[PrintedEvent]:
        """Wait until there are `count` such events."""

        def matches() -> list[PrintedEvent]:
            return [event for event in self._printed if event.what == what and fits(event)]

        with self._changed:
            assert self._changed.wait_for(lambda: len(matches()) >= count, DEADLINE), (
                f"{len(matches())} of {count} {what} within {DEADLINE} s"
            )
            return matches()

    def wait_for_record(self, fits: Callable[[ApiRecord], bool]) -> ApiRecord:
        """The first record that fits, waiting for it."""
        with self._changed:
            assert self._changed.wait_for(lambda: any(map(fits, self._records)), DEADLINE)
            return next(filter(fits, self._records))

    def observe(self, record: Record, /) -> None:
        """Keep the records of APIs and what handlers print; the clients see the frames."""
        with self._changed:
            match record:
                case ApiRecord():
                    self._records.append(record)
                case LogLine(text=text) if text.startswith(_PREFIX):
                    self._printed.append(PrintedEvent(**json.loads(text.removeprefix(_PREFIX))))
            self._changed.notify_all()


class AsyncRecorder:
    """Filled by the tests' own event loop, in which they wait for more.

    `records` are those of APIs and event sources, `lines` function, stream, text and request id of
    each line of a log, `finished` the invocations, `events` what handlers printed as JSON.
    """

    def __init__(self) -> None:
        self.records: list[ApiRecord] = []
        self.lines: list[tuple[str, LogStream, str, str | None]] = []
        self.finished: list[InvocationRecord] = []
        self.events: list[Any] = []
        self._changed = asyncio.Event()

    @property
    def started(self) -> list[str | None]:
        """The request ids of the invocations that have begun, by their START lines."""
        return [
            request_id
            for _, stream, line, request_id in self.lines
            if stream == "platform" and line.startswith("START ")
        ]

    def texts(self, stream: LogStream) -> list[str]:
        """The lines of a stream."""
        return [line for _, of, line, _ in self.lines if of == stream]

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to be true, looking again whenever something happens."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def wait_for_events(self, count: int) -> list[Any]:
        """The first `count` events that functions have printed."""
        await self.wait_until(lambda: len(self.events) >= count)
        return self.events[:count]

    async def wait_for_records(self, count: int) -> list[ApiRecord]:
        """The first `count` records of APIs and event sources."""
        await self.wait_until(lambda: len(self.records) >= count)
        return self.records[:count]

    def observe(self, record: Record, /) -> None:
        """Keep the record, and wake who waits for it."""
        match record:
            case ApiRecord():
                self.records.append(record)
            case InvocationRecord():
                self.finished.append(record)
            case LogLine(_, function, stream, text, request_id):
                self.lines.append((function, stream, text, request_id))
                if text.startswith(_PREFIX):
                    self.events.append(json.loads(text.removeprefix(_PREFIX)))
        self._changed.set()
