"""What one execution environment reports: its lines, Lambda's around them, its invocations.

Lambda's lines are in its text format (operator guide, log-structure).
"""

import asyncio
import math
import time
from pathlib import Path

from local_gateway.core.invocation import Failed, Invocation, InvocationResult, TimedOut
from local_gateway.core.model import LambdaFunction
from local_gateway.records import InvocationRecord, LogLine, LogStream, Observe
from local_gateway.runtime.variables import VERSION

EXIT_ERROR = "Runtime.ExitError"

# Reading /proc takes longer than a tenth of a fast invocation: not at every one.
_MEMORY_SECONDS = 1.0


class EnvironmentLog:
    """Reports lines with the request id of the last invocation that began."""

    def __init__(self, function: LambdaFunction, observe: Observe, *, platform_lines: bool) -> None:
        self._function = function
        self._observe = observe
        self._platform_lines = platform_lines
        self._request_id: str | None = None
        self._memory: int | None = None
        self._memory_read_at: float | None = None

    def line(self, stream: LogStream, line: str) -> None:
        """Report a line."""
        function = self._function.logical_id
        self._observe(LogLine(_now(), function, stream, line, self._request_id))

    def started(self, request_id: str) -> None:
        """An event was delivered."""
        self._request_id = request_id
        if self._platform_lines:
            self.line("platform", start_line(request_id))

    def finished(self, invocation: Invocation, pid: int | None) -> None:
        """An invocation has ended."""
        if self._platform_lines:
            self.line("platform", end_line(invocation.request_id))
            memory = self._peak_memory(pid)
            self.line("platform", report_line(invocation, self._function.memory_size, memory))
        record = InvocationRecord.from_invocation(_now(), self._function.logical_id, invocation)
        self._observe(record)

    def init_failed(self, duration: float, failure: InvocationResult) -> None:
        """The init phase has failed after `duration` seconds."""
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


def start_line(request_id: str) -> str:
    """The line before the handler's first."""
    return f"START RequestId: {request_id} Version: {VERSION}"


def end_line(request_id: str) -> str:
    """The line after the handler's last."""
    return f"END RequestId: {request_id}"


def report_line(invocation: Invocation, memory_size: int, memory_used: int | None) -> str:
    """The REPORT line; memory is in MB, and missing if unknown. Init time is billed too."""
    init = invocation.init_duration or 0.0
    fields = [
        f"REPORT RequestId: {invocation.request_id}",
        f"Duration: {_milliseconds(invocation.duration)}",
        f"Billed Duration: {math.ceil((invocation.duration + init) * 1000)} ms",
        f"Memory Size: {memory_size} MB",
    ]
    if memory_used is not None:
        fields.append(f"Max Memory Used: {memory_used} MB")
    if invocation.init_duration is not None:
        fields.append(f"Init Duration: {_milliseconds(init)}")
    if not isinstance(invocation.result, Failed) or invocation.result.error_type == EXIT_ERROR:
        fields += _status(invocation.result)  # a handler's own exception has none
    return "\t".join(fields)


def init_report_line(duration: float, failure: InvocationResult) -> str:
    """The line of an init phase that failed."""
    fields = [f"INIT_REPORT Init Duration: {_milliseconds(duration)}", "Phase: init"]
    return "\t".join([*fields, *_status(failure)])


def peak_memory(pid: int) -> int | None:
    """The peak memory of a process in MB; `None` where there is no /proc."""
    try:
        status = Path(f"/proc/{pid}/status").read_bytes()
    except OSError:
        return None
    _, _, after = status.partition(b"VmHWM:")
    return math.ceil(int(after.split(maxsplit=1)[0]) / 1024) if after else None


def _milliseconds(seconds: float) -> str:
    return f"{seconds * 1000:.2f} ms"


def _status(result: InvocationResult) -> list[str]:
    match result:
        case TimedOut():
            return ["Status: timeout"]
        case Failed(error_type):
            return ["Status: error", f"Error Type: {error_type}"]
        case _:
            return []


def _now() -> int:
    return time.time_ns() // 1_000_000
