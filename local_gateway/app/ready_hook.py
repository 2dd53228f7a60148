"""The command that runs once the gateway is ready, for example to create a first user."""

import asyncio
import json
import os
import signal
import subprocess
from contextlib import suppress

from local_gateway.core.model import Application
from local_gateway.errors import GatewayError
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal

ACCESS_KEY_ID = "local"
SECRET_ACCESS_KEY = "local"  # noqa: S105 - opens nothing but this run's own services


async def run_ready_hook(
    settings: GatewaySettings,
    terminal: Terminal,
    application: Application,
    ports: BoundPorts,
    aws_endpoint_url: str,
) -> None:
    """Run the command of `--on-ready`, if there is one; raises `GatewayError` when it fails."""
    if settings.on_ready is None:
        return
    # Not asyncio's own: Ctrl-C while it starts a shell would leave what the shell has started.
    process = subprocess.Popen(  # noqa: S602, ASYNC220 - the user's own command
        settings.on_ready,
        shell=True,
        env=_variables(settings, application, ports, aws_endpoint_url),
        stdin=subprocess.DEVNULL,
        stdout=terminal.output_of_commands,
        start_new_session=True,
    )
    try:
        status = await asyncio.to_thread(process.wait)
    except asyncio.CancelledError:
        with suppress(ProcessLookupError):  # it has just ended
            os.killpg(process.pid, signal.SIGKILL)
        raise
    if status != 0:
        raise GatewayError(
            f"the --on-ready command ended with status {status}: {settings.on_ready}"
        )


def _variables(
    settings: GatewaySettings, application: Application, ports: BoundPorts, aws_endpoint_url: str
) -> dict[str, str]:
    """The command's whole environment, with dummy credentials for the local AWS services."""
    return {
        # Of other credentials: a session token belongs to its key.
        **{k: v for k, v in settings.environment.items() if k != "AWS_SESSION_TOKEN"},
        "LOCAL_GATEWAY_URL": ports.url(0, "localhost"),
        "LOCAL_GATEWAY_LAMBDA_ENDPOINT": settings.lambda_endpoint or "",
        "LOCAL_GATEWAY_WARP": f"{settings.warp:g}",
        "STACK_OUTPUTS": json.dumps(dict(application.outputs)),
        "AWS_ENDPOINT_URL": aws_endpoint_url,
        "AWS_DEFAULT_REGION": application.region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }
