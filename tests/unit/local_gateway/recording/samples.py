"""Recordings made by hand, and what replaying them shows."""

from collections.abc import Iterable
from typing import Any

from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.format import RecordedCall, RecordedInvocation
from local_gateway.recording.reader import LoadedRecording
from local_gateway.recording.replayer import Replayed, Replayer, expected_calls
from tests.unit.local_gateway.recording.fakes import (
    CONNECTION,
    TIME,
    FakeInvoker,
    Handler,
    message_event,
    returning,
)

OK = {"kind": "succeeded", "payload": {"statusCode": 200}}
RETURNS_OK = returning({"statusCode": 200})


def invocation(number: int = 0, **members: Any) -> RecordedInvocation:
    values: dict[str, Any] = {
        "time": TIME,
        "function": "Default",
        "route_key": "$default",
        "event_type": "MESSAGE",
        "connection_id": CONNECTION,
        "event": message_event(str(number)),
        "result": OK,
        "duration_ms": 1.0,
        "cold": False,
    }
    return RecordedInvocation(number=number, **{**values, **members})


def call(data: str | None = "Halo!", **members: Any) -> RecordedCall:
    values: dict[str, Any] = {
        "time": TIME,
        "method": "POST",
        "connection_id": CONNECTION,
        "status": 200,
        "during": (0,),
    }
    return RecordedCall(data=data, **{**values, **members})


def recording(
    invocations: Iterable[RecordedInvocation],
    calls: Iterable[RecordedCall] = (),
    *,
    redacted: bool = False,
) -> LoadedRecording:
    return LoadedRecording(redacted, tuple(invocations), tuple(calls))


async def replayed(
    read: LoadedRecording, handler: Handler, calls: ExpectedCalls | None = None
) -> list[Replayed]:
    invoker = FakeInvoker(Default=handler)
    replayer = Replayer(invoker, {"Default"}, read, calls or expected_calls(read))
    return [item async for item in replayer.replay()]


def shown(items: Iterable[Replayed]) -> list[list[str]]:
    return [[str(difference) for difference in item.differences] for item in items]
