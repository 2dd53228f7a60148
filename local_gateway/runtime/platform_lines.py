"""Lambda's own log lines in text format (operator guide, log-structure)."""

import math
from pathlib import Path

from local_gateway.core.invocation import Failed, Invocation, InvocationResult, TimedOut
from local_gateway.runtime.variables import VERSION

EXIT_ERROR = "Runtime.ExitError"


def start_line(request_id: str) -> str:
    """The line before the handler's first."""
    return f"START RequestId: {request_id} Version: {VERSION}"


def end_line(request_id: str) -> str:
    """The line after the handler's last."""
    return f"END RequestId: {request_id}"


def report_line(invocation: Invocation, memory_size: int, memory_used: int | None) -> str:
    """The REPORT line; memory is in MB, and left out when unknown. Init time is billed too."""
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
    """The most memory in MB that a process has held, where /proc tells it."""
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
