"""The terminal's output for people: a line per request or event, and the functions' logs."""

import asyncio
import re
import sys
import time
from collections.abc import Mapping, Sequence
from functools import lru_cache
from typing import TextIO

from local_gateway.records import ApiRecord, Frame, InvocationRecord, LogLine, Record
from local_gateway.terminal.log_text import LogText, readable
from local_gateway.terminal.printable_text import printable, printable_lines

_RED, _YELLOW, _PLAIN = "\x1b[31m", "\x1b[33m", "\x1b[0m"
_COLOURS = {"WARNING": _YELLOW, "ERROR": _RED, "CRITICAL": _RED}

# How a runtime, and Python itself, begin an error; and how Python ends its traceback.
_ERROR_LINES = ("[ERROR] ", "Traceback (most recent call last):")
_EXCEPTION = re.compile(r"[A-Za-z_][\w.]*(: .*)?")

_FILE = re.compile(
    r"GET /.*\.(avif|css|gif|html?|ico|jpe?g|js|map|mjs|png|svg|ttf|txt|webmanifest|webp|woff2?)",
    re.DOTALL,
)

FLUSH_SECONDS = 0.02


class LineBuffer:
    """Writes lines to `out` in their order, at once or a moment later.

    A write for each line would cost more than making the line.
    """

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Write a line at once, after all that wait."""
        self._lines.append(line)
        self.flush()

    def write_soon(self, line: str) -> None:
        """Write a line within `FLUSH_SECONDS`, or at once if no event loop runs."""
        self._lines.append(line)
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        if self._lines:
            lines, self._lines = self._lines, []
            text = "\n".join([*lines, ""])
            try:
                self._out.write(text)
            except UnicodeEncodeError:  # the encoding of `out` lacks a character
                encoding = self._out.encoding
                self._out.write(text.encode(encoding, "backslashreplace").decode(encoding))
            self._out.flush()


class Terminal:
    """Writes lines to `out`; with `verbose` the functions' logs do not change.

    With `coloured`, problems and tracebacks are yellow or red. Requests for files that went well
    are shown with `shows_files` only.
    """

    def __init__(
        self,
        out: TextIO = sys.stdout,
        *,
        verbose: bool = False,
        coloured: bool = False,
        shows_files: bool = False,
    ) -> None:
        self._lines = LineBuffer(out)
        self._shows_files = shows_files
        self._tracebacks: set[tuple[str, str]] = set()
        self._verbose = verbose
        self._coloured = coloured

    def say(self, text: str) -> None:
        """Print a line, or several."""
        self._lines.write(printable_lines(text))

    def flush(self) -> None:
        """Print the lines that wait: those about records are printed in groups."""
        self._lines.flush()

    def warn(self, text: str) -> None:
        """Print a warning."""
        self.say(f"warning: {text}")

    def ready(self, urls: Sequence[str]) -> None:
        """Print that all APIs answer, and their URLs."""
        self.say(f"Ready: {', '.join(urls)}  (Ctrl-C stops)")

    @property
    def output_of_commands(self) -> TextIO | None:
        """Where the gateway's commands write to; `None` for its own standard output."""
        return None

    def observe(self, record: Record, /) -> None:
        """Print a record, if people need it."""
        match record:
            case ApiRecord():
                self._print_api_record(record)
            case LogLine():
                self._print_log_line(record)
            case Frame() | InvocationRecord():
                pass  # messages do not belong in a log; invocations have an `ApiRecord`

    def _print_api_record(self, record: ApiRecord) -> None:
        """Print time, route, outcome, duration, function, connection."""
        if not self._shows_files and _is_file(record):
            return
        parts = [f"{_beginning(record.at, record.problem)}{record.route_key:<14}", record.outcome]
        if record.duration_ms is not None:
            parts.append(f"{record.duration_ms:.1f} ms{' cold' if record.cold else ''}")
        if record.function is not None:
            parts.append(record.function)
        if record.integration is not None:
            parts.append(record.integration)
        if record.connection_id is not None:
            parts.append(record.connection_id)
        if record.detail is not None:
            parts.append(f"({record.detail})")
        line = printable(" ".join(parts))
        self._lines.write_soon(self._painted(line, _YELLOW if record.problem else ""))

    def _painted(self, text: str, colour: str) -> str:
        return f"{colour}{text}{_PLAIN}" if self._coloured and colour else text

    def _print_log_line(self, record: LogLine) -> None:
        """Print time, function and text."""
        text = LogText((record.text,)) if self._verbose else readable(record.text)
        beginning = f"{_beginning(record.at, text.is_problem)}{record.function} | "
        colour = _COLOURS.get(text.level) or (_RED if self._is_traceback(record) else "")
        for line in text.lines:
            self._lines.write_soon(self._painted(printable(beginning + line), colour))
            # An exception stands below its headline.
            beginning = f"{'':15}{record.function} | "

    def _is_traceback(self, record: LogLine) -> bool:
        """Whether the line belongs to a traceback, which a runtime prints line by line."""
        key, text = (record.function, record.stream), record.text
        if text.startswith(_ERROR_LINES):
            self._tracebacks.add(key)
            return True
        if key not in self._tracebacks:
            return False
        if text.startswith((" ", "\t")):
            return True
        self._tracebacks.discard(key)
        return _EXCEPTION.fullmatch(text) is not None


def shows_colours(out: TextIO, environment: Mapping[str, str]) -> bool:
    """Whether `out` is a terminal, and `NO_COLOR` is not set (no-color.org)."""
    return out.isatty() and not environment.get("NO_COLOR")


def _is_file(record: ApiRecord) -> bool:
    """Whether it is a request for a file that went well: a page needs dozens of them."""
    went_well = not record.problem and (record.outcome.startswith("2") or record.outcome == "304")
    return record.api == "http" and went_well and _FILE.fullmatch(record.route_key) is not None


def _beginning(at: int, problem: bool) -> str:
    """The time of day, and a mark for problems."""
    seconds, milliseconds = divmod(at, 1000)
    return f"{_time_of_day(seconds)}.{milliseconds:03} {'!' if problem else ' '} "


@lru_cache(maxsize=1)
def _time_of_day(seconds: int) -> str:
    """In the time zone of this machine."""
    return time.strftime("%H:%M:%S", time.localtime(seconds))
