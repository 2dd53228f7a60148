"""The end of an invocation's log, as `Invoke` answers it on request (`LogType: Tail`)."""

from collections import defaultdict
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from local_gateway.core.invocation import Invocation
from local_gateway.core.model import LambdaFunction
from local_gateway.records import LogLine, Record
from local_gateway.runtime.environment_log import end_line, report_line, start_line

MAX_BYTES = 4096
# Of each invocation; more would not be in the tail.
_MOST_LINES = 1000


class LogTails:
    """Keeps the log lines of functions while somebody waits for the end of an invocation."""

    def __init__(self) -> None:
        self._waiting: dict[str, int] = defaultdict(int)
        self._lines: dict[tuple[str, str], list[str]] = defaultdict(list)

    def observe(self, record: Record, /) -> None:
        """Keep a line that a handler printed."""
        if not isinstance(record, LogLine) or not self._waiting.get(record.function):
            return
        if record.stream != "platform" and record.request_id is not None:
            lines = self._lines[record.function, record.request_id]
            lines.append(record.text)
            del lines[:-_MOST_LINES]

    @contextmanager
    def collect(self, function: LambdaFunction) -> Iterator[Callable[[Invocation], bytes]]:
        """Collect while the block lasts; the result gives the last 4 KB of an invocation."""
        name = function.logical_id
        self._waiting[name] += 1
        try:
            yield lambda invocation: self._tail(function, invocation)
        finally:
            self._waiting[name] -= 1
            if not self._waiting[name]:
                for key in [key for key in self._lines if key[0] == name]:
                    del self._lines[key]

    def _tail(self, function: LambdaFunction, invocation: Invocation) -> bytes:
        lines = [
            start_line(invocation.request_id),
            *self._lines.pop((function.logical_id, invocation.request_id), ()),
            end_line(invocation.request_id),
            report_line(invocation, function.memory_size, None),
        ]
        return ("\n".join(lines) + "\n").encode()[-MAX_BYTES:]
