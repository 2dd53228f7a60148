"""What a person sees in the terminal: one line per event, and the functions' own logs."""

import sys
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TextIO

from local_gateway.records import ApiRecord, Frame, InvocationRecord, LogLine, Record
from local_gateway.terminal.line_buffer import LineBuffer
from local_gateway.terminal.log_text import LogText, readable

_RED, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
_COLOURS = {"WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}


class Terminal:
    """Writes lines to `out`; `verbose` shows the functions' logs exactly as they are.

    With `coloured`, what somebody should look at is yellow or red.
    """

    def __init__(
        self,
        out: TextIO = sys.stdout,
        *,
        verbose: bool = False,
        coloured: bool = False,
    ) -> None:
        self._lines = LineBuffer(out)
        self._verbose = verbose
        self._coloured = coloured

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

    def observe(self, record: Record, /) -> None:
        """Print what APIs, event sources and functions did."""
        match record:
            case ApiRecord():
                self._print_api_record(record)
            case LogLine():
                self._print_log_line(record)
            case Frame() | InvocationRecord():
                # People's messages do not belong in a log; the API tells of the invocation.
                pass

    def _print_api_record(self, record: ApiRecord) -> None:
        """Time, route, outcome, duration, function, connection."""
        parts = [f"{_beginning(record.at, record.problem)}{record.route_key:<14}", record.outcome]
        if record.duration_ms is not None:
            parts.append(f"{record.duration_ms:.1f} ms{' cold' if record.cold else ''}")
        if record.function is not None:
            parts.append(record.function)
        if record.connection_id is not None:
            parts.append(record.connection_id)
        if record.detail is not None:
            parts.append(f"({record.detail})")
        self._lines.write_soon(self._painted(" ".join(parts), _YELLOW if record.problem else ""))

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._coloured and colour else text

    def _print_log_line(self, record: LogLine) -> None:
        """Time, function, and what it says."""
        text = LogText((record.text,)) if self._verbose else readable(record.text)
        beginning = f"{_beginning(record.at, text.is_problem)}{record.function} | "
        colour = _COLOURS.get(text.level, "")
        for line in text.lines:
            self._lines.write_soon(self._painted(beginning + line, colour))
            # An exception stands below its headline.
            beginning, colour = f"{'':15}{record.function} | ", ""


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
