"""What the runtime can be told, what it tells, and what an invocation comes back with."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal, Protocol

from local_gateway.core.invocation import InvocationResult

type LogStream = Literal["stdout", "stderr", "platform"]

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """How execution environments are made and bounded. Durations are seconds.

    `use_awslambdaric` is None to use it when the gateway's interpreter can import it.
    `base_environment` comes below a function's own variables; credentials found in it replace
    the dummy ones. `patience_seconds` is how long an invocation waits for an environment in use
    before a further one is started for it. `queue_seconds` and `max_queued_bytes` bound, per
    function, what waits for an environment; beyond them an invocation is throttled.
    `platform_lines` adds Lambda's START, END, REPORT and INIT_REPORT lines to the log, on the
    stream "platform".
    """

    max_environments_per_function: int = 10
    patience_seconds: float = 0.2
    idle_seconds: float = 600.0
    init_timeout: float = 10.0
    queue_seconds: float = 60.0
    max_queued_bytes: int = 64 * MIB
    max_line_bytes: int = MIB // 4
    python: Path = field(default_factory=lambda: Path(sys.executable))
    use_awslambdaric: bool | None = None
    base_environment: Mapping[str, str] = field(default_factory=dict)
    platform_lines: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Invocation:
    """One invocation and its end; durations are seconds.

    `duration` counts from the delivery of the event to the environment. `init_duration` is set
    on a cold invocation only: the first of an environment that was started for it.
    """

    result: InvocationResult
    request_id: str
    cold: bool
    duration: float
    init_duration: float | None = None


class RuntimeObserver(Protocol):
    """Told what happens, in the event loop; its methods return at once and do not raise."""

    def log_line(self, function: str, stream: LogStream, line: str, request_id: str | None) -> None:
        """A line that an environment printed; `request_id` is None while it initialises."""

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """An event was delivered to an environment."""

    def invocation_finished(self, function: str, invocation: Invocation) -> None:
        """An invocation that had been started came to its end."""


class SilentObserver:
    """An observer that ignores everything."""

    def log_line(self, function: str, stream: LogStream, line: str, request_id: str | None) -> None:
        """Ignore the line."""

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Ignore the start."""

    def invocation_finished(self, function: str, invocation: Invocation) -> None:
        """Ignore the end."""
