"""Replies that are no result: refusals, limits, and a resume."""

import json
from collections.abc import Iterator, Mapping

import pytest

from sapa.messages.replies import answer
from sapa.refusals import (
    ChannelNameError,
    ForbiddenChannelError,
    PayloadError,
    PayloadTooLargeError,
    RefusalError,
    RefusedError,
    StateConflictError,
    StateValueError,
    TooManyChannelsError,
)
from tests.unit.sapa.messages.test_replies import asked, context, error, frames, made


def test_refusal_is_told_in_the_words_of_the_process() -> None:
    def refuse() -> Iterator[str]:
        yield "first"
        raise RefusedError("It is ana's turn.", {"cell": "not yours"})

    reply = asked(made(refuse))
    told = {"code": "refused", "message": "It is ana's turn.", "fields": {"cell": "not yours"}}
    assert frames(reply) == [{"error": told, "$id": 1}]
    assert (reply.outcome, reply.failure) == ("refused", None)


REFUSALS = [
    (ChannelNameError(" "), "invalid_channel"),
    (TooManyChannelsError("c", 50), "too_many_channels"),
    (ForbiddenChannelError("user:ana"), "forbidden_channel"),
    (PayloadError("no"), "invalid_payload"),
    (PayloadTooLargeError(9, 8), "payload_too_large"),
    (StateValueError("k", "no"), "invalid_state"),
    (StateConflictError("k", 8), "state_conflict"),
]


@pytest.mark.parametrize(("refusal", "code"), REFUSALS)
def test_refusals_of_the_context_have_their_own_codes(refusal: RefusalError, code: str) -> None:
    def refuse() -> str:
        raise refusal

    reply = asked(made(refuse))
    assert error(reply) == {"code": code, "message": str(refusal)}
    assert (frames(reply)[0]["$id"], reply.outcome, reply.failure) == (1, code, None)


@pytest.mark.parametrize("text", ['{"$ping": 1}', '{"$id": 1}', '{"$resume": {}}'])
def test_messages_that_come_too_fast_are_told_when_to_come(text: str) -> None:
    asked_for: list[tuple[str, str]] = []

    def limit(connection_id: str, username: str) -> int:
        asked_for.append((connection_id, username))
        return 70

    process = made(lambda: pytest.fail("ran"))
    reply = answer(text, context(), lambda _: process, retry_after_ms=limit)
    assert (error(reply)["code"], error(reply)["retry_after_ms"]) == ("rate_limited", 70)
    assert asked_for == [("c", "demo")]


def test_resume_runs_no_process() -> None:
    def resume(positions: Mapping[str, int], message_id: str | int | None) -> list[str]:
        return [json.dumps({"positions": dict(positions), "$id": message_id})]

    process = made(lambda: pytest.fail("ran"))
    text = '{"$resume": {"a": 1}, "$id": 3}'
    reply = answer(text, context(), lambda _: process, resume=resume)
    assert frames(reply) == [{"positions": {"a": 1}, "$id": 3}]
    assert reply.outcome == "resumed"
