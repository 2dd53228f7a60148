import io
import json

from local_gateway.recording.reader import LoadedRecording
from local_gateway.recording.report import JsonReport, Report, Summary, TextReport
from tests.unit.local_gateway.recording.fakes import CONNECTION, Handler
from tests.unit.local_gateway.recording.samples import (
    RETURNS_OK,
    invocation,
    recording,
    replayed,
)


async def told(report: Report, read: LoadedRecording, handler: Handler) -> Summary:
    summary = Summary(read)
    for item in await replayed(read, handler):
        summary.add(item)
        report.event(item)
    report.end(summary)
    return summary


async def test_report_for_people() -> None:
    out = io.StringIO()
    event = {"headers": {"Cookie": "__redacted__"}}
    read = recording([invocation(0), invocation(1, result={"kind": "throttled"}, event=event)])
    summary = await told(TextReport(out), read, RETURNS_OK)
    first, second, *differences, counts, hint = out.getvalue().splitlines()
    assert first.split() == ["0", "same", "Default", "$default", "(MESSAGE)", CONNECTION]
    assert second.split()[:2] == ["1", "changed"]
    assert [line.strip() for line in differences] == [
        '~ result.kind: "throttled" → "succeeded"',
        '+ result.payload: {"statusCode": 200}',
    ]
    assert counts == "2 events: 1 same, 1 changed, 0 not compared"
    assert "1 of the changed events" in hint
    assert "--record-secrets" in hint
    assert summary.changed


async def test_http_request_is_shown_with_method_and_path() -> None:
    out = io.StringIO()
    event = {"requestContext": {"http": {"method": "POST", "path": "/login"}}}
    await told(TextReport(out), recording([invocation(event=event)]), RETURNS_OK)
    assert "  POST /login  " in out.getvalue()


async def test_report_for_machines() -> None:
    out = io.StringIO()
    summary = await told(JsonReport(out), recording([invocation()]), RETURNS_OK)
    event, end = (json.loads(line) for line in out.getvalue().splitlines())
    assert event == {
        "type": "replayed",
        "number": 0,
        "function": "Default",
        "route_key": "$default",
        "event_type": "MESSAGE",
        "connection_id": CONNECTION,
        "outcome": "same",
        "differences": [],
        "redacted_event": False,
    }
    assert end == {
        "type": "summary",
        "same": 1,
        "changed": 0,
        "not_compared": 0,
        "redacted_recording": False,
    }
    assert not summary.changed
