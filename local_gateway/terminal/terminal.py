"""What a person sees in the terminal: one line per event, and the functions' own logs."""

import sys
import time
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import TextIO

from local_gateway.server.interfaces import Direction, Entry
from local_gateway.terminal.line_buffer import LineBuffer
from local_gateway.terminal.log_text import LogText, readable

_RED, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
_COLOURS = {"WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}


class Terminal:
    """Writes lines to `out`; `verbose` shows the functions' logs exactly as they are.

    With `coloured`, what somebody should look at is yellow or red. `clock` gives epoch
    milliseconds.
    """

    def __init__(
        self,
        out: TextIO = sys.stdout,
        *,
        verbose: bool = False,
        coloured: bool = False,
        clock: Callable[[], int] = lambda: time.time_ns() // 1_000_000,
    ) -> None:
        self._lines = LineBuffer(out)
        self._verbose = verbose
        self._coloured = coloured
        self._clock = clock

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
        parts = [f"{_beginning(entry.at, entry.problem)}{entry.route_key:<14}", entry.outcome]
        if entry.duration_ms is not None:
            parts.append(f"{entry.duration_ms:.1f} ms{' cold' if entry.cold else ''}")
        if entry.function is not None:
            parts.append(entry.function)
        if entry.connection_id is not None:
            parts.append(entry.connection_id)
        if entry.detail is not None:
            parts.append(f"({entry.detail})")
        self._lines.write_soon(self._painted(" ".join(parts), _YELLOW if entry.problem else ""))

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._coloured and colour else text

    def frame(self, connection_id: str, direction: Direction, text: str, at: int) -> None:
        """Nothing: what people say to each other does not belong into a log."""

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """Print one line of a function's log: time, function, and what it says."""
        text = LogText((line,)) if self._verbose else readable(line)
        beginning = f"{_beginning(self._clock(), text.is_problem)}{function} | "
        colour = _COLOURS.get(text.level, "")
        for one in text.lines:
            self._lines.write_soon(self._painted(beginning + one, colour))
            # An exception stands below its headline.
            beginning, colour = f"{'':15}{function} | ", ""

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Nothing: the line is printed when the invocation has ended."""

    def invocation_finished(self, function: str, invocation: object) -> None:
        """Nothing: the API that invoked the function records what came of it."""


def shows_colours(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether a person sees them: on a terminal, unless `NO_COLOR` is set (no-color.org)."""
    return out.isatty() and not environment.get("NO_COLOR")


def _beginning(at: int, problem: bool) -> str:
    """The time of day, and a mark for what somebody should look at."""
    seconds, milliseconds = divmod(at, 1000)
    return f"{_time_of_day(seconds)}.{milliseconds:03} {'!' if problem else ' '} "


@lru_cache(maxsize=1)
def _time_of_day(seconds: int) -> str:
    """The time of day where this machine is."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
