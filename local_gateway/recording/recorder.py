"""Records every invocation, and every call of the management API."""

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
from local_gateway.server.interfaces import ClockAndIds, Invoker


class Recording:
    """A file, and the invocations that are running."""

    def __init__(self, file: RecordFile, sources: ClockAndIds) -> None:
        self.file = file
        self.sources = sources
        self._numbers = itertools.count()
        self._running: set[int] = set()

    @property
    def running(self) -> tuple[int, ...]:
        """The numbers of the running invocations."""
        return tuple(sorted(self._running))

    def begin(self) -> int:
        """Begin an invocation, and return its number."""
        number = next(self._numbers)
        self._running.add(number)
        return number

    def end(self, invocation: RecordedInvocation) -> None:
        """Write an invocation that has ended."""
        self._running.discard(invocation.number)
        self.file.write(invocation.as_json())


class RecordingInvoker:
    """An `Invoker` that records the invocations of another."""

    def __init__(self, invoker: Invoker, recording: Recording) -> None:
        self._invoker = invoker
        self._recording = recording

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Invoke and record; an invocation that is cancelled or cannot start is `unfinished`."""
        number, time = self._recording.begin(), iso_time(self._recording.sources.now())
        invocation: Invocation | None = None
        try:
            invocation = await self._invoker.invoke(
                function, payload, trace_id=trace_id, request_id=request_id
            )
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
        """Write calls of the management API; keep the last frame, which a call may have sent."""
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
            during=self._recording.running,
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
    """The event; Lambda refuses an event that is not JSON, so there is no other to keep."""
    try:
        return json.loads(payload)
    except (ValueError, RecursionError):
        return None
