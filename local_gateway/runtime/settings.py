"""How execution environments are made and bounded."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Durations are seconds.

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
