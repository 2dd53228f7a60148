"""Whatever a handler does, it is answered at once, and the next invocation is served."""

import asyncio
import json
from typing import Any

import pytest

from local_gateway.core.results import Failed, InvocationResult, Succeeded, TimedOut
from local_gateway.errors import GatewayError
from tests.integration.local_gateway.runtime.workshop import (
    Workshop,
    invoke,
    until_gone,
    value,
)

HANDLER = r"""
    import os, signal, subprocess, sys, threading, time
    from collections import namedtuple
    from decimal import Decimal

    def lambda_handler(event, context):
        return globals()[event["do"]](**event.get("with", {}))

    def nothing():
        return None

    def echo(value):
        return value

    def falsy(which):
        return {"false": False, "zero": 0, "empty": "", "list": []}[which]

    def fail(message):
        raise KeyError(message)

    def leave(code):
        sys.exit(code)

    def vanish(code):
        os._exit(code)

    def die():
        os.kill(os.getpid(), signal.SIGKILL)

    def unmarshallable():
        return {"object": object()}

    def raw(text):
        return text.encode()

    def decimals():
        return {"whole": Decimal("3"), "half": Decimal("0.5")}

    def large(size):
        return "x" * size

    def hang():
        time.sleep(1000)

    def spin():
        while True:
            pass

    def hold_the_gil():
        import re
        re.match(r"(a+)+$", "a" * 64 + "b")

    def junk():
        os.write(1, b"\xff\xfe\x00{\"statusCode\": 200}\n" * 3)
        os.write(2, b"no line end")
        return "fine"

    def spawn():
        return subprocess.Popen(["sleep", "1000"]).pid

    def pid():
        return os.getpid()

    def die_after_the_answer():
        threading.Timer(0.02, os._exit, (3,)).start()
        return os.getpid()

    def exit_with_a_thread_alive():
        threading.Thread(target=time.sleep, args=(1000,)).start()
        sys.exit(4)
"""


def do(name: str, **arguments: Any) -> dict[str, Any]:
    return {"do": name, "with": arguments}


async def result_of(workshop: Workshop, event: object) -> InvocationResult:
    """The result of an event, after which the same runtime must still serve."""
    runtime = await workshop.serve(HANDLER)
    result = (await invoke(runtime, event)).result
    assert await value(runtime, do("echo", value="next")) == "next"
    return result


@pytest.mark.parametrize("answer", [None, False, 0, "", [], {}, "ä€🎈 \u2028", {"a": [1, 2.5]}])
async def test_returns_what_the_handler_returned(workshop: Workshop, answer: object) -> None:
    result = await result_of(workshop, do("echo", value=answer))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == answer


async def test_returning_none_is_an_answer(workshop: Workshop) -> None:
    assert await result_of(workshop, do("nothing")) == Succeeded(b"null")


async def test_text_outside_ascii_is_not_escaped(workshop: Workshop) -> None:
    assert await result_of(workshop, do("echo", value="ä")) == Succeeded('"ä"'.encode())


async def test_decimals_become_numbers(workshop: Workshop) -> None:
    result = await result_of(workshop, do("decimals"))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == {"whole": 3, "half": 0.5}


async def test_bytes_pass_as_they_are(workshop: Workshop) -> None:
    assert await result_of(workshop, do("raw", text="not JSON")) == Succeeded(b"not JSON")


async def test_an_exception_is_a_failure_with_its_type_and_message(workshop: Workshop) -> None:
    assert await result_of(workshop, do("fail", message="lost")) == Failed("KeyError", "'lost'")


async def test_a_very_long_error_message_is_a_failure_too(workshop: Workshop) -> None:
    result = await result_of(workshop, do("fail", message="x" * 500_000))
    assert result == Failed("KeyError", f"'{'x' * 500_000}'")


async def test_what_has_no_json_form_is_a_marshal_error(workshop: Workshop) -> None:
    result = await result_of(workshop, do("unmarshallable"))
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
    workshop: Workshop, event: object, reason: str
) -> None:
    runtime = await workshop.serve(HANDLER)
    invocation = await invoke(runtime, event)
    message = f"RequestId: {invocation.request_id} Error: {reason}"
    assert invocation.result == Failed("Runtime.ExitError", message)
    following = await invoke(runtime, do("echo", value=1))
    assert following.result == Succeeded(b"1")
    assert following.cold


async def test_a_response_over_6_mb_is_a_failure(workshop: Workshop) -> None:
    result = await result_of(workshop, do("large", size=7 * 1024 * 1024))
    assert isinstance(result, Failed)
    assert result.error_type == "Function.ResponseSizeTooLarge"


async def test_a_response_just_below_6_mb_passes(workshop: Workshop) -> None:
    size = 6 * 1024 * 1024 - 2
    result = await result_of(workshop, do("large", size=size))
    assert result == Succeeded(b'"' + b"x" * size + b'"')


async def test_a_large_event_arrives(workshop: Workshop) -> None:
    text = "ä" * 1_000_000
    result = await result_of(workshop, do("echo", value=text))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == text


async def test_an_event_over_6_mb_is_refused(workshop: Workshop) -> None:
    result = await result_of(workshop, do("echo", value="x" * 7 * 1024 * 1024))
    assert isinstance(result, Failed)
    assert result.error_type == "RequestTooLargeException"


async def test_an_event_that_is_not_json_is_an_unmarshal_error(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    result = (await runtime.invoke("Fn", b"{")).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.UnmarshalError"


@pytest.mark.parametrize("blocker", ["hang", "spin", "hold_the_gil"])
async def test_a_function_that_does_not_return_times_out(workshop: Workshop, blocker: str) -> None:
    runtime = await workshop.run(workshop.function(HANDLER, timeout=0.5))
    first = await value(runtime, do("pid"))
    assert (await invoke(runtime, do(blocker))).result == TimedOut(0.5)
    assert await value(runtime, do("pid")) != first


async def test_printed_junk_is_no_answer(workshop: Workshop) -> None:
    assert await result_of(workshop, do("junk")) == Succeeded(b'"fine"')


async def test_a_process_that_the_handler_leaves_behind_delays_nothing(workshop: Workshop) -> None:
    result = await result_of(workshop, do("spawn"))
    assert isinstance(result, Succeeded)


async def test_an_environment_that_dies_after_its_answer_is_replaced(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    await until_gone(await value(runtime, do("die_after_the_answer")))
    following = await invoke(runtime, do("echo", value=1))
    assert following.result == Succeeded(b"1")
    assert following.cold


async def test_a_thread_that_outlives_exit_ends_in_the_timeout(workshop: Workshop) -> None:
    runtime = await workshop.run(workshop.function(HANDLER, timeout=0.5))
    assert (await invoke(runtime, do("exit_with_a_thread_alive"))).result == TimedOut(0.5)
    assert await value(runtime, do("echo", value=1)) == 1


async def test_warm_invocations_reuse_the_process_and_count_no_init(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    first, second = [await invoke(runtime, do("pid")) for _ in range(2)]
    assert first.result == second.result
    assert first.cold
    assert first.init_duration is not None
    assert first.init_duration > 0
    assert not second.cold
    assert second.init_duration is None
    assert second.duration > 0
    assert first.request_id != second.request_id


async def test_the_observer_hears_of_start_and_end(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    invocation = await invoke(runtime, do("nothing"))
    assert workshop.recorder.started == [("Fn", invocation.request_id, True)]
    assert workshop.recorder.finished == [("Fn", invocation)]


async def test_an_unknown_function_is_named_with_those_that_exist(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    with pytest.raises(GatewayError, match=r"Other: no such function; the template has: Fn"):
        await runtime.invoke("Other", b"{}")


async def test_functions_do_not_share_processes(workshop: Workshop) -> None:
    runtime = await workshop.run(
        workshop.function(HANDLER, logical_id="A"), workshop.function(HANDLER, logical_id="B")
    )
    pids = await asyncio.gather(value(runtime, do("pid"), "A"), value(runtime, do("pid"), "B"))
    assert len(set(pids)) == 2
