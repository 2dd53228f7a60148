import io
import json
from typing import Any

from local_gateway.records import ApiRecord, Direction, Frame, LogLine
from local_gateway.terminal.json_terminal import JsonTerminal
from local_gateway.terminal.terminal import Terminal

AT = 1_700_000_000_042
RECORD = ApiRecord(AT, "http", "GET /", "200", duration_ms=1.23456)


def lines(out: io.StringIO) -> list[dict[str, Any]]:
    return [json.loads(line) for line in out.getvalue().splitlines()]


def test_every_announcement_is_one_line_with_its_type() -> None:
    out = io.StringIO()
    terminal = JsonTerminal(out)
    terminal.say("two\nlines \ud83d")
    terminal.warn("careful")
    terminal.ready(["ws://localhost:1/dev"])
    terminal.observe(LogLine(AT, "F", "stdout", "line", None))
    terminal.observe(Frame(AT, "c", Direction.OUT, "messages of people are not printed"))
    assert lines(out) == [
        {"type": "info", "text": "two\nlines \ufffd"},
        {"type": "warning", "text": "careful"},
        {"type": "ready", "urls": ["ws://localhost:1/dev"]},
        {"type": "log", "function": "F", "stream": "stdout", "line": "line", "request_id": None},
    ]


def test_an_event_has_every_member() -> None:
    out = io.StringIO()
    JsonTerminal(out).observe(RECORD)
    assert lines(out) == [
        {
            "type": "event",
            "time": "2023-11-14T22:13:20.042Z",
            "api": "http",
            "route_key": "GET /",
            "outcome": "200",
            "connection_id": None,
            "function": None,
            "duration_ms": 1.235,
            "cold": False,
            "detail": None,
            "problem": False,
            "integration": None,
        }
    ]


def test_terminal_for_people_says_the_same_in_words() -> None:
    out = io.StringIO()
    terminal = Terminal(out)
    terminal.warn("careful")
    terminal.ready(["http://localhost:1/", "ws://localhost:1/dev"])
    assert out.getvalue().splitlines() == [
        "warning: careful",
        "Ready: http://localhost:1/, ws://localhost:1/dev  (Ctrl-C stops)",
    ]


def test_any_text_is_one_line_that_strict_parsers_read() -> None:
    out = io.StringIO()
    terminal = JsonTerminal(out)
    text = "a\n\x1b[31m\u2028\ud83d"
    terminal.observe(LogLine(AT, "F", "stdout", text, text))
    terminal.observe(ApiRecord(AT, "http", text, "200", connection_id=text, detail=text))
    terminal.ready([text])
    assert out.getvalue().isascii()
    assert "\\ud83d" not in out.getvalue()
    shown = "a\n\x1b[31m\u2028\ufffd"
    assert [line.get("line", line.get("detail", line.get("urls"))) for line in lines(out)] == [
        shown,
        shown,
        [shown],
    ]
