"""Callers that give up, environments that go, a runtime that is closed: nothing is lost."""

import asyncio
import os
import signal
from pathlib import Path

from local_gateway.core.invocation import Failed
from tests.integration.local_gateway.runtime.handlers import PID, WAITING, pids
from tests.support.runtimes import (
    Code,
    Runtimes,
    children,
    invoke,
    is_running,
    until_gone,
    value,
)

# Answers by itself and does not ask for the next event: it hangs, or exits when a file exists.
EARLY = Code(
    python="""
    import http.client, os, pathlib, time

    def lambda_handler(event, context):
        if event is None:
            return os.getpid()
        connection = http.client.HTTPConnection(os.environ["AWS_LAMBDA_RUNTIME_API"])
        path = f"/2018-06-01/runtime/invocation/{context.aws_request_id}/response"
        connection.request("POST", path, body=str(os.getpid()).encode())
        while not pathlib.Path(event).exists():
            time.sleep(0.002)
        os._exit(1)
""",
    node="""
    const fs = require("node:fs");

    exports.lambda_handler = async (event, context) => {
      if (event === null) return process.pid;
      const path = `/2018-06-01/runtime/invocation/${context.awsRequestId}/response`;
      const url = `http://${process.env.AWS_LAMBDA_RUNTIME_API}${path}`;
      await fetch(url, { method: "POST", body: String(process.pid) });
      while (!fs.existsSync(event)) await new Promise((resolve) => setTimeout(resolve, 2));
      process.exit(1);
    };
""",
)


async def test_an_idle_environment_that_is_killed_is_replaced(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(PID)
    pid = await value(runtime)
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    following = await invoke(runtime)
    assert following.cold
    assert pids([following]) != [pid]


async def test_an_event_that_no_handler_saw_goes_to_another_environment(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(EARLY)
    early = await value(runtime, str(gate))
    waiting = asyncio.create_task(invoke(runtime))
    await asyncio.sleep(0)
    gate.touch()
    assert pids([await waiting]) != [early]
    assert waiting.result().cold


async def test_an_environment_that_never_asks_again_is_replaced(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    runtime = await runtimes.run(runtimes.function(EARLY, timeout=0.5))
    early = await value(runtime, str(tmp_path / "never"))
    assert await value(runtime) != early
    await until_gone(early)


async def test_closing_fails_an_event_that_no_handler_saw(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    runtime = await runtimes.serve(EARLY)
    await value(runtime, str(tmp_path / "never"))
    waiting = asyncio.create_task(invoke(runtime))
    await asyncio.sleep(0)
    await runtime.close()
    result = (await waiting).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.Closed"


async def test_a_caller_that_gives_up_while_waiting_leaves_the_queue(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(WAITING, max_environments_per_function=1)
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    waiting = [asyncio.create_task(invoke(runtime, str(gate))) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    gate.touch()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    assert waiting[1].cancelled()
    assert len(runtimes.recorder.started) == 3


async def test_a_handler_runs_on_when_its_caller_gives_up(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(WAITING, max_environments_per_function=1)
    given_up = asyncio.create_task(invoke(runtime, str(gate)))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    given_up.cancel()
    await asyncio.wait({given_up})
    waiting = asyncio.create_task(invoke(runtime, str(gate)))
    await asyncio.sleep(0)
    assert len(runtimes.recorder.started) == 1
    gate.touch()
    following = await waiting
    assert not following.cold
    assert [record.outcome for record in runtimes.recorder.finished] == ["ok", "ok"]


async def test_closing_fails_what_runs_and_what_waits(runtimes: Runtimes, tmp_path: Path) -> None:
    runtime = await runtimes.serve(WAITING, max_environments_per_function=1)
    tasks = [asyncio.create_task(invoke(runtime, str(tmp_path / "never"))) for _ in range(3)]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    await runtime.close()
    results = [(await task).result for task in tasks]
    types = [result.error_type for result in results if isinstance(result, Failed)]
    assert types == ["Runtime.ExitError", "Runtime.Closed", "Runtime.Closed"]


async def test_closing_while_environments_start_leaves_none(runtimes: Runtimes) -> None:
    before = children()
    runtime = await runtimes.serve("import time; time.sleep(1000)")
    tasks = [asyncio.create_task(invoke(runtime)) for _ in range(5)]
    await asyncio.sleep(0)
    await runtime.close()
    await asyncio.gather(*tasks)
    assert not [pid for pid in children() - before if is_running(pid)]
