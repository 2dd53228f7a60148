"""How many processes a function gets, which one is used, and when they go."""

import asyncio
from pathlib import Path
from typing import Any

from local_gateway.core.invocation import Invocation, Succeeded, Throttled
from tests.integration.local_gateway.runtime.handlers import PID, WAITING, pids
from tests.support.runtimes import (
    Code,
    Runtimes,
    children,
    invoke,
    until_gone,
    value,
)

# Returns its process id once as many invocations run at once as the event asks for.
MEETING = Code(
    python="""
    import os, pathlib, time

    def lambda_handler(event, context):
        place = pathlib.Path(event["place"])
        (place / context.aws_request_id).touch()
        while len(list(place.iterdir())) < event["guests"]:
            time.sleep(0.002)
        return os.getpid()
""",
    node="""
    const fs = require("node:fs");
    const path = require("node:path");

    exports.lambda_handler = async (event, context) => {
      fs.writeFileSync(path.join(event.place, context.awsRequestId), "");
      while (fs.readdirSync(event.place).length < event.guests) {
        await new Promise((resolve) => setTimeout(resolve, 2));
      }
      return process.pid;
    };
""",
)


async def burst(runtime: Any, events: list[object]) -> list[Invocation]:
    return list(await asyncio.gather(*(invoke(runtime, event) for event in events)))


async def test_concurrent_invocations_run_in_processes_of_their_own(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    runtime = await runtimes.serve(MEETING)
    invocations = await burst(runtime, [{"place": str(place), "guests": 4}] * 4)
    assert len(set(pids(invocations))) == 4
    assert all(invocation.cold for invocation in invocations)


async def test_a_burst_of_1000_runs_through_a_bounded_number_of_processes(
    runtimes: Runtimes,
) -> None:
    before = children()
    runtime = await runtimes.serve(PID, max_environments_per_function=3)
    invocations = await burst(runtime, [None] * 1000)
    assert len(set(pids(invocations))) <= 3
    assert len(children() - before) <= 3


async def test_an_environment_that_is_free_soon_is_waited_for(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(PID, wait_seconds=3600.0)
    assert len(set(pids(await burst(runtime, [None] * 50)))) == 1


async def test_an_invocation_does_not_wait_for_ever_for_a_busy_environment(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(WAITING, max_environments_per_function=3, wait_seconds=0.01)
    running = [asyncio.create_task(invoke(runtime, str(gate))) for _ in range(4)]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 3)
    gate.touch()
    assert len(set(pids(await asyncio.gather(*running)))) == 3


async def test_sequential_invocations_use_one_process(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(PID)
    assert len({await value(runtime) for _ in range(20)}) == 1


async def test_the_most_recently_used_environment_is_used_next(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    files = [tmp_path / "first", tmp_path / "second"]
    runtime = await runtimes.serve(WAITING)
    first, second = [asyncio.create_task(invoke(runtime, str(file))) for file in files]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 2)
    for task, file in ((second, files[1]), (first, files[0])):
        file.touch()
        await task
    [last] = pids([first.result()])
    assert [await value(runtime, str(files[0])) for _ in range(3)] == [last] * 3


async def test_waiting_invocations_are_served_in_order(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(PID, max_environments_per_function=1)
    tasks = [asyncio.create_task(runtime.invoke("Fn", b"0")) for _ in range(20)]
    ids = [(await task).request_id for task in tasks]
    assert runtimes.recorder.started == ids


async def test_reserved_concurrency_throttles_at_once(runtimes: Runtimes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.run(runtimes.function(WAITING, reserved_concurrency=2))
    running = [asyncio.create_task(invoke(runtime, str(gate))) for _ in range(2)]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 2)
    assert (await invoke(runtime, str(gate))).result == Throttled()
    gate.touch()
    assert len(set(pids(await asyncio.gather(*running)))) == 2
    assert isinstance((await invoke(runtime, str(gate))).result, Succeeded)


async def test_no_reserved_concurrency_throttles_everything(runtimes: Runtimes) -> None:
    runtime = await runtimes.run(runtimes.function(PID, reserved_concurrency=0))
    assert (await invoke(runtime)).result == Throttled()


async def test_waiting_for_an_environment_has_an_end(runtimes: Runtimes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(WAITING, max_environments_per_function=1, queue_seconds=0.05)
    await runtime.warm("Fn")
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    assert (await invoke(runtime, str(gate))).result == Throttled()
    gate.touch()
    assert len(pids([await running])) == 1


async def test_what_waits_is_bounded_in_memory(runtimes: Runtimes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(
        WAITING, max_environments_per_function=1, max_queued_bytes=10_000
    )
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    small = asyncio.create_task(invoke(runtime, str(gate)))
    await asyncio.sleep(0)
    assert (await invoke(runtime, "x" * 10_000)).result == Throttled()
    gate.touch()
    assert len(set(pids([await running, await small]))) == 1


async def test_idle_environments_are_reaped(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(PID, idle_seconds=0.05)
    pid = await value(runtime)
    await until_gone(pid)
    following = await invoke(runtime)
    assert following.cold
    assert pids([following]) != [pid]


async def test_an_environment_in_use_is_not_reaped(runtimes: Runtimes, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await runtimes.serve(WAITING, idle_seconds=0.05)
    gate.touch()
    used = await value(runtime, str(gate))
    gate.unlink()
    busy = asyncio.create_task(invoke(runtime, str(gate)))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 2)
    other = await runtimes.run(runtimes.function(PID, logical_id="Clock"), idle_seconds=0.1)
    await until_gone(await value(other, function="Clock"))
    gate.touch()
    assert pids([await busy]) == [used]
