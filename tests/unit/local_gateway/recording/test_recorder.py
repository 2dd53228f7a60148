import asyncio
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from local_gateway.core.invocation import Failed, Invocation, Succeeded, Throttled, TimedOut
from local_gateway.recording.reader import load_recording
from local_gateway.recording.recorder import CallRecorder, Recording, RecordingInvoker
from local_gateway.recording.redaction import MARKER
from local_gateway.recording.writer import RecordFile
from local_gateway.records import ApiRecord, Direction, Frame
from tests.unit.local_gateway.recording.fakes import (
    AT,
    CONNECTION,
    OTHER,
    TIME,
    FakeInvoker,
    StoppedClock,
    Told,
    message_event,
    returning,
)


@pytest.fixture
def told() -> Told:
    return Told()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "traffic.jsonl"


@pytest.fixture
def recording(path: Path, told: Told) -> Iterator[Recording]:
    with RecordFile(path, redacted=True, warn=told) as file:
        yield Recording(file, StoppedClock())


@pytest.fixture
def plain(path: Path, told: Told) -> Iterator[Recording]:
    with RecordFile(path, redacted=False, warn=told) as file:
        yield Recording(file, StoppedClock())


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def posted(connection_id: str, status: int = 200, method: str = "POST") -> ApiRecord:
    return ApiRecord(
        at=AT,
        api="management",
        route_key=f"{method} @connections",
        outcome=str(status),
        connection_id=connection_id,
    )


async def test_line_of_an_invocation(recording: Recording, path: Path) -> None:
    event = message_event('{"message":"Hai!"}')
    invoker = RecordingInvoker(FakeInvoker(Default=returning({"statusCode": 200})), recording)
    await invoker.invoke("Default", json.dumps(event).encode())
    header, line = lines(path)
    assert header == {"type": "recording", "version": 1, "redacted": True}
    assert line == {
        "type": "invocation",
        "number": 0,
        "time": TIME,
        "function": "Default",
        "route_key": "$default",
        "event_type": "MESSAGE",
        "connection_id": CONNECTION,
        "event": event,
        "result": {"kind": "succeeded", "payload": {"statusCode": 200}},
        "duration_ms": 500.0,
        "cold": False,
    }


@pytest.mark.parametrize(
    ("result", "expected"),
    [
        (Succeeded(b"null"), {"kind": "succeeded", "payload": None}),
        (Succeeded("ä".encode()), {"kind": "succeeded", "payload_text": "ä"}),
        (Succeeded(b"\xff"), {"kind": "succeeded", "payload_base64": "/w=="}),
        (Failed("E", "m"), {"kind": "failed", "error_type": "E", "message": "m"}),
        (TimedOut(3.0), {"kind": "timed_out", "seconds": 3.0}),
        (Throttled(), {"kind": "throttled"}),
    ],
)
async def test_every_result_is_recorded(
    recording: Recording, path: Path, result: Any, expected: dict[str, Any]
) -> None:
    invoker = RecordingInvoker(FakeInvoker(F=lambda _: result), recording)
    assert (await invoker.invoke("F", b"{}")).result == result
    assert lines(path)[-1]["result"] == expected


@pytest.mark.parametrize(
    ("event", "route"),
    [
        (
            {"type": "REQUEST", "requestContext": {"routeKey": "$connect", "connectionId": "x"}},
            ("$connect", "REQUEST", "x"),
        ),
        (
            {"routeKey": "GET /x", "requestContext": {"http": {}, "routeKey": "GET /x"}},
            ("GET /x", "HTTP", None),
        ),
        (
            {"requestContext": {"httpMethod": "GET", "resourcePath": "/pets/{id}"}},
            ("GET /pets/{id}", "HTTP", None),
        ),
        ({"type": "TOKEN", "authorizationToken": "x"}, (None, "TOKEN", None)),
        ({"Records": [{"eventSource": "aws:sqs"}]}, (None, "aws:sqs", None)),
        ({"detail-type": "Order placed"}, (None, "Order placed", None)),
        ({}, (None, None, None)),
        ([1], (None, None, None)),
    ],
)
async def test_route_and_type_of_events(
    recording: Recording, path: Path, event: Any, route: tuple[str | None, ...]
) -> None:
    invoker = RecordingInvoker(FakeInvoker(F=returning(None)), recording)
    await invoker.invoke("F", json.dumps(event).encode())
    line = lines(path)[-1]
    assert (line["route_key"], line["event_type"], line["connection_id"]) == route


async def test_secrets_are_taken_out_unless_asked_for(recording: Recording, path: Path) -> None:
    event = {"headers": {"Cookie": "session=hunter2"}, "body": '{"password":"hunter2"}'}
    result = {"cookies": ["session=hunter2"], "body": '{"token":"hunter2"}'}
    invoker = RecordingInvoker(FakeInvoker(F=returning(result)), recording)
    answered = await invoker.invoke("F", json.dumps(event).encode())
    assert answered.result == Succeeded(json.dumps(result).encode())
    written = json.dumps(lines(path))
    assert "hunter2" not in written
    assert written.count(MARKER) == 4


async def test_secrets_are_kept_when_asked_for(plain: Recording, path: Path) -> None:
    event = {"headers": {"Cookie": "session=hunter2"}}
    await RecordingInvoker(FakeInvoker(F=returning(None)), plain).invoke(
        "F", json.dumps(event).encode()
    )
    assert lines(path)[0]["redacted"] is False
    assert lines(path)[1]["event"] == event


async def test_invocation_that_is_given_up_is_unfinished(recording: Recording, path: Path) -> None:
    class Stuck:
        async def invoke(
            self,
            function: str,
            payload: bytes,
            /,
            *,
            trace_id: str | None = None,
            request_id: str | None = None,
        ) -> Invocation:
            started.set()
            await asyncio.Event().wait()
            raise AssertionError

    started = asyncio.Event()
    task = asyncio.create_task(RecordingInvoker(Stuck(), recording).invoke("F", b"{}"))
    await started.wait()
    during = recording.running
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
    assert (during, recording.running) == ((0,), ())
    assert lines(path)[-1]["result"] == {"kind": "unfinished"}
    assert lines(path)[-1]["duration_ms"] is None


def test_post_is_recorded_with_what_was_sent_during_which_invocations(
    recording: Recording, path: Path
) -> None:
    recorder = CallRecorder(recording)
    recording.begin()
    recorder.observe(Frame(AT, CONNECTION, Direction.OUT, '{"token":"hunter2","n":1}'))
    recorder.observe(posted(CONNECTION))
    assert lines(path)[-1] == {
        "type": "management",
        "time": TIME,
        "method": "POST",
        "connection_id": CONNECTION,
        "status": 200,
        "data": f'{{"token":"{MARKER}","n":1}}',
        "during": [0],
    }


def test_frames_that_no_post_sent_are_not_taken_for_posts(recording: Recording, path: Path) -> None:
    recorder = CallRecorder(recording)
    recorder.observe(Frame(AT, CONNECTION, Direction.OUT, "to another"))
    recorder.observe(posted(OTHER))
    recorder.observe(Frame(AT, CONNECTION, Direction.OUT, "a reply"))
    recorder.observe(Frame(AT, CONNECTION, Direction.IN, "a message"))
    recorder.observe(posted(CONNECTION, 410))
    recorder.observe(Frame(AT, CONNECTION, Direction.OUT, "a reply"))
    recorder.observe(posted(CONNECTION, 204, "DELETE"))
    recorder.observe(ApiRecord(AT, "websocket", "$default", "ok"))
    calls = lines(path)[1:]
    assert [(call["method"], call["status"], call["data"]) for call in calls] == [
        ("POST", 200, None),
        ("POST", 410, None),
        ("DELETE", 204, None),
    ]


async def test_what_is_written_is_read_back(recording: Recording, path: Path) -> None:
    recorder = CallRecorder(recording)

    def post(_: Any) -> Succeeded:
        recorder.observe(Frame(AT, CONNECTION, Direction.OUT, "Halo!"))
        recorder.observe(posted(CONNECTION))
        return Succeeded(b"null")

    invoker = RecordingInvoker(FakeInvoker(F=post), recording)
    for body in ("one", "two \ud83d"):
        await invoker.invoke("F", json.dumps(message_event(body)).encode())
    read = load_recording(path)
    assert [item.event["body"] for item in read.invocations] == ["one", "two \ud83d"]
    assert [(call.data, call.during) for call in read.calls] == [("Halo!", (0,)), ("Halo!", (1,))]
    assert read.redacted
    assert read.warnings == ()
