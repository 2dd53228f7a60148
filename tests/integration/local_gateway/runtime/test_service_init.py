"""The init phase: what can go wrong before the first event."""

import asyncio

import pytest

from local_gateway.core.invocation import Failed, Succeeded, TimedOut
from local_gateway.runtime.service import MOST_KEPT_WARM, FunctionInitError
from tests.support.runtimes import Code, Runtimes, invoke, value

GOOD = Code(
    python="""
    def lambda_handler(event, context):
        return "ok"
""",
    node="exports.lambda_handler = async () => 'ok';",
)
BROKEN = Code(
    python="raise LookupError('no')",
    node="throw Object.assign(new Error('no'), { name: 'LookupError' });",
)
HANGING = Code(python="import time; time.sleep(1000)", node="for (;;) { /* for ever */ }")


@pytest.mark.parametrize(
    ("code", "handler", "error_type", "message"),
    [
        ("import no_such_module", "app.lambda_handler", "Runtime.ImportModuleError", "no_such_mo"),
        (GOOD, "nowhere.lambda_handler", "Runtime.ImportModuleError", "nowhere"),
        (GOOD, "app.other", "Runtime.HandlerNotFound", "'other' missing on module 'app'"),
        (GOOD, "app", "Runtime.MalformedHandlerName", "app"),
        (GOOD, "sys.exit", "Runtime.BuiltInModuleConflict", "sys"),
        ("def f(:", "app.lambda_handler", "Runtime.UserCodeSyntaxError", "module 'app'"),
        ("raise LookupError('why')", "app.lambda_handler", "LookupError", "why"),
        ("import sys; sys.exit(9)", "app.lambda_handler", "Runtime.ExitError", "status 9"),
        ("import os; os._exit(0)", "app.lambda_handler", "Runtime.ExitError", "without"),
    ],
)
async def test_an_init_error_fails_the_invocation(
    python_runtimes: Runtimes, code: str, handler: str, error_type: str, message: str
) -> None:
    runtime = await python_runtimes.run(python_runtimes.function(code, handler=handler))
    for _ in range(2):
        result = (await invoke(runtime)).result
        assert isinstance(result, Failed)
        assert result.error_type == error_type
        assert message in result.message


async def test_the_next_invocation_tries_again(runtimes: Runtimes) -> None:
    function = runtimes.function(BROKEN)
    runtime = await runtimes.run(function)
    assert (await invoke(runtime)).result == Failed("LookupError", "no")
    runtimes.write(function.code, GOOD)
    assert await value(runtime) == "ok"


async def test_a_handler_in_a_directory_is_found(runtimes: Runtimes) -> None:
    function = runtimes.function(GOOD, handler="inner/part.lambda_handler")
    (function.code / "inner").mkdir()
    (file,) = function.code.glob("app.*")
    file.rename(function.code / "inner" / f"part{file.suffix}")
    assert await value(await runtimes.run(function)) == "ok"


async def test_an_init_phase_that_hangs_is_cut_off(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANGING, init_timeout=0.5)
    assert (await invoke(runtime)).result == TimedOut(0.5)


async def test_a_thread_does_not_keep_a_failed_environment_alive(python_runtimes: Runtimes) -> None:
    code = """
        import threading, time
        threading.Thread(target=time.sleep, args=(1000,)).start()
        raise LookupError("no")
    """
    runtime = await python_runtimes.serve(code)
    assert (await invoke(runtime)).result == Failed("LookupError", "no")


async def test_code_that_is_not_there_fails_the_invocation(runtimes: Runtimes) -> None:
    function = runtimes.function(GOOD)
    (file,) = function.code.iterdir()
    file.unlink()
    function.code.rmdir()
    result = (await invoke(await runtimes.run(function))).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.InvalidEntrypoint"


async def test_waiting_invocations_fail_together_when_nothing_starts(
    runtimes: Runtimes,
) -> None:
    runtime = await runtimes.serve(BROKEN)
    invocations = await asyncio.gather(*(invoke(runtime) for _ in range(50)))
    assert {invocation.result for invocation in invocations} == {Failed("LookupError", "no")}


async def test_warm_starts_an_environment_ahead(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(GOOD)
    await runtime.warm("Fn")
    await runtime.warm("Fn")
    invocation = await invoke(runtime)
    assert invocation.result == Succeeded(b'"ok"')
    assert not invocation.cold
    assert invocation.init_duration is None


@pytest.mark.parametrize(
    ("code", "handler", "text"),
    [
        (
            "import no_such_module",
            "app.lambda_handler",
            "Fn: handler app.lambda_handler does not import: No module named 'no_such_module'; "
            "install it into the environment the gateway runs in, or put it into a layer",
        ),
        ("def f(:", "app.lambda_handler", "Fn: handler app.lambda_handler does not import: Syntax"),
        (GOOD, "app.other", "Fn: handler app.other does not exist: Handler 'other' missing"),
        ("1 / 0", "app.lambda_handler", "does not start: ZeroDivisionError: division by zero"),
    ],
)
async def test_warm_tells_why_a_function_does_not_start(
    python_runtimes: Runtimes, code: str, handler: str, text: str
) -> None:
    runtime = await python_runtimes.run(python_runtimes.function(code, handler=handler))
    with pytest.raises(FunctionInitError) as caught:
        await runtime.warm("Fn")
    assert text in str(caught.value)


async def test_warm_tells_that_a_function_hangs(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANGING, init_timeout=0.5)
    with pytest.raises(FunctionInitError, match=r"does not start: not ready within 0\.5 s"):
        await runtime.warm("Fn")


async def test_trying_all_functions_warns_of_those_that_do_not_start(runtimes: Runtimes) -> None:
    runtime = await runtimes.run(
        runtimes.function(BROKEN, logical_id="Broken"),
        runtimes.function(GOOD, logical_id="Good"),
    )
    warnings: list[str] = []
    await runtime.try_functions(warnings.append)
    [warning] = warnings
    assert warning.startswith("Broken: ")
    assert "LookupError: no" in warning
    assert not (await invoke(runtime, function="Good")).cold


async def test_only_so_many_functions_keep_an_environment_that_nobody_called(
    runtimes: Runtimes,
) -> None:
    names = [f"Fn{number}" for number in range(MOST_KEPT_WARM + 2)]
    runtime = await runtimes.run(*(runtimes.function(GOOD, logical_id=name) for name in names))
    await runtime.try_functions(pytest.fail)
    cold = [(await invoke(runtime, function=name)).cold for name in names]
    assert cold == [False] * MOST_KEPT_WARM + [True, True]


async def test_an_invocation_waits_for_an_environment_that_is_being_warmed(
    runtimes: Runtimes,
) -> None:
    runtime = await runtimes.serve(GOOD, max_environments_per_function=1)
    warming = asyncio.create_task(runtime.warm("Fn"))
    await asyncio.sleep(0)
    assert await value(runtime) == "ok"
    await warming
    assert len(runtimes.recorder.started) == 1
