from typing import Any

import pytest

from local_gateway.core.invocation import InvocationResult, Succeeded
from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.format import RecordedCall
from local_gateway.recording.replayer import expected_calls
from tests.unit.local_gateway.recording.fakes import CONNECTION, OTHER
from tests.unit.local_gateway.recording.samples import (
    RETURNS_OK,
    call,
    invocation,
    recording,
    replayed,
    shown,
)


class Posting:
    """A handler that calls the management API and keeps the statuses that it got."""

    def __init__(self, calls: ExpectedCalls, *posts: tuple[str, str, str]) -> None:
        self._calls = calls
        self._posts = posts
        self.statuses: list[int] = []

    def __call__(self, event: Any) -> InvocationResult:
        for method, connection_id, data in self._posts:
            self.statuses.append(self._calls.answer(method, connection_id, data.encode()))
        return Succeeded(b'{"statusCode":200}')


@pytest.mark.parametrize(
    ("recorded", "made", "differences"),
    [
        ([call()], [("POST", CONNECTION, "Halo!")], []),
        (
            [call()],
            [("POST", CONNECTION, "Hello!")],
            [f'~ POST @connections/{CONNECTION}[0].data: "Halo!" → "Hello!"'],
        ),
        (
            [call()],
            [],
            [f'- POST @connections/{CONNECTION}[0]: {{"status": 200, "data": "Halo!"}}'],
        ),
        (
            [call()],
            [("POST", CONNECTION, "Halo!"), ("DELETE", CONNECTION, "")],
            [f'+ DELETE @connections/{CONNECTION}[0]: {{"status": 204}}'],
        ),
        (
            [call('{"n":1}')],
            [("POST", CONNECTION, '{"n":2}')],
            [f"~ POST @connections/{CONNECTION}[0].data.n: 1 → 2"],
        ),
        (
            [call("one"), call("two", connection_id=OTHER)],
            [("POST", OTHER, "two"), ("POST", CONNECTION, "one")],
            [],
        ),
        (
            [call("one"), call("two")],
            [("POST", CONNECTION, "two"), ("POST", CONNECTION, "one")],
            [
                f'~ POST @connections/{CONNECTION}[0].data: "one" → "two"',
                f'~ POST @connections/{CONNECTION}[1].data: "two" → "one"',
            ],
        ),
        ([call(None, status=410)], [("POST", CONNECTION, "Halo!")], []),
    ],
)
async def test_calls_are_compared_connection_by_connection(
    recorded: list[RecordedCall], made: list[tuple[str, str, str]], differences: list[str]
) -> None:
    read = recording([invocation()], recorded)
    calls = expected_calls(read)
    items = await replayed(read, Posting(calls, *made), calls)
    assert shown(items) == [differences]


async def test_calls_are_answered_as_they_were() -> None:
    recorded = [call(None, status=410), call("Halo!", connection_id=OTHER), call(None, status=429)]
    read = recording([invocation()], recorded)
    calls = expected_calls(read)
    posting = Posting(
        calls,
        ("POST", CONNECTION, "x"),
        ("POST", OTHER, "Halo!"),
        ("GET", CONNECTION, ""),
        ("DELETE", OTHER, ""),
        ("PUT", OTHER, ""),
        ("POST", "AAAAAAAAAAAAAAA=", "x"),
        ("POST", "nonsense", "x"),
    )
    await replayed(read, posting, calls)
    assert posting.statuses == [410, 200, 200, 204, 403, 410, 400]


async def test_connection_is_gone_once_it_has_disconnected() -> None:
    read = recording([invocation(0), invocation(1, event_type="DISCONNECT"), invocation(2)])
    calls = expected_calls(read)
    posting = Posting(calls, ("POST", CONNECTION, "x"))
    await replayed(read, posting, calls)
    assert posting.statuses == [200, 410, 410]


async def test_large_post_is_refused() -> None:
    read = recording([invocation()])
    calls = expected_calls(read)
    posting = Posting(
        calls, ("POST", CONNECTION, "x" * 131_073), ("POST", CONNECTION, "ä" * 65_536)
    )
    await replayed(read, posting, calls)
    assert posting.statuses == [413, 200]


async def test_calls_of_invocations_that_ran_at_once_count_for_the_one_that_makes_them() -> None:
    recorded = [call("of 1", during=(0, 1)), call("of 0", during=(0, 1))]
    read = recording([invocation(0), invocation(1)], recorded)
    calls = expected_calls(read)

    def answer(event: Any) -> InvocationResult:
        calls.answer("POST", CONNECTION, f"of {event['body']}".encode())
        return Succeeded(b'{"statusCode":200}')

    assert shown(await replayed(read, answer, calls)) == [[], []]


async def test_call_that_none_of_them_makes_is_missed_at_the_last() -> None:
    read = recording([invocation(0), invocation(1)], [call("x", during=(0, 1))])
    first, second = shown(await replayed(read, RETURNS_OK))
    assert first == []
    assert len(second) == 1


async def test_redacted_post_is_compared_with_a_redacted_one() -> None:
    read = recording([invocation()], [call('{"token":"__redacted__"}')], redacted=True)
    calls = expected_calls(read)
    items = await replayed(read, Posting(calls, ("POST", CONNECTION, '{"token":"fresh"}')), calls)
    assert shown(items) == [[]]
