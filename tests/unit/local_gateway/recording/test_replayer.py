import pytest

from local_gateway.core.invocation import Failed, InvocationResult, Succeeded
from local_gateway.recording.replayer import Outcome, Replayer, expected_calls
from tests.unit.local_gateway.recording.fakes import FakeInvoker, returning
from tests.unit.local_gateway.recording.samples import (
    RETURNS_OK,
    invocation,
    recording,
    replayed,
    shown,
)


async def test_same_result_is_the_same() -> None:
    items = await replayed(recording([invocation(0), invocation(1)]), RETURNS_OK)
    assert [item.outcome for item in items] == [Outcome.SAME, Outcome.SAME]


async def test_event_is_invoked_as_it_was_recorded() -> None:
    invoker = FakeInvoker(Default=RETURNS_OK)
    read = recording([invocation(0, event={"body": "ä\ud83d"})])
    async for _ in Replayer(invoker, ["Default"], read, expected_calls(read)).replay():
        pass
    assert invoker.invoked == [("Default", {"body": "ä\ud83d"})]


@pytest.mark.parametrize(
    ("result", "differences"),
    [
        (Succeeded(b'{"statusCode":500}'), ["~ result.payload.statusCode: 200 → 500"]),
        (
            Failed("KeyError", "'x'"),
            [
                '~ result.kind: "succeeded" → "failed"',
                '- result.payload: {"statusCode": 200}',
                '+ result.error_type: "KeyError"',
                """+ result.message: "'x'\"""",
            ],
        ),
    ],
)
async def test_other_result_is_shown(result: InvocationResult, differences: list[str]) -> None:
    items = await replayed(recording([invocation()]), lambda _: result)
    assert shown(items) == [differences]
    assert items[0].outcome is Outcome.CHANGED


async def test_function_that_is_gone_is_a_change_and_the_rest_is_replayed() -> None:
    read = recording([invocation(0, function="Gone"), invocation(1)])
    gone, there = await replayed(read, RETURNS_OK)
    assert "no such function" in str(gone.differences[0])
    assert there.outcome is Outcome.SAME


async def test_invocation_that_had_no_end_is_not_compared() -> None:
    read = recording([invocation(result={"kind": "unfinished"}, duration_ms=None)])
    (item,) = await replayed(read, RETURNS_OK)
    assert (item.outcome, item.differences) == (Outcome.NOT_COMPARED, ())


async def test_redacted_result_is_compared_with_a_redacted_one() -> None:
    result = {"kind": "succeeded", "payload": {"cookies": ["__redacted__"], "statusCode": 200}}
    event = {"body": '{"password":"__redacted__"}'}
    read = recording([invocation(result=result, event=event)], redacted=True)
    (item,) = await replayed(read, returning({"cookies": ["s=fresh"], "statusCode": 200}))
    assert item.outcome is Outcome.SAME
    assert item.incomplete
