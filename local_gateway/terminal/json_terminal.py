"""What a program sees in the terminal: one JSON object per line, and nothing else."""

import json
import sys
from collections.abc import Sequence
from typing import Any, TextIO

from local_gateway.core.timestamps import iso_time
from local_gateway.server.interfaces import Entry
from local_gateway.terminal.terminal import Terminal


class JsonTerminal(Terminal):
    """Writes a line per entry, log line and announcement; its `type` tells which it is.

    - `event`: `time` (ISO 8601, UTC), `api` (websocket, http, management), `route_key`, `outcome`,
      `connection_id`, `function`, `duration_ms`, `cold`, `detail`, `problem`
    - `log`: `function`, `stream` (stdout, stderr, platform), `line`, `request_id`
    - `ready`: `urls`
    - `warning` and `info`: `text`

    Members are always there; what does not apply is null. The command of `--on-ready` writes to
    standard error.
    """

    def __init__(self, out: TextIO = sys.stdout) -> None:
        super().__init__(out)

    @property
    def output_of_commands(self) -> TextIO | None:
        """Standard error: standard output is for JSON alone."""
        return sys.stderr

    def say(self, text: str) -> None:
        """An announcement."""
        self._lines.write(_line("info", text=text))

    def warn(self, text: str) -> None:
        """A warning."""
        self._lines.write(_line("warning", text=text))

    def ready(self, urls: Sequence[str]) -> None:
        """Everything answers."""
        self._lines.write(_line("ready", urls=list(urls)))

    def record(self, entry: Entry) -> None:
        """Something happened."""
        line = _line(
            "event",
            time=iso_time(entry.at),
            api=entry.api,
            route_key=entry.route_key,
            outcome=entry.outcome,
            connection_id=entry.connection_id,
            function=entry.function,
            duration_ms=None if entry.duration_ms is None else round(entry.duration_ms, 3),
            cold=entry.cold,
            detail=entry.detail,
            problem=entry.problem,
        )
        self._lines.write_soon(line)

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """A function's environment printed a line."""
        text = _line("log", function=function, stream=stream, line=line, request_id=request_id)
        self._lines.write_soon(text)


def _line(kind: str, **members: Any) -> str:
    return json.dumps({"type": kind, **members})
