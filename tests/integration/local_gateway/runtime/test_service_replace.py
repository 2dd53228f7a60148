"""Other code or other functions take the place of those that run; nothing accepted is lost."""

import asyncio
from pathlib import Path

import pytest

from local_gateway.core.invocation import Succeeded
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.runtime.service import FunctionInitError, LambdaRuntime
from tests.integration.local_gateway.runtime.handlers import PID, WAITING, pids
from tests.support.runtimes import (
    Code,
    Runtimes,
    children,
    invoke,
    until_gone,
    value,
)

NEW = Code(
    python="""
    def lambda_handler(event, context):
        return "new"
""",
    node="exports.lambda_handler = async () => 'new';",
)
BROKEN = Code(python="import nothing_of_that_name\n", node="require('nothing_of_that_name');\n")


async def replace(runtime: LambdaRuntime, *functions: LambdaFunction, changed: str = "") -> None:
    by_name = {function.logical_id: function for function in functions}
    await runtime.replace(by_name, {changed} - {""})


async def test_a_changed_function_runs_its_new_code_and_the_old_process_ends(
    runtimes: Runtimes,
) -> None:
    function = runtimes.function(PID)
    runtime = await runtimes.run(function)
    old = await value(runtime)
    runtimes.write(function.code, NEW)
    await replace(runtime, function, changed="Fn")
    invocation = await invoke(runtime)
    assert invocation.result == Succeeded(b'"new"')
    assert not invocation.cold, "it was warm before the old one went"
    await until_gone(old)


async def test_an_unchanged_function_keeps_its_process(runtimes: Runtimes) -> None:
    changed, other = runtimes.function(PID), runtimes.function(PID, logical_id="Other")
    runtime = await runtimes.run(changed, other)
    pid = await value(runtime, function="Other")
    await replace(runtime, changed, other, changed="Fn")
    assert await value(runtime, function="Other") == pid


async def test_an_invocation_under_way_finishes_in_the_old_code(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    function = runtimes.function(WAITING)
    runtime = await runtimes.run(function)
    running = asyncio.create_task(invoke(runtime, str(tmp_path / "gate")))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    runtimes.write(function.code, NEW)
    await replace(runtime, function, changed="Fn")
    assert await value(runtime) == "new"
    (tmp_path / "gate").touch()
    [old] = pids([await running])
    await until_gone(old)


async def test_waiting_invocations_move_on_to_the_new_code(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    function = runtimes.function(WAITING)
    runtime = await runtimes.run(function, max_environments_per_function=1)
    running = asyncio.create_task(invoke(runtime, str(tmp_path / "gate")))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    waiting = [asyncio.create_task(invoke(runtime, "")) for _ in range(5)]
    await asyncio.sleep(0)
    runtimes.write(function.code, NEW)
    await replace(runtime, function, changed="Fn")
    results = [invocation.result for invocation in await asyncio.gather(*waiting)]
    assert results == [Succeeded(b'"new"')] * 5
    (tmp_path / "gate").touch()
    assert len(pids([await running])) == 1


async def test_a_burst_across_a_replacement_loses_nothing(runtimes: Runtimes) -> None:
    function = runtimes.function(PID)
    runtime = await runtimes.run(function, max_environments_per_function=2)
    before = [asyncio.create_task(invoke(runtime)) for _ in range(200)]
    runtimes.write(function.code, NEW)
    replacing = asyncio.create_task(replace(runtime, function, changed="Fn"))
    for task in before[:20]:
        await task
    meanwhile = [asyncio.create_task(invoke(runtime)) for _ in range(200)]
    await replacing
    results = [one.result for one in await asyncio.gather(*before, *meanwhile)]
    assert all(isinstance(result, Succeeded) for result in results), results
    assert results[-1] == Succeeded(b'"new"')


async def test_code_that_does_not_import_replaces_nothing(runtimes: Runtimes) -> None:
    function, other = runtimes.function(PID), runtimes.function(PID, logical_id="Other")
    others = children()
    runtime = await runtimes.run(function, other)
    pid, other_pid = await value(runtime), await value(runtime, function="Other")
    runtimes.write(function.code, BROKEN)
    with pytest.raises(FunctionInitError, match=r"Fn: .*nothing_of_that_name"):
        await runtime.replace({"Fn": function, "Other": other}, {"Fn", "Other"})
    assert await value(runtime) == pid
    assert await value(runtime, function="Other") == other_pid
    assert len(children() - others) == 2, "no process is left of what was tried"


async def test_a_held_function_answers_from_what_runs_while_its_code_is_broken(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    function = runtimes.function(WAITING)
    runtime = await runtimes.run(function, idle_seconds=0.05)
    await runtime.warm("Fn")
    runtimes.write(function.code, BROKEN)
    runtime.hold({"Fn"})
    tasks = [asyncio.create_task(invoke(runtime, str(tmp_path / "gate"))) for _ in range(3)]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    (tmp_path / "gate").touch()
    assert len(set(pids(await asyncio.gather(*tasks)))) == 1, "no second process was started"


async def test_new_functions_come_and_removed_ones_go(runtimes: Runtimes) -> None:
    first, second = runtimes.function(PID), runtimes.function(PID, logical_id="Second")
    runtime = await runtimes.run(first)
    old = await value(runtime)
    await replace(runtime, second)
    assert await value(runtime, function="Second") != old
    await until_gone(old)
    with pytest.raises(GatewayError, match="Fn: no such function"):
        await invoke(runtime)


async def test_what_waits_for_a_removed_function_is_still_served(
    runtimes: Runtimes, tmp_path: Path
) -> None:
    runtime = await runtimes.run(runtimes.function(WAITING), max_environments_per_function=1)
    tasks = [asyncio.create_task(invoke(runtime, str(tmp_path / "gate"))) for _ in range(3)]
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    await replace(runtime)
    (tmp_path / "gate").touch()
    [pid] = set(pids(await asyncio.gather(*tasks)))
    await until_gone(pid)


async def test_close_ends_what_is_still_retiring(runtimes: Runtimes, tmp_path: Path) -> None:
    others = children()
    function = runtimes.function(WAITING)
    runtime = await runtimes.run(function)
    running = asyncio.create_task(invoke(runtime, str(tmp_path / "gate")))
    await runtimes.recorder.wait_until(lambda: len(runtimes.recorder.started) == 1)
    await replace(runtime, function, changed="Fn")
    assert len(children() - others) == 2
    await runtime.close()
    assert not children() - others
    assert not isinstance((await running).result, Succeeded)
