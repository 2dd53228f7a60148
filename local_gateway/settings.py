"""The settings of one run of the gateway."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from local_gateway.core.chaos import Chaos

LOOPBACK = ("127.0.0.1", "::1")


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewaySettings:
    """Which template to serve, where to listen, and which optional features to use.

    - `resolve` are values of dynamic references, by `ssm:NAME` or `secretsmanager:NAME`.
    - `leave_out` are logical ids of resources that are not served.
    - `on_ready` is a shell command to run once the gateway is ready. Its environment is
      `environment`, the outputs of the stack and the endpoints. If it fails, the gateway ends.
    - `warp` makes the idle and age limits of connections, schedules and the pauses before retries
      that many times shorter.
    - `chaos` injects faults.
    - `lambda_endpoint` is the URL of a service that runs the functions in place of the gateway.
    - `sam_local` is a build directory to prepare for `sam local`; `bridge` is an address at which
      its containers reach this machine, besides loopback.
    - `env_vars` is a file with values for the functions' environment variables.
    - `record` is a file to write every invocation to, without secrets unless `record_secrets`.
    - `reload` serves changed files without a restart.
    """

    template: Path
    port: int = 8080
    hosts: tuple[str, ...] = LOOPBACK
    region: str = "us-east-1"
    stack_name: str = "local"
    parameter_overrides: Mapping[str, str] = field(default_factory=dict)
    resolve: Mapping[str, str] = field(default_factory=dict)
    leave_out: tuple[str, ...] = ()
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
    env_vars: Path | None = None
    reload: bool = True
    record: Path | None = None
    record_secrets: bool = False
