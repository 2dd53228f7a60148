"""Writes down everything that is invoked, and what is posted to connections meanwhile."""

import itertools
import json
from typing import Any

from local_gateway.core.invocation import Invocation
from local_gateway.core.timestamps import iso_time
from local_gateway.recording.format import (
    UNFINISHED,
    RecordedCall,
    RecordedInvocation,
    result_json,
    route_of,
)
from local_gateway.recording.writer import RecordFile
from local_gateway.records import ApiRecord, Direction, Frame, InvocationRecord, LogLine, Record
from local_gateway.server.interfaces import Invoker, Sources


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
    """Records the calls of the management API.

    Each call has an `ApiRecord`, which holds no data, and before it the `Frame` that the call sent,
    with nothing in between: the server makes both without giving way.
    """

    def __init__(self, recording: Recording) -> None:
        self._recording = recording
        self._sent: Frame | None = None

    def observe(self, record: Record, /) -> None:
        """Write a call of the management API; keep a frame that was sent, which may be one's."""
        match record:
            case Frame():
                self._sent = record if record.direction is Direction.OUT else None
            case ApiRecord():
                sent, self._sent = self._sent, None
                if record.api == "management" and record.connection_id is not None:
                    self._write(record, record.connection_id, sent)
            case LogLine() | InvocationRecord():
                pass  # the invoker records invocations; logs are not part of a recording

    def _write(self, record: ApiRecord, connection_id: str, sent: Frame | None) -> None:
        method = record.route_key.partition(" ")[0]
        data = None
        if sent is not None and sent.connection_id == connection_id and method == "POST":
            data = sent.text
        call = RecordedCall(
            time=iso_time(record.at),
            method=method,
            connection_id=connection_id,
            status=int(record.outcome) if record.outcome.isdigit() else 0,
            data=data,
            during=self._recording.under_way,
        )
        self._recording.file.write(call.as_json())


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
