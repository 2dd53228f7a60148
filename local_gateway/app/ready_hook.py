"""The command that runs once everything answers, such as one that creates a first user."""

import asyncio
import json
import os
import signal
from collections.abc import Mapping
from typing import TextIO

from local_gateway.errors import GatewayError

ACCESS_KEY_ID = "local"
SECRET_ACCESS_KEY = "local"  # noqa: S105 - opens nothing but this run's own services


async def run_ready_hook(
    command: str, variables: Mapping[str, str], *, output: TextIO | None = None
) -> None:
    """Run a shell command with exactly these variables in its environment.

    It writes to `output`, else to the gateway's own standard output. Raises `GatewayError` when it
    fails.
    """
    process = await asyncio.create_subprocess_shell(
        command,
        env=variables,
        stdin=asyncio.subprocess.DEVNULL,
        stdout=output,
        start_new_session=True,
    )
    try:
        status = await process.wait()
    except asyncio.CancelledError:
        os.killpg(process.pid, signal.SIGKILL)
        await process.wait()
        raise
    if status != 0:
        raise GatewayError(f"the --on-ready command ended with status {status}: {command}")


def hook_variables(
    environment: Mapping[str, str],
    *,
    url: str,
    warp: float,
    aws_endpoint_url: str,
    region: str,
    outputs: Mapping[str, str],
) -> dict[str, str]:
    """What the command finds in its environment, dummy credentials for the local AWS included."""
    return {
        **environment,
        "LOCAL_GATEWAY_URL": url,
        "LOCAL_GATEWAY_WARP": f"{warp:g}",
        "STACK_OUTPUTS": json.dumps(dict(outputs)),
        "AWS_ENDPOINT_URL": aws_endpoint_url,
        "AWS_DEFAULT_REGION": region,
        "AWS_ACCESS_KEY_ID": ACCESS_KEY_ID,
        "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
    }
