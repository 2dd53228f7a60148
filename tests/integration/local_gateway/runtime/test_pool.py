"""How many processes a function gets, which one is used, and when they go."""

import asyncio
import json
import os
import signal
from pathlib import Path
from typing import Any

from local_gateway.core.results import Failed, Succeeded, Throttled
from local_gateway.runtime.settings import Invocation
from tests.integration.local_gateway.runtime.workshop import (
    Workshop,
    children,
    invoke,
    is_running,
    until_gone,
    value,
)

# Returns its process id once as many invocations run at once as the event asks for.
MEETING = """
    import os, pathlib, time

    def lambda_handler(event, context):
        place = pathlib.Path(event["place"])
        (place / context.aws_request_id).touch()
        while len(list(place.iterdir())) < event["guests"]:
            time.sleep(0.002)
        return os.getpid()
"""

PID = """
    import os

    def lambda_handler(event, context):
        return os.getpid()
"""

# Runs until the file that the event names exists.
WAITING = """
    import os, pathlib, time

    def lambda_handler(event, context):
        while not pathlib.Path(event).exists():
            time.sleep(0.002)
        return os.getpid()
"""


def pids(invocations: list[Invocation]) -> list[int]:
    results = [invocation.result for invocation in invocations]
    assert all(isinstance(result, Succeeded) for result in results), results
    return [json.loads(result.payload) for result in results if isinstance(result, Succeeded)]


async def burst(runtime: Any, events: list[object]) -> list[Invocation]:
    return list(await asyncio.gather(*(invoke(runtime, event) for event in events)))


async def test_concurrent_invocations_run_in_processes_of_their_own(
    workshop: Workshop, tmp_path: Path
) -> None:
    place = tmp_path / "place"
    place.mkdir()
    runtime = await workshop.serve(MEETING)
    invocations = await burst(runtime, [{"place": str(place), "guests": 4}] * 4)
    assert len(set(pids(invocations))) == 4
    assert all(invocation.cold for invocation in invocations)


async def test_a_burst_of_1000_runs_through_a_bounded_number_of_processes(
    workshop: Workshop,
) -> None:
    before = children()
    runtime = await workshop.serve(PID, max_environments_per_function=3)
    invocations = await burst(runtime, [None] * 1000)
    assert len(set(pids(invocations))) <= 3
    assert len(children() - before) <= 3


async def test_sequential_invocations_use_one_process(workshop: Workshop) -> None:
    runtime = await workshop.serve(PID)
    assert len({await value(runtime) for _ in range(20)}) == 1


async def test_the_most_recently_used_environment_is_used_next(
    workshop: Workshop, tmp_path: Path
) -> None:
    files = [tmp_path / "first", tmp_path / "second"]
    runtime = await workshop.serve(WAITING)
    first, second = [asyncio.create_task(invoke(runtime, str(file))) for file in files]
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 2)
    for task, file in ((second, files[1]), (first, files[0])):
        file.touch()
        await task
    [last] = pids([first.result()])
    assert [await value(runtime, str(files[0])) for _ in range(3)] == [last] * 3


async def test_waiting_invocations_are_served_in_order(workshop: Workshop) -> None:
    runtime = await workshop.serve(PID, max_environments_per_function=1)
    tasks = [asyncio.create_task(runtime.invoke("Fn", b"0")) for _ in range(20)]
    ids = [(await task).request_id for task in tasks]
    assert [request_id for _, request_id, _ in workshop.recorder.started] == ids


async def test_reserved_concurrency_throttles_at_once(workshop: Workshop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.run(workshop.function(WAITING, reserved_concurrency=2))
    running = [asyncio.create_task(invoke(runtime, str(gate))) for _ in range(2)]
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 2)
    assert (await invoke(runtime, str(gate))).result == Throttled()
    gate.touch()
    assert len(set(pids(await asyncio.gather(*running)))) == 2
    assert isinstance((await invoke(runtime, str(gate))).result, Succeeded)


async def test_no_reserved_concurrency_throttles_everything(workshop: Workshop) -> None:
    runtime = await workshop.run(workshop.function(PID, reserved_concurrency=0))
    assert (await invoke(runtime)).result == Throttled()


async def test_waiting_for_an_environment_has_an_end(workshop: Workshop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.serve(WAITING, max_environments_per_function=1, queue_seconds=0.05)
    await runtime.warm("Fn")
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 1)
    assert (await invoke(runtime, str(gate))).result == Throttled()
    gate.touch()
    assert len(pids([await running])) == 1


async def test_what_waits_is_bounded_in_memory(workshop: Workshop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.serve(
        WAITING, max_environments_per_function=1, max_queued_bytes=10_000
    )
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 1)
    small = asyncio.create_task(invoke(runtime, str(gate)))
    await asyncio.sleep(0)
    assert (await invoke(runtime, "x" * 10_000)).result == Throttled()
    gate.touch()
    assert len(set(pids([await running, await small]))) == 1


async def test_idle_environments_are_reaped(workshop: Workshop) -> None:
    runtime = await workshop.serve(PID, idle_seconds=0.05)
    pid = await value(runtime)
    await until_gone(pid)
    following = await invoke(runtime)
    assert following.cold
    assert pids([following]) != [pid]


async def test_an_environment_in_use_is_not_reaped(workshop: Workshop, tmp_path: Path) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.serve(WAITING, idle_seconds=0.05)
    gate.touch()
    used = await value(runtime, str(gate))
    gate.unlink()
    busy = asyncio.create_task(invoke(runtime, str(gate)))
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 2)
    other = await workshop.run(workshop.function(PID, logical_id="Clock"), idle_seconds=0.1)
    await until_gone(await value(other, function="Clock"))
    gate.touch()
    assert pids([await busy]) == [used]


async def test_an_idle_environment_that_is_killed_is_replaced(workshop: Workshop) -> None:
    runtime = await workshop.serve(PID)
    pid = await value(runtime)
    os.kill(pid, signal.SIGKILL)
    await until_gone(pid)
    following = await invoke(runtime)
    assert following.cold
    assert pids([following]) != [pid]


async def test_a_caller_that_gives_up_while_waiting_leaves_the_queue(
    workshop: Workshop, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.serve(WAITING, max_environments_per_function=1)
    running = asyncio.create_task(invoke(runtime, str(gate)))
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 1)
    waiting = [asyncio.create_task(invoke(runtime, str(gate))) for _ in range(3)]
    await asyncio.sleep(0)
    waiting[1].cancel()
    gate.touch()
    await asyncio.gather(running, *waiting, return_exceptions=True)
    assert waiting[1].cancelled()
    assert len(workshop.recorder.started) == 3


async def test_a_handler_runs_on_when_its_caller_gives_up(
    workshop: Workshop, tmp_path: Path
) -> None:
    gate = tmp_path / "gate"
    runtime = await workshop.serve(WAITING, max_environments_per_function=1)
    given_up = asyncio.create_task(invoke(runtime, str(gate)))
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 1)
    given_up.cancel()
    await asyncio.wait({given_up})
    waiting = asyncio.create_task(invoke(runtime, str(gate)))
    await asyncio.sleep(0)
    assert len(workshop.recorder.started) == 1
    gate.touch()
    following = await waiting
    assert not following.cold
    [(_, first), _] = workshop.recorder.finished
    assert pids([first]) == pids([following])


async def test_closing_fails_what_runs_and_what_waits(workshop: Workshop, tmp_path: Path) -> None:
    runtime = await workshop.serve(WAITING, max_environments_per_function=1)
    tasks = [asyncio.create_task(invoke(runtime, str(tmp_path / "never"))) for _ in range(3)]
    await workshop.recorder.until(lambda: len(workshop.recorder.started) == 1)
    await runtime.close()
    results = [(await task).result for task in tasks]
    types = [result.error_type for result in results if isinstance(result, Failed)]
    assert types == ["Runtime.ExitError", "Runtime.Closed", "Runtime.Closed"]


async def test_closing_while_environments_start_leaves_none(workshop: Workshop) -> None:
    before = children()
    runtime = await workshop.serve("import time; time.sleep(1000)")
    tasks = [asyncio.create_task(invoke(runtime)) for _ in range(5)]
    await asyncio.sleep(0)
    await runtime.close()
    await asyncio.gather(*tasks)
    assert not [pid for pid in children() - before if is_running(pid)]
