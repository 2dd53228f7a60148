"""The rows of the page, as JSON."""

from typing import Any

from local_gateway.records import ApiRecord, Frame, InvocationRecord, LogLine, Record


def row_json(number: int, record: Record) -> dict[str, Any]:
    """The row as the page gets it: `number` orders rows, `kind` is what a row is.

    Durations are milliseconds. A `run` and an `entry` with the same `request` are about the same
    invocation.
    """
    row: dict[str, Any]
    match record:
        case Frame(at, connection_id, direction, text):
            row = {"kind": "frame", "connection": connection_id, "way": direction, "text": text}
        case LogLine(at, function, stream, text, request_id):
            row = {"kind": "log", "function": function, "stream": stream, "text": text}
            row |= {"request": request_id}
        case InvocationRecord(at):
            row = {"kind": "run", **_invocation(record)}
        case ApiRecord(at):
            row = {"kind": "entry", **_api(record)}
    return {"number": number, "at": at, **row}


def _invocation(record: InvocationRecord) -> dict[str, Any]:
    return {
        "function": record.function,
        "request": record.request_id,
        "duration": _milliseconds(record.duration),
        "init": _milliseconds(record.init_duration),
        "cold": record.cold,
        "outcome": record.outcome,
        "detail": record.detail,
        "problem": record.outcome != "ok",
    }


def _api(record: ApiRecord) -> dict[str, Any]:
    return {
        "api": record.api,
        "route": record.route_key,
        "outcome": record.outcome,
        "connection": record.connection_id,
        "function": record.function,
        "request": record.request_id,
        "duration": round(record.duration_ms, 2) if record.duration_ms is not None else None,
        "cold": record.cold,
        "detail": record.detail,
        "problem": record.problem,
        "integration": record.integration,
    }


def _milliseconds(seconds: float | None) -> float | None:
    return round(seconds * 1000, 2) if seconds is not None else None
