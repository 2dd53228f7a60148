"""Turns a structured line of a function's log into one short line for people."""

import json
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

# Keys that Powertools' Logger adds to every line: the terminal shows them already, or nobody reads
# them there.
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
        "stackTrace",
        "errorType",
        "errorMessage",
    }
)
# Long ids that are of use only when something went wrong.
_FOR_PROBLEMS = frozenset({"request_id", "requestId", "message_id"})
_CONNECTION = ("connection_id", "correlation_id")
_SHOWN_ID_LENGTH = 8
_PROBLEMS = frozenset({"WARN", "WARNING", "ERROR", "CRITICAL", "FATAL"})
# Lambda's text format for Node.js: time, request id, level, message.
_NODE_LINE = re.compile(
    r"\d{4}-\d\d-\d\dT[\d:.]+Z\t(?:[\da-f-]{36}|undefined)\t"
    r"(?P<level>TRACE|DEBUG|INFO|WARN|ERROR|FATAL)\t(?P<message>.*)"
)
# The message of an error that ended an invocation or the init phase.
_NODE_ERROR = re.compile(r"(?P<headline>[\w ]+) ?\t(?P<error>\{.*\})")
_NOT_THE_HANDLERS = ("/runtime/child/node/", "node:internal/")


@dataclass(frozen=True, slots=True)
class LogText:
    """The lines to show for a line of log, possibly none; `level` is the function's."""

    lines: tuple[str, ...]
    level: str = ""

    @property
    def is_problem(self) -> bool:
        """Whether the line is a warning or an error."""
        return self.level in _PROBLEMS


def readable(line: str) -> LogText:
    """A line of log for people.

    `{"level": "INFO", "message": "connected", "code": "ok", …}` becomes `INFO connected code=ok`,
    with the beginning of the connection id. Request ids are shown for problems only. An exception
    follows as it was printed; embedded metrics are not shown. Lines of Node.js lose their time and
    request id. Other lines do not change.
    """
    if (text := _NODE_LINE.fullmatch(line)) is not None:
        return LogText(tuple(_node_lines(text["level"], text["message"])), text["level"])
    if not line.startswith("{"):
        return LogText((line,))
    try:
        record = json.loads(line)
    except ValueError:
        return LogText((line,))
    if not isinstance(record, dict):
        return LogText((line,))
    if "_aws" in record:
        return LogText(())
    if "level" not in record or "message" not in record:
        return LogText((line,))
    level = str(record["level"])
    return LogText((_headline(level, record), *_traceback(record)), level)


def _node_lines(level: str, message: str) -> Iterator[str]:
    match = _NODE_ERROR.fullmatch(message)
    error = _error_lines(_parsed(match["error"])) if match is not None else []
    if match is None or not error:
        yield f"{level} {message}"
        return
    yield f"{level} {match['headline'].strip()}: {error[0]}"
    yield from error[1:]


def _error_lines(error: object) -> list[str]:
    """An error of Node.js: its text, and the part of its stack that is about the handler."""
    if not isinstance(error, dict):
        return []
    stack = error.get("stack") or error.get("stackTrace")
    if not isinstance(stack, list):
        return []
    reason = _error_lines(error.get("reason"))
    return [str(stack[0]), *_own_part(stack[1:]), *reason[1:]]


def _parsed(text: str) -> object:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _own_part(stack: list[object]) -> list[str]:
    """The lines of a stack that are about the handler."""
    lines = map(str, stack)
    return [line for line in lines if not any(part in line for part in _NOT_THE_HANDLERS)]


def _headline(level: str, record: dict[str, Any]) -> str:
    message = record["message"]
    error = _error_lines(message)
    if error:
        text = error[0]
    else:
        text = message if isinstance(message, str) else json.dumps(message, ensure_ascii=False)
    return " ".join([level, text, *_members(level, record)])


def _members(level: str, record: dict[str, Any]) -> Iterator[str]:
    for key, value in record.items():
        if key in _LEFT_OUT or key in _CONNECTION:
            continue
        if key not in _FOR_PROBLEMS or level in _PROBLEMS:
            yield f"{key}={_value(value)}"
    for key in _CONNECTION:
        if key in record:
            yield f"{key}={_shortened(_value(record[key]))}"


def _value(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _shortened(text: str) -> str:
    """Enough to distinguish connections; the lines about requests have the full id."""
    return text if len(text) <= _SHOWN_ID_LENGTH else text[:_SHOWN_ID_LENGTH] + "…"


def _traceback(record: dict[str, Any]) -> list[str]:
    exception, stack = record.get("exception"), record.get("stackTrace")
    if isinstance(stack, list):
        return _own_part(stack)
    if error := _error_lines(record["message"]):
        return error[1:]
    return exception.splitlines() if isinstance(exception, str) else []
