"""No process outlives its environment or the gateway, in a session of its own either."""

import asyncio
import os
import signal
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from tests.support.recorder import DEADLINE
from tests.support.runtimes import Runtimes, invoke, is_running, until_gone

# How a handler starts what stays behind. Each prints its process id.
DAEMONS = {
    "its own session": """
        process = subprocess.Popen(["sleep", "1000"], start_new_session=True)
        print(process.pid, flush=True)
    """,
    "two forks": """
        if os.fork() == 0:
            os.setsid()
            pid = os.fork()
            if pid == 0:
                os.execvp("sleep", ["sleep", "1000"])
            print(pid, flush=True)
            os._exit(0)
        os.wait()
    """,
    "a shell in the background": """
        subprocess.run(["sh", "-c", "setsid sleep 1000 & echo $!"])
    """,
}
# What the environment's end alone can find: nothing names the environment.
NAMELESS = """
    process = subprocess.Popen(["sleep", "1000"], start_new_session=True, env={})
    print(process.pid, flush=True)
"""
ENDS = {"close": "return None", "hang": "time.sleep(1000)", "exit": "os._exit(1)"}

GATEWAY = """
    import asyncio, sys
    from pathlib import Path
    from local_gateway.core.model import LambdaFunction
    from local_gateway.records import LogLine
    from local_gateway.runtime.service import LambdaRuntime

    def observe(record):
        if isinstance(record, LogLine) and record.stream == "stdout":
            print(record.text, flush=True)

    async def main():
        function = LambdaFunction(
            logical_id="Fn", name="fn", arn="arn", runtime="python3.13",
            handler="app.lambda_handler", code=Path(sys.argv[1]), timeout=600, memory_size=128,
        )
        runtime = LambdaRuntime({"Fn": function}, region="eu-central-1", observe=observe)
        await runtime.start()
        await runtime.invoke("Fn", b"{}")

    asyncio.run(main())
"""


def handler(daemon: str, end: str) -> str:
    """A handler that starts what stays behind, and then does this."""
    body = textwrap.indent(textwrap.dedent(f"{textwrap.dedent(daemon)}\n{end}\n"), "    ")
    return f"import os, subprocess, time\n\ndef lambda_handler(event, context):\n{body}"


def daemons(python_runtimes: Runtimes) -> list[int]:
    """The process ids that handlers have printed."""
    return [int(text) for text in python_runtimes.recorder.texts("stdout")]


@pytest.mark.parametrize("end", ENDS)
@pytest.mark.parametrize("daemon", DAEMONS)
async def test_what_left_the_group_ends_with_its_environment(
    python_runtimes: Runtimes, daemon: str, end: str
) -> None:
    code = handler(DAEMONS[daemon], ENDS[end])
    runtime = await python_runtimes.run(python_runtimes.function(code, timeout=1.0))
    await invoke(runtime)
    (pid,) = daemons(python_runtimes)
    if end == "close":
        assert is_running(pid)
        await runtime.close()
        assert not is_running(pid), "close waits for it"
    await until_gone(pid)


async def test_what_has_no_variables_ends_with_a_kill_too(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(handler(NAMELESS, ENDS["close"]))
    await invoke(runtime)
    (pid,) = daemons(python_runtimes)
    assert is_running(pid)
    await runtime.close()
    await until_gone(pid)


async def test_the_end_of_an_environment_leaves_others_alone(python_runtimes: Runtimes) -> None:
    daemon = DAEMONS["its own session"]
    ending = python_runtimes.function(handler(daemon, ENDS["exit"]), logical_id="Ending")
    staying = python_runtimes.function(handler(daemon, ENDS["close"]), logical_id="Staying")
    runtime = await python_runtimes.run(ending, staying)
    await invoke(runtime, function="Staying")
    (pid,) = daemons(python_runtimes)
    await invoke(runtime, function="Ending")
    await until_gone(daemons(python_runtimes)[1])
    assert is_running(pid)


@pytest.mark.parametrize("daemon", DAEMONS)
async def test_what_left_the_group_ends_with_a_gateway_that_is_killed(
    tmp_path: Path, daemon: str
) -> None:
    (tmp_path / "app.py").write_text(handler(DAEMONS[daemon], ENDS["hang"]), encoding="utf-8")
    gateway = await asyncio.create_subprocess_exec(
        sys.executable, "-c", textwrap.dedent(GATEWAY), str(tmp_path), stdout=subprocess.PIPE
    )
    assert gateway.stdout is not None
    async with asyncio.timeout(DEADLINE):
        pid = int(await gateway.stdout.readline())
        assert is_running(pid)
        os.kill(gateway.pid, signal.SIGKILL)
        await gateway.wait()
    await until_gone(pid)
