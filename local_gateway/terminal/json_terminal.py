"""The terminal's output for programs: one JSON object per line, and nothing else."""

import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO, override

from local_gateway.core.timestamps import iso_time
from local_gateway.records import ApiRecord, Frame, InvocationRecord, LogLine, Record
from local_gateway.terminal.printable_text import whole_characters
from local_gateway.terminal.terminal import Terminal


class JsonTerminal(Terminal):
    """Writes a line per request or event, log line and announcement; `type` says which it is.

    - `event`: `time` (ISO 8601, UTC), `api` (websocket, http, management), `route_key`, `outcome`,
      `connection_id`, `function`, `duration_ms`, `cold`, `detail`, `problem`,
      `integration`
    - `log`: `function`, `stream` (stdout, stderr, platform), `line`, `request_id`
    - `ready`: `urls`
    - `warning` and `info`: `text`

    Every member is always present; it is null where it does not apply. The command of `--on-ready`
    writes to standard error.
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        super().__init__(out)

    @property
    @override
    def output_of_commands(self) -> TextIO | None:
        return sys.stderr  # standard output is for JSON alone

    @override
    def say(self, text: str) -> None:
        self._lines.write(_line("info", text=text))

    @override
    def warn(self, text: str) -> None:
        self._lines.write(_line("warning", text=text))

    @override
    def ready(self, urls: Sequence[str]) -> None:
        self._lines.write(_line("ready", urls=list(urls)))

    @override
    def observe(self, record: Record, /) -> None:
        match record:
            case ApiRecord():
                self._lines.write_soon(_event_line(record))
            case LogLine(_, function, stream, text, request_id):
                line = _line(
                    "log", function=function, stream=stream, line=text, request_id=request_id
                )
                self._lines.write_soon(line)
            case Frame() | InvocationRecord():
                pass


def _event_line(record: ApiRecord) -> str:
    duration = record.duration_ms
    return _line(
        "event",
        time=iso_time(record.at),
        api=record.api,
        route_key=record.route_key,
        outcome=record.outcome,
        connection_id=record.connection_id,
        function=record.function,
        duration_ms=None if duration is None else round(duration, 3),
        cold=record.cold,
        detail=record.detail,
        problem=record.problem,
        integration=record.integration,
    )


def _line(kind: str, **members: Any) -> str:
    return json.dumps({"type": kind, **{name: _whole(value) for name, value in members.items()}})


def _whole(value: Any) -> Any:
    if isinstance(value, str):
        return whole_characters(value)
    return [_whole(item) for item in value] if isinstance(value, list) else value
