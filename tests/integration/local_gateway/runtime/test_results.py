"""What a handler returns is the answer, byte for byte."""

import asyncio
import json

import pytest

from local_gateway.core.invocation import Succeeded
from local_gateway.errors import GatewayError
from local_gateway.records import InvocationRecord
from tests.integration.local_gateway.runtime.handlers import HANDLER, do, result_of
from tests.support.workshop import Workshop, invoke, value


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


async def test_a_response_just_below_6_mb_passes(workshop: Workshop) -> None:
    size = 6 * 1024 * 1024 - 2
    result = await result_of(workshop, do("large", size=size))
    assert result == Succeeded(b'"' + b"x" * size + b'"')


async def test_a_large_event_arrives(workshop: Workshop) -> None:
    text = "ä" * 1_000_000
    result = await result_of(workshop, do("echo", value=text))
    assert isinstance(result, Succeeded)
    assert json.loads(result.payload) == text


async def test_printed_junk_is_no_answer(workshop: Workshop) -> None:
    assert await result_of(workshop, do("junk")) == Succeeded(b'"fine"')


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


async def test_the_end_of_an_invocation_is_reported(workshop: Workshop) -> None:
    runtime = await workshop.serve(HANDLER)
    invocation = await invoke(runtime, do("nothing"))
    assert workshop.recorder.started == [invocation.request_id]
    [record] = workshop.recorder.finished
    assert record == InvocationRecord.from_invocation(record.at, "Fn", invocation)
    assert record.cold


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
