"""What a start of the local gateway is told, after the command line has been read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.core.chaos import Chaos

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Where the template is, where to listen, and what to run once everything answers.

    `on_ready` is a shell command that gets the stack's outputs and the endpoints in its
    environment, next to `environment`, and whose failure ends the gateway. `warp` makes the idle
    and age limits of connections, schedules and repeated invocations arrive so many times sooner;
    `chaos` goes wrong on purpose.
    `lambda_endpoint` is the URL of what runs the functions instead of the gateway. `sam_local` is
    the build directory to make ready for `sam local`, `bridge` the address that its containers
    reach besides loopback. `record` is the file to write every invocation to, without secrets
    unless `record_secrets`. `reload` is for files that change.
    """

    template: Path
    port: int = 8080
    hosts: tuple[str, ...] = LOOPBACK
    region: str = "us-east-1"
    stack_name: str = "local"
    parameter_overrides: Mapping[str, str] = field(default_factory=dict)
    on_ready: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    verbose: bool = False
    warp: float = 1.0
    chaos: Chaos | None = None
    verify_signatures: bool = False
    inspector: bool = True
    lambda_endpoint: str | None = None
    sam_local: Path | None = None
    bridge: str | None = None
    reload: bool = True
    record: Path | None = None
    record_secrets: bool = False
