"""Functions that `sam local start-lambda` runs: the same results as from the built-in runtime."""

import asyncio
import json
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded, Throttled, TimedOut
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import InvocationRecord, Observe, ignore
from local_gateway.runtime.remote import RemoteLambda
from local_gateway.runtime.settings import RuntimeSettings
from tests.support.recorder import DEADLINE, AsyncRecorder
from tests.support.start_lambda import (
    Behaviour,
    StartLambda,
    echo,
    hang,
    returning,
    serving,
)


def function(
    name: str = "Fn", *, timeout: float = 3.0, reserved_concurrency: int | None = None
) -> LambdaFunction:
    return LambdaFunction(
        logical_id=name,
        name=f"stack-{name}",
        arn=f"arn:aws:lambda:us-east-1:123456789012:function:stack-{name}",
        runtime="nodejs22.x",
        handler="index.handler",
        code=Path(),
        timeout=timeout,
        memory_size=128,
        reserved_concurrency=reserved_concurrency,
    )


@asynccontextmanager
async def remote(
    service: StartLambda, *functions: LambdaFunction, observe: Observe = ignore
) -> AsyncIterator[RemoteLambda]:
    known = {one.logical_id: one for one in functions or (function(),)}
    settings = RuntimeSettings(max_environments_per_function=2)
    async with serving(service) as url, asyncio.timeout(DEADLINE):
        lambdas = RemoteLambda(known, url=f"{url}/", settings=settings, observe=observe)
        await lambdas.start()
        try:
            yield lambdas
        finally:
            await lambdas.close()


async def result_of(
    behaviour: Behaviour, known: LambdaFunction | None = None, event: object = None
) -> InvocationResult:
    async with remote(StartLambda({"Fn": behaviour}), known or function()) as lambdas:
        return (await lambdas.invoke("Fn", json.dumps(event).encode())).result


async def test_the_event_goes_there_by_the_logical_id_and_the_result_comes_back() -> None:
    service = StartLambda({"Fn": echo})
    recorder = AsyncRecorder()
    event = {"body": "é", "requestContext": {"routeKey": "$default"}}
    async with remote(service, observe=recorder.observe) as lambdas:
        invocation = await lambdas.invoke("Fn", json.dumps(event).encode())
    assert isinstance(invocation.result, Succeeded)
    assert json.loads(invocation.result.payload) == event
    assert service.invoked == [("Fn", event)]
    [record] = recorder.finished
    assert record == InvocationRecord.from_invocation(record.at, "Fn", invocation)


async def test_connections_are_kept_alive() -> None:
    service = StartLambda({"Fn": echo})
    async with remote(service) as lambdas:
        for _ in range(3):
            await lambdas.invoke("Fn", b"1")
    assert len(service.connections) == 1


async def test_none_is_a_result() -> None:
    assert await result_of(echo, event=None) == Succeeded(b"null")


async def test_what_a_handler_raised_is_a_failure() -> None:
    assert await result_of(returning("raise")) == Failed("KeyError", "'x'")


async def test_a_function_that_cannot_be_imported_is_a_failure() -> None:
    result = await result_of(returning("Importing"))
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.ImportModuleError"


async def test_the_notice_of_the_runtime_in_the_container_is_a_timeout() -> None:
    assert await result_of(returning("sleep"), function(timeout=3.0)) == TimedOut(3.0)


async def test_a_container_that_was_stopped_after_the_timeout_is_a_timeout() -> None:
    assert await result_of(returning("Exiting"), function(timeout=0.0)) == TimedOut(0.0)


async def test_a_container_that_ended_by_itself_is_an_exit() -> None:
    result = await result_of(returning("Exiting"), function(timeout=900.0))
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.ExitError"


async def test_what_sam_refuses_is_a_failure_with_its_reason() -> None:
    async with remote(StartLambda({})) as lambdas:
        result = (await lambdas.invoke("Fn", b"{}")).result
    assert isinstance(result, Failed)
    assert result.error_type == "LambdaEndpoint.Refused"
    assert "404" in result.message
    assert "Function not found" in result.message


async def test_nothing_is_asked_before_the_first_invocation() -> None:
    service = StartLambda({})
    async with remote(service, function(), function("Other")) as lambdas:
        for name in ("Fn", "Other"):
            await lambdas.warm(name)
    assert service.requests == [("GET", "/")], "each question is an error in SAM's terminal"


async def test_functions_are_replaced() -> None:
    service = StartLambda({"Fn": echo, "New": echo})
    async with remote(service) as lambdas:
        assert (await lambdas.invoke("Fn", b"1")).result == Succeeded(b"1")
        await lambdas.replace({"New": function("New")}, {"New"})
        assert (await lambdas.invoke("New", b"2")).result == Succeeded(b"2")
        with pytest.raises(GatewayError, match=r"^Fn: no such function; the template has: New"):
            await lambdas.invoke("Fn", b"1")


async def test_reserved_concurrency_throttles_and_the_bound_makes_others_wait() -> None:
    running, free = asyncio.Queue[object](), asyncio.Event()

    async def wait(event: object) -> object:
        await running.put(event)
        await free.wait()
        return event

    functions = function("Bounded"), function("Reserved", reserved_concurrency=1)
    service = StartLambda({"Bounded": wait, "Reserved": wait})
    async with remote(service, *functions) as lambdas, asyncio.TaskGroup() as tasks:
        names = ["Bounded", "Bounded", "Bounded", "Reserved"]
        calls = [tasks.create_task(lambdas.invoke(name, b"1")) for name in names]
        for _ in range(3):
            await running.get()
        assert (await lambdas.invoke("Reserved", b"1")).result == Throttled()
        assert len(service.invoked) == 3, "two places are taken, the third waits"
        free.set()
        assert [(await call).result for call in calls] == [Succeeded(b"1")] * 4


async def test_nobody_at_the_url_is_one_clear_line() -> None:
    async with serving(StartLambda({})) as url:
        pass
    lambdas = RemoteLambda({"Fn": function()}, url=url)
    with pytest.raises(GatewayError) as raised:
        await lambdas.start()
    text = str(raised.value)
    assert "\n" not in text
    assert text.startswith(f"--lambda-endpoint {url}: nothing answers there")
    assert "sam local start-lambda" in text


async def test_an_endpoint_that_goes_away_fails_the_invocations() -> None:
    async with serving(StartLambda({"Fn": echo})) as url:
        lambdas = RemoteLambda({"Fn": function()}, url=url)
        await lambdas.start()
    result = (await lambdas.invoke("Fn", b"{}")).result
    await lambdas.close()
    assert isinstance(result, Failed)
    assert result.error_type == "LambdaEndpoint.Unreachable"
    assert url in result.message


async def test_closing_ends_what_is_under_way() -> None:
    began = asyncio.Event()

    async def begin(event: object) -> object:
        began.set()
        return await hang(event)

    async with remote(StartLambda({"Fn": begin})) as lambdas:
        call = asyncio.create_task(lambdas.invoke("Fn", b"{}"))
        await began.wait()
        await lambdas.close()
        assert isinstance((await call).result, Failed)
        with pytest.raises(GatewayError, match="closed"):
            await lambdas.invoke("Fn", b"{}")


async def test_the_start_can_wait_for_somebody_to_answer() -> None:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        port = int(probe.getsockname()[1])
    waiting = asyncio.Event()
    lambdas = RemoteLambda({"Fn": function()}, url=f"http://127.0.0.1:{port}", waiting=waiting.set)
    async with asyncio.timeout(DEADLINE):
        start = asyncio.create_task(lambdas.start())
        await waiting.wait()
        assert not start.done()
        async with serving(StartLambda({"Fn": echo}), port):
            await start
            result = (await lambdas.invoke("Fn", b"[1]")).result
            await lambdas.close()
    assert result == Succeeded(b"[1]")


async def test_a_start_that_waits_can_be_given_up() -> None:
    waiting = asyncio.Event()
    lambdas = RemoteLambda({}, url="http://127.0.0.1:9", waiting=waiting.set)
    async with asyncio.timeout(DEADLINE):
        start = asyncio.create_task(lambdas.start())
        await waiting.wait()
        start.cancel()
        with pytest.raises(asyncio.CancelledError):
            await start
        await lambdas.close()
