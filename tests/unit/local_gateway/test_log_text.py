"""Log lines as a person reads them."""

import json

import pytest

from local_gateway.log_text import readable


def test_structured_line_becomes_level_message_and_what_is_special() -> None:
    record = {
        "level": "INFO",
        "location": "lambda_handler:3",
        "message": "answered",
        "service": "sapa",
        "cold_start": True,
        "correlation_id": "abc=",
        "status": 200,
    }
    assert readable(json.dumps(record)) == ["INFO answered correlation_id=abc= status=200"]


def test_exception_follows_in_its_own_lines() -> None:
    record = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  File x"}
    assert readable(json.dumps(record)) == ["ERROR failed", "Traceback:", "  File x"]


def test_embedded_metrics_are_left_out() -> None:
    assert readable(json.dumps({"_aws": {"Timestamp": 1}, "HttpRequest": [1.0]})) == []


@pytest.mark.parametrize("line", ["plain", "{not json", '{"level": "INFO"}', "[1]", "", "{}"])
def test_anything_else_is_shown_as_it_is(line: str) -> None:
    assert readable(line) == [line]
