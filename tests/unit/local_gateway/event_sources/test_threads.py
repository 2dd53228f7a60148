"""Blocking calls in threads: results, errors, and results that arrive too late."""

import asyncio
import threading

import pytest

from local_gateway.event_sources.threads import begin_in_thread, in_thread


async def test_result_and_error_of_a_call() -> None:
    assert await in_thread(lambda: 5) == 5
    with pytest.raises(ZeroDivisionError):
        await in_thread(lambda: 1 // 0)


async def test_result_of_a_cancelled_call_is_given_back() -> None:
    begun, go_on, given_back = threading.Event(), threading.Event(), threading.Event()
    results: list[str] = []

    def call() -> str:
        begun.set()
        go_on.wait(20)
        return "late"

    def unwanted(result: str) -> None:
        results.append(result)
        given_back.set()

    task = asyncio.create_task(in_thread(call, unwanted))
    await in_thread(lambda: begun.wait(20))
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    go_on.set()
    assert await in_thread(lambda: given_back.wait(20))
    assert results == ["late"]


async def test_errors_in_the_background_reach_nobody() -> None:
    done = threading.Event()

    def call() -> None:
        done.set()
        raise ValueError("ignored")

    begin_in_thread(call)
    assert await in_thread(lambda: done.wait(20))
