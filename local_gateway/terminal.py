"""What a person sees in the terminal: one line per event, and the functions' own logs."""

import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import TextIO

from local_gateway.log_text import readable
from local_gateway.server.ports import Direction, Entry


class Terminal:
    """Writes lines to `out`; `verbose` shows the functions' logs exactly as they are."""

    def __init__(self, out: TextIO = sys.stdout, *, verbose: bool = False) -> None:
        self._out = out
        self._verbose = verbose

    def say(self, text: str) -> None:
        """Print a line as it is."""
        print(text, file=self._out, flush=True)

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
        time = datetime.fromtimestamp(entry.at / 1000, UTC).astimezone().strftime("%H:%M:%S.%f")
        parts = [time[:-3], "!" if entry.problem else " ", f"{entry.route_key:<14}", entry.outcome]
        if entry.duration_ms is not None:
            parts.append(f"{entry.duration_ms:.1f} ms{' cold' if entry.cold else ''}")
        if entry.function is not None:
            parts.append(entry.function)
        if entry.connection_id is not None:
            parts.append(entry.connection_id)
        if entry.detail is not None:
            parts.append(f"({entry.detail})")
        self.say(" ".join(parts))

    def frame(self, connection_id: str, direction: Direction, text: str, at: int) -> None:
        """Nothing: what people say to each other does not belong into a log."""

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """Print one line of a function's log, prefixed with its name."""
        for text in [line] if self._verbose else readable(line):
            self.say(f"{function} | {text}")

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Nothing: the line is printed when the invocation has ended."""

    def invocation_finished(self, function: str, invocation: object) -> None:
        """Nothing: the API that invoked the function records what came of it."""
