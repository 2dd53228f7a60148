"""Writes down everything that is invoked, and what is posted to connections meanwhile."""

import itertools
import json
from typing import Any

from local_gateway.core.timestamps import iso_time
from local_gateway.recording.format import (
    UNFINISHED,
    RecordedCall,
    RecordedInvocation,
    result_json,
    route_of,
)
from local_gateway.recording.writer import RecordFile
from local_gateway.runtime.settings import LogStream
from local_gateway.server.interfaces import Direction, Entry, Invocation, Invoker, Sources


class Recording:
    """A file, and which invocations are under way."""

    def __init__(self, file: RecordFile, sources: Sources) -> None:
        self.file = file
        self.sources = sources
        self._numbers = itertools.count()
        self._under_way: set[int] = set()

    @property
    def under_way(self) -> tuple[int, ...]:
        """The numbers of the invocations that have not ended."""
        return tuple(sorted(self._under_way))

    def begin(self) -> int:
        """The number of an invocation that begins."""
        number = next(self._numbers)
        self._under_way.add(number)
        return number

    def end(self, invocation: RecordedInvocation) -> None:
        """Write an invocation that has come to its end."""
        self._under_way.discard(invocation.number)
        self.file.write(invocation.as_json())


class RecordingInvoker:
    """An `Invoker` that records what another one does."""

    def __init__(self, invoker: Invoker, recording: Recording) -> None:
        self._invoker = invoker
        self._recording = recording

    async def invoke(self, function: str, payload: bytes, /) -> Invocation:
        """Invoke and record; one that is cancelled or cannot be started is `unfinished`."""
        number, time = self._recording.begin(), iso_time(self._recording.sources.now())
        invocation: Invocation | None = None
        try:
            invocation = await self._invoker.invoke(function, payload)
        finally:
            self._recording.end(_recorded(number, time, function, payload, invocation))
        return invocation


class CallRecorder:
    """An `Observer` that records the calls of the management API.

    The journal has an entry for each call, which holds no data, and before it the frame that the
    call sent, with nothing in between: the server does both without giving way.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._sent: tuple[str, str] | None = None

    def record(self, entry: Entry, /) -> None:
        """Write a call of the management API."""
        sent, self._sent = self._sent, None
        if entry.api != "management" or entry.connection_id is None:
            return
        method = entry.route_key.partition(" ")[0]
        data = None
        if sent is not None and sent[0] == entry.connection_id and method == "POST":
            data = sent[1]
        call = RecordedCall(
            time=iso_time(entry.at),
            method=method,
            connection_id=entry.connection_id,
            status=int(entry.outcome) if entry.outcome.isdigit() else 0,
            data=data,
            during=self._recording.under_way,
        )
        self._recording.file.write(call.as_json())

    def frame(self, connection_id: str, direction: Direction, text: str, at: int, /) -> None:
        """Keep the last frame that was sent, in case a call of the management API sent it."""
        self._sent = (connection_id, text) if direction is Direction.OUT else None

    def log_line(self, function: str, stream: LogStream, line: str, request_id: str | None) -> None:
        """Nothing: logs are not part of a recording."""

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Nothing: the invoker records it."""

    def invocation_finished(self, function: str, invocation: object) -> None:
        """Nothing: the invoker records it."""


def _recorded(
    number: int, time: str, function: str, payload: bytes, invocation: Invocation | None
) -> RecordedInvocation:
    event = _event(payload)
    route_key, event_type, connection_id = route_of(event)
    return RecordedInvocation(
        number=number,
        time=time,
        function=function,
        route_key=route_key,
        event_type=event_type,
        connection_id=connection_id,
        event=event,
        result={"kind": UNFINISHED} if invocation is None else result_json(invocation.result),
        duration_ms=None if invocation is None else round(invocation.duration * 1000, 3),
        cold=False if invocation is None else invocation.cold,
    )


def _event(payload: bytes) -> Any:
    """The event; Lambda refuses one that is not JSON, so there is none else to keep."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
