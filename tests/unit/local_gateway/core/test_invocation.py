"""What the end of an invocation is called."""

import pytest

from local_gateway.core.invocation import (
    Failed,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
    outcome_of,
)


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Succeeded(b"{}"), ("ok", None)),
        (Failed("KeyError", "'x'"), ("error", "KeyError: 'x'")),
        (TimedOut(29.0), ("timeout", "no answer within 29 s")),
        (Throttled(), ("throttled", "no execution environment is free")),
    ],
)
def test_every_result_has_an_outcome(
    result: InvocationResult, expected: tuple[str, str | None]
) -> None:
    assert outcome_of(result) == expected
