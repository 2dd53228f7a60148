"""What the page shows a row for, and its form as JSON."""

from typing import Any, NamedTuple, Self

from local_gateway.runtime.settings import Invocation, LogStream
from local_gateway.server.interfaces import Direction, Entry
from local_gateway.server.invocations import describe


class Frame(NamedTuple):
    """A text message of a connection; `at` is epoch milliseconds, as everywhere here."""

    at: int
    connection_id: str
    direction: Direction
    text: str


class LogLine(NamedTuple):
    """A line that a function printed."""

    at: int
    function: str
    stream: LogStream
    text: str
    request_id: str | None


class Run(NamedTuple):
    """An invocation as its execution environment saw it; durations are seconds.

    It does not hold on to the result, which may be 6 MB.
    """

    at: int
    function: str
    request_id: str
    cold: bool
    duration: float
    init_duration: float | None
    outcome: str
    detail: str | None

    @classmethod
    def of(cls, at: int, function: str, invocation: Invocation) -> Self:
        """What is worth remembering of an invocation."""
        return cls(
            at,
            function,
            invocation.request_id,
            invocation.cold,
            invocation.duration,
            invocation.init_duration,
            *describe(invocation.result),
        )


type Happening = Frame | LogLine | Run | Entry


def to_json(number: int, happening: Happening) -> dict[str, Any]:
    """The row as the page gets it: `number` orders rows, `kind` tells them apart.

    Durations are milliseconds. A `run` and an `entry` with the same `request` tell of the same
    invocation.
    """
    row: dict[str, Any]
    match happening:
        case Frame(at, connection_id, direction, text):
            row = {"kind": "frame", "connection": connection_id, "way": direction, "text": text}
        case LogLine(at, function, stream, text, request_id):
            row = {"kind": "log", "function": function, "stream": stream, "text": text}
            row |= {"request": request_id}
        case Run(at=at):
            row = {"kind": "run", **_run(happening)}
        case Entry(at=at):
            row = {"kind": "entry", **_entry(happening)}
    return {"number": number, "at": at, **row}


def _run(run: Run) -> dict[str, Any]:
    return {
        "function": run.function,
        "request": run.request_id,
        "duration": _milliseconds(run.duration),
        "init": _milliseconds(run.init_duration),
        "cold": run.cold,
        "outcome": run.outcome,
        "detail": run.detail,
        "problem": run.outcome != "ok",
    }


def _entry(entry: Entry) -> dict[str, Any]:
    return {
        "api": entry.api,
        "route": entry.route_key,
        "outcome": entry.outcome,
        "connection": entry.connection_id,
        "function": entry.function,
        "request": entry.request_id,
        "duration": round(entry.duration_ms, 2) if entry.duration_ms is not None else None,
        "cold": entry.cold,
        "detail": entry.detail,
        "problem": entry.problem,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return round(seconds * 1000, 2) if seconds is not None else None
