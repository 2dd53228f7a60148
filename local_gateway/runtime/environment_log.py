"""What one execution environment reports: its lines, Lambda's around them, its invocations."""

import asyncio
import time

from local_gateway.core.invocation import Invocation, InvocationResult
from local_gateway.core.model import LambdaFunction
from local_gateway.records import InvocationRecord, LogLine, LogStream, Observe
from local_gateway.runtime.platform_lines import (
    end_line,
    init_report_line,
    peak_memory,
    report_line,
    start_line,
)

# Reading /proc takes longer than a tenth of a fast invocation: not at every one.
_MEMORY_SECONDS = 1.0


class EnvironmentLog:
    """Knows which invocation a line belongs to: the one that began last."""

    def __init__(self, function: LambdaFunction, observe: Observe, *, platform_lines: bool) -> None:
        self._function = function
        self._observe = observe
        self._platform_lines = platform_lines
        self._request_id: str | None = None
        self._memory: int | None = None
        self._memory_read_at: float | None = None

    def line(self, stream: LogStream, line: str) -> None:
        """Pass a line on."""
        function = self._function.logical_id
        self._observe(LogLine(_now(), function, stream, line, self._request_id))

    def started(self, request_id: str) -> None:
        """An event was delivered."""
        self._request_id = request_id
        if self._platform_lines:
            self.line("platform", start_line(request_id))

    def finished(self, invocation: Invocation, pid: int | None) -> None:
        """An invocation that had started came to its end."""
        if self._platform_lines:
            self.line("platform", end_line(invocation.request_id))
            memory = self._peak_memory(pid)
            self.line("platform", report_line(invocation, self._function.memory_size, memory))
        record = InvocationRecord.from_invocation(_now(), self._function.logical_id, invocation)
        self._observe(record)

    def init_failed(self, duration: float, failure: InvocationResult) -> None:
        """The init phase ended in `failure` after `duration` seconds."""
        if self._platform_lines:
            self.line("platform", init_report_line(duration, failure))

    def _peak_memory(self, pid: int | None) -> int | None:
        now = asyncio.get_running_loop().time()
        if pid is None:
            return None
        if self._memory_read_at is None or now - self._memory_read_at > _MEMORY_SECONDS:
            self._memory_read_at = now
            self._memory = peak_memory(pid) or self._memory
        return self._memory


def _now() -> int:
    return time.time_ns() // 1_000_000
