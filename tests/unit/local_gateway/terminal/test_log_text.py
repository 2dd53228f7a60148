"""Log lines as a person reads them."""

import json

import pytest

from local_gateway.terminal.log_text import LogText, readable

RECORD = {
    "level": "INFO",
    "location": "lambda_handler:3",
    "message": "answered",
    "service": "sapa",
    "cold_start": True,
    "connection_id": "ejHATtlbE_KkAiU=",
    "request_id": "ejHATtlbEwGkBR0=",
    "username": "ana",
    "status": 200,
}


def test_structured_line_becomes_level_message_and_what_is_special() -> None:
    assert readable(json.dumps(RECORD)) == LogText(
        ("INFO answered username=ana status=200 connection_id=ejHATtlb…",), "INFO"
    )


@pytest.mark.parametrize("level", ["WARNING", "ERROR", "CRITICAL"])
def test_a_problem_has_the_ids_that_lead_to_its_cause(level: str) -> None:
    text = readable(json.dumps({**RECORD, "level": level, "message_id": "m1"}))
    assert text.is_problem
    [line] = text.lines
    assert line.startswith(f"{level} answered")
    assert "request_id=ejHATtlbEwGkBR0=" in line
    assert "message_id=m1" in line


def test_a_correlation_id_is_one_of_a_connection_too_and_short_ones_stay_whole() -> None:
    record = {"level": "INFO", "message": "answered", "correlation_id": "abc="}
    assert readable(json.dumps(record)).lines == ("INFO answered correlation_id=abc=",)


def test_exception_follows_in_its_own_lines() -> None:
    record = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  File x"}
    assert readable(json.dumps(record)).lines == ("ERROR failed", "Traceback:", "  File x")


def test_embedded_metrics_are_left_out() -> None:
    assert readable(json.dumps({"_aws": {"Timestamp": 1}, "ColdStart": [1.0]})) == LogText(())


@pytest.mark.parametrize("line", ["plain", "{not json", '{"level": "INFO"}', "[1]", "", "{}"])
def test_anything_else_is_shown_as_it_is(line: str) -> None:
    assert readable(line) == LogText((line,))


def node_line(level: str, message: str, request_id: str = "undefined") -> str:
    return f"2026-12-01T18:14:35.007Z\t{request_id}\t{level}\t{message}"


@pytest.mark.parametrize("request_id", ["undefined", "1346acb1-a6de-4b77-a690-a1ca7ae6a1ae"])
@pytest.mark.parametrize("level", ["TRACE", "DEBUG", "INFO", "WARN", "ERROR", "FATAL"])
def test_a_line_of_node_loses_time_and_request_id(level: str, request_id: str) -> None:
    text = readable(node_line(level, "sent\tto 2", request_id))
    assert text == LogText((f"{level} sent\tto 2",), level)
    assert text.is_problem == (level in {"WARN", "ERROR", "FATAL"})


def test_an_error_of_node_is_shown_with_the_handler_s_part_of_its_stack() -> None:
    stack = [
        "TypeError: bad",
        "    at answer (/task/app.js:1:2)",
        "    at Bootstrap._invoke (/gateway/runtime/child/node/bootstrap.cjs:70:47)",
        "    at process.processTicksAndRejections (node:internal/process/task_queues:95:5)",
    ]
    error = json.dumps({"errorType": "TypeError", "stack": stack})
    text = readable(node_line("ERROR", f"Invoke Error \t{error}"))
    assert text.lines == (
        "ERROR Invoke Error: TypeError: bad",
        "    at answer (/task/app.js:1:2)",
    )


@pytest.mark.parametrize("message", ["Invoke Error \t{not json}", 'Invoke Error \t{"stack": 1}'])
def test_an_error_of_node_without_a_stack_is_shown_as_it_is(message: str) -> None:
    assert readable(node_line("ERROR", message)).lines == (f"ERROR {message}",)


def test_lambda_s_own_json_is_shown_with_the_handler_s_part_of_its_stack() -> None:
    record = {
        "timestamp": "2026-12-01T18:14:35.007Z",
        "level": "ERROR",
        "requestId": "1346acb1-a6de-4b77-a690-a1ca7ae6a1ae",
        "message": "failed TypeError: bad",
        "errorType": "TypeError",
        "errorMessage": "bad",
        "stackTrace": [
            "TypeError: bad",
            "    at x (/task/app.js:1:2)",
            "    at y (node:internal/z:1)",
        ],
    }
    assert readable(json.dumps(record)).lines == (
        "ERROR failed TypeError: bad requestId=1346acb1-a6de-4b77-a690-a1ca7ae6a1ae",
        "TypeError: bad",
        "    at x (/task/app.js:1:2)",
    )
    assert readable(json.dumps({**record, "level": "INFO", "stackTrace": 1})).lines == (
        "INFO failed TypeError: bad",
    )


def test_an_error_that_is_the_message_is_shown_like_one() -> None:
    stack = ["Error: boom", "    at handler (/task/a.js:2:142)", "    at z (node:internal/z:1)"]
    message = {"errorType": "Error", "errorMessage": "boom", "stackTrace": stack}
    text = readable(json.dumps({"level": "ERROR", "message": message}))
    assert text.lines == ("ERROR Error: boom", "    at handler (/task/a.js:2:142)")


def test_a_rejection_is_shown_with_the_stack_of_its_reason() -> None:
    reason = {"stack": ["Error: later", "    at x (/task/a.js:2:271)"]}
    stack = ["Runtime.UnhandledPromiseRejection: Error: later", "    at y (node:internal/z:1)"]
    error = json.dumps({"stack": stack, "reason": reason})
    text = readable(node_line("ERROR", f"Unhandled Promise Rejection \t{error}"))
    assert text.lines == (
        "ERROR Unhandled Promise Rejection: Runtime.UnhandledPromiseRejection: Error: later",
        "    at x (/task/a.js:2:271)",
    )
