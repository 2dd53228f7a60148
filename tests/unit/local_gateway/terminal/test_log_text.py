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
