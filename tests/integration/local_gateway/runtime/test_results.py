"""What a handler returns is the answer, byte for byte."""

import asyncio
import json

import pytest

from local_gateway.core.invocation import Succeeded
from local_gateway.errors import GatewayError
from local_gateway.records import InvocationRecord
from tests.integration.local_gateway.runtime.handlers import HANDLER, do, result_of
from tests.support.runtimes import Runtimes, invoke, value


@pytest.mark.parametrize("answer", [None, False, 0, "", [], {}, "ä€🎈 \u2028", {"a": [1, 2.5]}])
async def test_returns_what_the_handler_returned(runtimes: Runtimes, answer: object) -> None:
    result = await result_of(runtimes, do("echo", value=answer))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == answer


async def test_returning_none_is_an_answer(runtimes: Runtimes) -> None:
    assert await result_of(runtimes, do("nothing")) == Succeeded(b"null")


async def test_text_outside_ascii_is_not_escaped(runtimes: Runtimes) -> None:
    assert await result_of(runtimes, do("echo", value="ä")) == Succeeded('"ä"'.encode())


async def test_decimals_become_numbers(python_runtimes: Runtimes) -> None:
    result = await result_of(python_runtimes, do("decimals"))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == {"whole": 3, "half": 0.5}


async def test_bytes_pass_as_they_are(python_runtimes: Runtimes) -> None:
    assert await result_of(python_runtimes, do("raw", text="not JSON")) == Succeeded(b"not JSON")


async def test_a_response_just_below_6_mb_passes(runtimes: Runtimes) -> None:
    size = 6 * 1024 * 1024 - 2
    result = await result_of(runtimes, do("large", size=size))
    assert result == Succeeded(b'"' + b"x" * size + b'"')


async def test_a_large_event_arrives(runtimes: Runtimes) -> None:
    text = "ä" * 1_000_000
    result = await result_of(runtimes, do("echo", value=text))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == text


async def test_printed_junk_is_no_answer(runtimes: Runtimes) -> None:
    assert await result_of(runtimes, do("junk")) == Succeeded(b'"fine"')


async def test_warm_invocations_reuse_the_process_and_count_no_init(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANDLER)
    first, second = [await invoke(runtime, do("pid")) for _ in range(2)]
    assert first.result == second.result
    assert first.cold
    assert first.init_duration is not None
    assert first.init_duration > 0
    assert not second.cold
    assert second.init_duration is None
    assert second.duration > 0
    assert first.request_id != second.request_id


async def test_the_end_of_an_invocation_is_reported(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANDLER)
    invocation = await invoke(runtime, do("nothing"))
    assert runtimes.recorder.started == [invocation.request_id]
    [record] = runtimes.recorder.finished
    assert record == InvocationRecord.from_invocation(record.at, "Fn", invocation)
    assert record.cold


async def test_an_unknown_function_is_named_with_those_that_exist(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(HANDLER)
    with pytest.raises(GatewayError, match=r"Other: no such function; the template has: Fn"):
        await runtime.invoke("Other", b"{}")


async def test_functions_do_not_share_processes(runtimes: Runtimes) -> None:
    runtime = await runtimes.run(
        runtimes.function(HANDLER, logical_id="A"), runtimes.function(HANDLER, logical_id="B")
    )
    pids = await asyncio.gather(value(runtime, do("pid"), "A"), value(runtime, do("pid"), "B"))
    assert len(set(pids)) == 2
