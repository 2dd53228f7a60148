"""What a person sees in the terminal: one line per event, and the functions' own logs."""

import sys
import time
from collections.abc import Sequence
from functools import lru_cache
from typing import TextIO

from local_gateway.line_buffer import LineBuffer
from local_gateway.log_text import readable
from local_gateway.server.ports import Direction, Entry


class Terminal:
    """Writes lines to `out`; `verbose` shows the functions' logs exactly as they are."""

    def __init__(self, out: TextIO = sys.stdout, *, verbose: bool = False) -> None:
        self._lines = LineBuffer(out)
        self._verbose = verbose

    def say(self, text: str) -> None:
        """Print a line as it is."""
        self._lines.write(text)

    def flush(self) -> None:
        """Print what is left: lines about events are printed some at a time."""
        self._lines.flush()

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(f"warning: {text}")

    def ready(self, urls: Sequence[str]) -> None:
        """Print that everything answers, and where."""
        self.say(f"Ready: {', '.join(urls)}  (Ctrl-C stops)")

    @property
    def output_of_commands(self) -> TextIO | None:
        """Where commands that the gateway runs write to; `None` for its own standard output."""
        return None

    def record(self, entry: Entry) -> None:
        """Print an entry: time, API, route, outcome, duration, connection."""
        seconds, milliseconds = divmod(entry.at, 1000)
        mark = "!" if entry.problem else " "
        parts = [f"{_clock(seconds)}.{milliseconds:03} {mark} {entry.route_key:<14}", entry.outcome]
        if entry.duration_ms is not None:
            parts.append(f"{entry.duration_ms:.1f} ms{' cold' if entry.cold else ''}")
        if entry.function is not None:
            parts.append(entry.function)
        if entry.connection_id is not None:
            parts.append(entry.connection_id)
        if entry.detail is not None:
            parts.append(f"({entry.detail})")
        self._lines.write_soon(" ".join(parts))

    def frame(self, connection_id: str, direction: Direction, text: str, at: int) -> None:
        """Nothing: what people say to each other does not belong into a log."""

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """Print one line of a function's log, prefixed with its name."""
        for text in [line] if self._verbose else readable(line):
            self._lines.write_soon(f"{function} | {text}")

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Nothing: the line is printed when the invocation has ended."""

    def invocation_finished(self, function: str, invocation: object) -> None:
        """Nothing: the API that invoked the function records what came of it."""


@lru_cache(maxsize=1)
def _clock(seconds: int) -> str:
    """The time of day where this machine is."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
