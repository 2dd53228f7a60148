"""What a person sees in the terminal: one line per event, and the functions' own logs."""

import sys
from datetime import UTC, datetime
from typing import TextIO

from local_gateway.server.ports import Entry

# What Lambda itself adds to a function's log; of interest only when asked for.
PLATFORM_LINES = ("INIT_START ", "START RequestId", "END RequestId", "REPORT RequestId")


class Terminal:
    """Writes lines to `out`; `verbose` adds Lambda's START, END and REPORT lines."""

    def __init__(self, out: TextIO = sys.stdout, *, verbose: bool = False) -> None:
        self._out = out
        self._verbose = verbose

    def say(self, text: str) -> None:
        """Print a line as it is."""
        print(text, file=self._out, flush=True)

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

    def log_line(self, function: str, line: str) -> None:
        """Print one line of a function's log, prefixed with its name."""
        if self._verbose or not line.startswith(PLATFORM_LINES):
            self.say(f"{function} | {line}")
