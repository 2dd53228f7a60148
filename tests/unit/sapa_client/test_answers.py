"""The parts of an answer, as a client iterates over them."""

import asyncio
from typing import Any

import pytest

from sapa_client import AnswerError, SessionEndedError
from sapa_client.answers import Answer


async def stop(answer_id: str) -> None:
    raise AssertionError(answer_id)


def frame(number: int, **content: Any) -> dict[str, Any]:
    return {"$channel": "answer:a", "$sequence": number, "$sent_at": 1, **content}


def received(*frames: dict[str, Any], after: int = 0) -> Answer:
    answer = Answer("a", stop, after=after)
    for each in frames:
        answer.receive(each)
    return answer


async def parts(answer: Answer) -> list[Any]:
    async with asyncio.timeout(10):
        return [part async for part in answer]


async def test_parts_come_in_order_and_once() -> None:
    end = frame(4, **{"$end": "done"})
    second, first, third = frame(2, message="b"), frame(1, message="a"), frame(3, step=1)
    answer = received(second, end, {"$channel": "answer:a", "$working": True}, first, second, third)
    assert await parts(answer) == [{"message": "a"}, {"message": "b"}, {"step": 1}]
    assert answer.status == "done"
    assert answer.has_ended


async def test_text_is_that_of_all_parts() -> None:
    answer = received(frame(1, message="Ha"), frame(2, message="i!"), frame(3, **{"$end": "done"}))
    assert await answer.text() == "Hai!"


async def test_an_answer_goes_on_behind_what_is_there() -> None:
    answer = received(frame(1, message="a"), frame(3, **{"$end": "stopped"}), after=2)
    assert await parts(answer) == []
    assert answer.status == "stopped"


async def test_a_failed_answer_raises_after_its_parts() -> None:
    error = {"code": "interrupted", "message": "The answer was interrupted."}
    answer = received(frame(1, message="a"), frame(2, **{"$end": "failed", "error": error}))
    seen = aiter(answer)
    assert await anext(seen) == {"message": "a"}
    with pytest.raises(AnswerError) as caught:
        await anext(seen)
    assert caught.value.code == "interrupted"


async def test_the_end_of_the_connection_ends_the_iteration() -> None:
    answer = received(frame(1, message="a"))
    answer.fail(SessionEndedError("session_ended", "Log in again."))
    with pytest.raises(SessionEndedError):
        await parts(answer)
