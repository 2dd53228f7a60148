"""The settings of execution environments, and what they share."""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Self

from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.interpreters import LanguageName, language_of
from local_gateway.records import Observe
from local_gateway.runtime.languages.language import Language
from local_gateway.runtime.languages.node import Node
from local_gateway.runtime.languages.python import Python, choose_client
from local_gateway.runtime.reaper import ProcessReaper

MIB = 1024 * 1024


@dataclass(frozen=True, slots=True, kw_only=True)
class RuntimeSettings:
    """Durations are seconds.

    - `use_awslambdaric`: None uses it if the gateway's interpreter can import it.
    - `base_environment`: a function's own variables win over these; credentials in it replace the
      dummy ones.
    - `wait_seconds`: how long an invocation waits for a busy environment before another is started.
    - `queue_seconds` and `max_queued_bytes` limit, for each function, the invocations that wait for
      an environment; beyond the limits an invocation is throttled.
    - `platform_lines` adds Lambda's START, END, REPORT and INIT_REPORT lines to the log, on the
      stream "platform".
    """

    max_environments_per_function: int = 10
    wait_seconds: float = 0.2
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
class RuntimeContext:
    """What the environments of all functions share."""

    settings: RuntimeSettings
    observe: Observe
    region: str
    languages: Mapping[LanguageName, Language]
    reaper: ProcessReaper

    @classmethod
    def from_settings(cls, settings: RuntimeSettings, observe: Observe, region: str) -> Self:
        """The context with every language that runs here."""
        client = choose_client(settings.use_awslambdaric, settings.python)
        languages: dict[LanguageName, Language] = {
            "python": Python(settings.python, client),
            "node": Node(),
        }
        return cls(
            settings=settings,
            observe=observe,
            region=region,
            languages=languages,
            reaper=ProcessReaper(),
        )

    def language_of(self, function: LambdaFunction) -> Language:
        """The language that runs a function."""
        name = language_of(function.runtime)
        if name is None:
            raise GatewayError(f"{function.logical_id}: {function.runtime} does not run here")
        return self.languages[name]
