"""No process outlives the runtime, however either of them ends."""

import asyncio
import subprocess
import sys
import textwrap
from pathlib import Path

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.errors import GatewayError
from tests.support.recorder import DEADLINE
from tests.support.runtimes import (
    Code,
    Runtimes,
    children,
    invoke,
    is_running,
    until_gone,
    value,
)

SPAWNING = Code(
    python="""
    import os, subprocess

    def lambda_handler(event, context):
        return [os.getpid(), subprocess.Popen(["sleep", "1000"]).pid]
""",
    node="""
    const { spawn } = require("node:child_process");

    exports.lambda_handler = async () => [process.pid, spawn("sleep", ["1000"]).pid];
""",
)
# Prints the process ids, then never returns; `event` is not read.
NEVER_ENDING = Code(
    python="""
    import os, subprocess

    def lambda_handler(event, context):
        print(os.getpid(), subprocess.Popen(["sleep", "1000"]).pid, flush=True)
        while True: pass
""",
    node="""
    const { spawn } = require("node:child_process");

    exports.lambda_handler = () => {
      process.stdout.write(`${process.pid} ${spawn("sleep", ["1000"]).pid}\\n`);
      for (;;) { /* for ever */ }
    };
""",
)
EXITING = Code(
    python="""
    import os, subprocess

    def lambda_handler(event, context):
        print(subprocess.Popen(["sleep", "1000"]).pid, flush=True)
        os._exit(1)
""",
    node="""
    const { spawn } = require("node:child_process");

    exports.lambda_handler = () => {
      process.stdout.write(`${spawn("sleep", ["1000"], { stdio: "inherit" }).pid}\\n`);
      process.exit(1);
    };
""",
)
LEAVING_THE_GROUP = Code(
    python="""
    import os, subprocess

    def lambda_handler(event, context):
        print(subprocess.Popen(["sleep", "30"], start_new_session=True).pid, flush=True)
        os._exit(1)
""",
    node="""
    const { spawn } = require("node:child_process");

    exports.lambda_handler = () => {
      const { pid } = spawn("sleep", ["30"], { stdio: "inherit", detached: true });
      process.stdout.write(`${pid}\\n`);
      process.exit(1);
    };
""",
)

# Runs a gateway that has a busy environment, tells the process ids, and waits to be killed.
GATEWAY = """
    import asyncio, json, sys
    from pathlib import Path
    from local_gateway.core.model import LambdaFunction
    from local_gateway.records import LogLine
    from local_gateway.runtime.service import LambdaRuntime
    from local_gateway.runtime.settings import RuntimeSettings

    def observe(record):
        if isinstance(record, LogLine) and record.stream == "stdout":
            print(record.text, flush=True)

    async def main():
        function = LambdaFunction(
            logical_id="Fn", name="fn", arn="arn",
            runtime="nodejs20.x" if sys.argv[2] in ("node", "aws-lambda-ric") else "python3.13",
            handler="app.lambda_handler", code=Path(sys.argv[1]), timeout=600, memory_size=128,
        )
        settings = RuntimeSettings(use_awslambdaric=sys.argv[2] == "awslambdaric")
        runtime = LambdaRuntime(
            {"Fn": function}, region="eu-central-1", settings=settings, observe=observe
        )
        await runtime.start()
        await runtime.invoke("Fn", b"{}")

    asyncio.run(main())
"""

BUSY = Code(
    python="""
    import os, re, subprocess

    def lambda_handler(event, context):
        child = subprocess.Popen(["sleep", "1000"], stdout=subprocess.DEVNULL).pid
        print(os.getpid(), child, flush=True)
        re.match(r"(a+)+$", "a" * 64 + "b")  # holds the interpreter lock for ever
""",
    node="""
    const { spawn } = require("node:child_process");

    exports.lambda_handler = () => {
      const child = spawn("sleep", ["1000"], { stdio: "ignore" }).pid;
      process.stdout.write(`${process.pid} ${child}\\n`);
      for (;;) { /* the event loop never runs again */ }
    };
""",
)


def tasks() -> set[asyncio.Task[object]]:
    return asyncio.all_tasks() - {asyncio.current_task()}


def descriptors() -> set[str]:
    return {str(path) for path in Path("/proc/self/fd").iterdir()}


async def test_close_ends_processes_tasks_and_sockets(runtimes: Runtimes) -> None:
    before = children(), tasks(), descriptors()
    runtime = await runtimes.serve(SPAWNING)
    pids = await value(runtime)
    assert all(is_running(pid) for pid in pids)
    await runtime.close()
    assert not [pid for pid in pids if pid in children()]
    await until_gone(*pids)
    await asyncio.sleep(0)
    assert (children(), tasks(), descriptors()) == before


async def test_a_timeout_ends_the_whole_process_group(runtimes: Runtimes) -> None:
    runtime = await runtimes.run(runtimes.function(NEVER_ENDING, timeout=1.0))
    await invoke(runtime)
    await until_gone(*map(int, runtimes.recorder.texts("stdout")[0].split()))


async def test_the_end_of_a_handler_s_process_ends_what_it_spawned(
    runtimes: Runtimes,
) -> None:
    await invoke(await runtimes.serve(EXITING))
    await until_gone(int(runtimes.recorder.texts("stdout")[0]))


async def test_what_left_the_process_group_delays_nothing(runtimes: Runtimes) -> None:
    invocation = await invoke(await runtimes.serve(LEAVING_THE_GROUP))
    assert isinstance(invocation.result, Failed)
    await until_gone(int(runtimes.recorder.texts("stdout")[0]))


async def test_close_twice_and_start_again(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(SPAWNING)
    first = await value(runtime)
    await runtime.close()
    await runtime.close()
    with pytest.raises(GatewayError, match="Fn: the Lambda runtime is not running"):
        await runtime.invoke("Fn", b"{}")
    await runtime.start()
    assert await value(runtime) != first


async def test_killing_the_gateway_ends_a_handler_that_blocks_everything(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    runtimes.write(tmp_path, BUSY)
    gateway = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        textwrap.dedent(GATEWAY),
        str(tmp_path),
        runtimes.client,
        stdout=subprocess.PIPE,
    )
    assert gateway.stdout is not None
    async with asyncio.timeout(DEADLINE):
        pids = [int(pid) for pid in (await gateway.stdout.readline()).split()]
        assert [is_running(pid) for pid in pids] == [True, True]
        gateway.kill()
        await gateway.wait()
    await until_gone(*pids)
