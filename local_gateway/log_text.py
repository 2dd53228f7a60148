"""A function's log line as a person reads it: structured logging becomes one short line."""

import json
from typing import Any

# What Powertools' Logger adds to every line and the terminal shows already, or nobody reads there.
_LEFT_OUT = frozenset(
    {
        "level",
        "location",
        "message",
        "timestamp",
        "service",
        "cold_start",
        "function_name",
        "function_memory_size",
        "function_arn",
        "function_request_id",
        "xray_trace_id",
        "exception",
        "exception_name",
        "stack_trace",
    }
)


def readable(line: str) -> list[str]:
    """The lines to show for one line of log; none for embedded metrics.

    `{"level": "INFO", "message": "answered", "code": "ok", …}` becomes `INFO answered code=ok`, an
    exception follows as it was printed. Any other line is shown as it is.
    """
    if not line.startswith("{"):
        return [line]
    try:
        record = json.loads(line)
    except ValueError:
        return [line]
    if not isinstance(record, dict):
        return [line]
    if "_aws" in record:
        return []
    if "level" not in record or "message" not in record:
        return [line]
    return [_headline(record), *_traceback(record)]


def _headline(record: dict[str, Any]) -> str:
    message = record["message"]
    text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    extra = [f"{key}={_value(value)}" for key, value in record.items() if key not in _LEFT_OUT]
    return " ".join([str(record["level"]), text, *extra])


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _traceback(record: dict[str, Any]) -> list[str]:
    exception = record.get("exception")
    return exception.splitlines() if isinstance(exception, str) else []
