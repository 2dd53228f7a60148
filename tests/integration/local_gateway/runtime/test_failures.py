"""Whatever a handler does wrong is answered at once, and the next invocation is served."""

import json

import pytest

from local_gateway.core.invocation import Failed, Succeeded, TimedOut
from tests.integration.local_gateway.runtime.handlers import HANDLER, do, result_of
from tests.support.runtimes import Runtimes, invoke, until_gone, value


async def test_an_exception_is_a_failure_with_its_type_and_message(runtimes: Runtimes) -> None:
    assert await result_of(runtimes, do("fail", message="lost")) == Failed("KeyError", "'lost'")


async def test_a_very_long_error_message_is_a_failure_too(runtimes: Runtimes) -> None:
    result = await result_of(runtimes, do("fail", message="x" * 500_000))
    assert result == Failed("KeyError", f"'{'x' * 500_000}'")


async def test_what_has_no_json_form_is_a_marshal_error(python_runtimes: Runtimes) -> None:
    result = await result_of(python_runtimes, do("unmarshallable"))
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.MarshalError"
    assert "Unable to marshal response" in result.message


@pytest.mark.parametrize(
    ("event", "reason"),
    [
        (do("leave", code=3), "Runtime exited with error: exit status 3"),
        (do("leave", code=0), "Runtime exited without providing a reason"),
        (do("vanish", code=7), "Runtime exited with error: exit status 7"),
        (do("die"), "Runtime exited with error: signal: killed"),
    ],
)
async def test_the_end_of_the_process_is_a_failure(
    runtimes: Runtimes, event: object, reason: str
) -> None:
    runtime = await runtimes.serve(HANDLER)
    invocation = await invoke(runtime, event)
    message = f"RequestId: {invocation.request_id} Error: {reason}"
    assert invocation.result == Failed("Runtime.ExitError", message)
    following = await invoke(runtime, do("echo", value=1))
    assert following.result == Succeeded(b"1")
    assert following.cold


async def test_a_response_over_6_mb_is_a_failure(runtimes: Runtimes) -> None:
    result = await result_of(runtimes, do("large", size=7 * 1024 * 1024))
    assert isinstance(result, Failed)
    assert result.error_type == "Function.ResponseSizeTooLarge"


async def test_an_event_over_6_mb_is_refused(runtimes: Runtimes) -> None:
    result = await result_of(runtimes, do("echo", value="x" * 7 * 1024 * 1024))
    assert isinstance(result, Failed)
    assert result.error_type == "RequestTooLargeException"


async def test_an_event_that_is_not_json_is_an_unmarshal_error(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(HANDLER)
    result = (await runtime.invoke("Fn", b"{")).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.UnmarshalError"


@pytest.mark.parametrize("blocker", ["hang", "spin", "hold_the_gil"])
async def test_a_function_that_does_not_return_times_out(runtimes: Runtimes, blocker: str) -> None:
    runtime = await runtimes.run(runtimes.function(HANDLER, timeout=0.5))
    first = await value(runtime, do("pid"))
    assert (await invoke(runtime, do(blocker))).result == TimedOut(0.5)
    assert await value(runtime, do("pid")) != first


async def test_a_process_that_the_handler_leaves_behind_delays_nothing(runtimes: Runtimes) -> None:
    result = await result_of(runtimes, do("spawn"))
    assert isinstance(result, Succeeded)


async def test_an_environment_that_dies_after_its_answer_is_replaced(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANDLER)
    await until_gone(await value(runtime, do("die_after_the_answer")))
    following = await invoke(runtime, do("echo", value=1))
    assert following.result == Succeeded(b"1")
    assert following.cold


async def test_a_thread_that_outlives_exit_ends_in_the_timeout(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.run(python_runtimes.function(HANDLER, timeout=0.5))
    assert (await invoke(runtime, do("exit_with_a_thread_alive"))).result == TimedOut(0.5)
    assert await value(runtime, do("echo", value=1)) == 1


async def test_a_handler_that_calls_the_runtime_api_itself_is_refused(runtimes: Runtimes) -> None:
    result = await result_of(runtimes, do("meddle"))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == [403, 403, 400]


async def test_a_trailing_error_message_stays_whole(runtimes: Runtimes) -> None:
    message = "zwei\nZeilen ä€🎈"
    result = await result_of(runtimes, do("fail", message=message))
    assert result == Failed("KeyError", repr(message))
