"""The command of `--on-ready`, with real shells."""

import asyncio
import json
import os
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

import pytest

from local_gateway.app.ready_hook import run_ready_hook
from local_gateway.core.model import Application
from local_gateway.errors import GatewayError
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal
from tests.support.applications import application
from tests.support.recorder import DEADLINE
from tests.support.runtimes import until_gone

AWS = "http://127.0.0.1:1"


@pytest.fixture
def ports() -> Iterator[BoundPorts]:
    with BoundPorts(("127.0.0.1",), 0) as ports:
        yield ports


def settings(command: str) -> GatewaySettings:
    variables = {"PATH": os.defpath, "AWS_SESSION_TOKEN": "of the developer"}
    return GatewaySettings(template=Path("t.yaml"), on_ready=command, environment=variables)


def exists(pid: int) -> bool:
    """Whether the process runs, or has ended and nobody has asked for its status."""
    return Path(f"/proc/{pid}").exists()


async def run(command: str, ports: BoundPorts, served: Application | None = None) -> None:
    await run_ready_hook(settings(command), Terminal(), served or application(), ports, AWS)


async def test_command_has_the_outputs_and_no_credentials_of_the_developer(
    ports: BoundPorts, tmp_path: Path
) -> None:
    served = replace(application(), outputs={"Url": "ws://x"})
    await run(f"env > {tmp_path}/variables", ports, served)
    variables = dict(
        line.split("=", 1) for line in (tmp_path / "variables").read_text().splitlines()
    )
    assert json.loads(variables["STACK_OUTPUTS"]) == {"Url": "ws://x"}
    assert (variables["AWS_ENDPOINT_URL"], variables["AWS_ACCESS_KEY_ID"]) == (AWS, "local")
    assert "AWS_SESSION_TOKEN" not in variables


async def test_command_that_fails_is_an_error(ports: BoundPorts) -> None:
    with pytest.raises(GatewayError, match="the --on-ready command ended with status 3: exit 3"):
        await run("exit 3", ports)


async def test_ctrl_c_ends_the_command_and_what_it_started(
    ports: BoundPorts, tmp_path: Path
) -> None:
    os.mkfifo(tmp_path / "pids")
    running = asyncio.create_task(run(f"sleep 1000 & echo $$ $! > {tmp_path}/pids; wait", ports))
    async with asyncio.timeout(DEADLINE):
        pids = (await asyncio.to_thread((tmp_path / "pids").read_text)).split()
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running
    await until_gone(*map(int, pids))


async def test_ctrl_c_at_the_moment_the_command_ends(ports: BoundPorts, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pid")
    running = asyncio.create_task(run(f"echo $$ > {tmp_path}/pid", ports))
    async with asyncio.timeout(DEADLINE):
        pid = int(await asyncio.to_thread((tmp_path / "pid").read_text))
        while exists(pid):  # noqa: ASYNC110 - until its status is taken, not until that is noticed
            await asyncio.sleep(0)
    running.cancel()
    with suppress(asyncio.CancelledError):
        await running
