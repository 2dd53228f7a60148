"""What a person reads in the terminal."""

import asyncio
import io
import json
import os
import pty
import time

import pytest

from local_gateway.records import ApiRecord, LogLine
from local_gateway.terminal.terminal import LineBuffer, Terminal, shows_colours

AT = 1_700_000_000_042
TIME = time.strftime("%H:%M:%S", time.localtime(AT // 1000)) + ".042"
FAILED = {"level": "ERROR", "message": "failed", "exception": "Traceback:\n  File x"}


def printed(*lines: str, verbose: bool = False, coloured: bool = False) -> list[str]:
    """What is shown of the log lines of the function `F`."""
    out = io.StringIO()
    terminal = Terminal(out, verbose=verbose, coloured=coloured)
    for line in lines:
        terminal.observe(LogLine(AT, "F", "stdout", line, "r1"))
    return out.getvalue().splitlines()


def test_a_log_line_begins_like_those_about_requests() -> None:
    line = json.dumps({"level": "INFO", "message": "answered", "code": "ok", "service": "s"})
    assert printed(line) == [f"{TIME}   F | INFO answered code=ok"]
    out = io.StringIO()
    Terminal(out).observe(ApiRecord(AT, "http", "GET /", "200"))
    assert out.getvalue().startswith(f"{TIME}   GET /")


def test_a_failure_is_marked_and_its_exception_stands_below() -> None:
    assert printed(json.dumps(FAILED)) == [
        f"{TIME} ! F | ERROR failed",
        f"{'':15}F | Traceback:",
        f"{'':15}F |   File x",
    ]


def test_an_integration_stands_where_a_function_would() -> None:
    out = io.StringIO()
    record = ApiRecord(
        AT, "websocket", "order", "200", "c=", duration_ms=1.5, integration="sqs:SendMessage"
    )
    Terminal(out).observe(record)
    assert out.getvalue() == f"{TIME}   order          200 1.5 ms sqs:SendMessage c=\n"


def test_metrics_are_no_lines() -> None:
    assert printed('{"_aws": {"Timestamp": 1}}', "hello") == [f"{TIME}   F | hello"]


def test_verbose_changes_no_line() -> None:
    lines = [json.dumps(FAILED), '{"_aws": {"Timestamp": 1}}', "REPORT RequestId: r1"]
    assert printed(*lines, verbose=True) == [f"{TIME}   F | {line}" for line in lines]


@pytest.mark.parametrize(
    ("level", "colour"), [("WARNING", "\x1b[33m"), ("ERROR", "\x1b[31m"), ("INFO", "")]
)
def test_a_terminal_with_colours_shows_problems_in_them(level: str, colour: str) -> None:
    [line] = printed(json.dumps({"level": level, "message": "m"}), coloured=True)
    assert line.startswith(colour + TIME)
    assert line.endswith("\x1b[0m" if colour else "m")


def test_without_colours_there_is_no_escape() -> None:
    assert "\x1b" not in "".join(printed(json.dumps(FAILED)))
    out = io.StringIO()
    record = ApiRecord(AT, "websocket", "$default", "error", problem=True)
    Terminal(out).observe(record)
    assert "\x1b" not in out.getvalue()
    Terminal(out, coloured=True).observe(record)
    assert "\x1b[33m" in out.getvalue()


def test_colours_are_for_terminals_whose_owner_wants_them() -> None:
    assert not shows_colours(io.StringIO(), {})
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "w") as terminal:
        assert shows_colours(terminal, {})
        assert not shows_colours(terminal, {"NO_COLOR": "1"})
    os.close(ours)


def test_lines_keep_their_order() -> None:
    async def write() -> None:
        lines = LineBuffer(out)
        lines.write_soon("first")
        lines.write_soon("second")
        assert out.getvalue() == ""
        lines.write("third")
        assert out.getvalue() == "first\nsecond\nthird\n"

    out = io.StringIO()
    asyncio.run(write())


def test_lines_are_written_without_being_asked_for() -> None:
    class Out(io.StringIO):
        def flush(self) -> None:
            written.set()

    async def write() -> None:
        LineBuffer(out).write_soon("line")
        async with asyncio.timeout(20):
            await written.wait()

    out, written = Out(), asyncio.Event()
    asyncio.run(write())
    assert out.getvalue() == "line\n"


def test_a_line_is_written_at_once_where_no_loop_runs() -> None:
    out = io.StringIO()
    LineBuffer(out).write_soon("line")
    assert out.getvalue() == "line\n"


def test_what_is_left_can_be_written() -> None:
    async def leave() -> LineBuffer:
        lines = LineBuffer(out)
        lines.write_soon("line")
        return lines

    out = io.StringIO()
    lines = asyncio.run(leave())
    lines.flush()
    lines.flush()
    assert out.getvalue() == "line\n"


HOSTILE = "\x1b[31mX\nFAKE-LINE\r\u2028\ud83d"


def test_text_of_others_is_escaped_in_every_field() -> None:
    out = io.StringIO()
    terminal = Terminal(out)
    terminal.observe(
        ApiRecord(
            AT, "http", HOSTILE, HOSTILE, connection_id=HOSTILE, function=HOSTILE, detail=HOSTILE
        )
    )
    terminal.observe(LogLine(AT, HOSTILE, "stdout", HOSTILE, None))
    terminal.observe(LogLine(AT, "F", "stdout", json.dumps({**FAILED, "message": HOSTILE}), None))
    terminal.warn(HOSTILE.replace("\n", ""))
    shown = out.getvalue()
    assert not set(shown) & {"\x1b", "\r", "\u2028", "\ud83d"}
    assert len(shown.splitlines()) == 6
    assert shown.count("\\x1b[31mX") == 9


def test_an_encoding_that_lacks_a_character_loses_no_line() -> None:
    raw = io.BytesIO()
    terminal = Terminal(io.TextIOWrapper(raw, encoding="ascii"))
    terminal.say("first")
    terminal.say("é")
    assert raw.getvalue() == b"first\n\\xe9\n"


def shown_files(*records: ApiRecord, shows_files: bool = False) -> list[str]:
    out = io.StringIO()
    terminal = Terminal(out, shows_files=shows_files)
    for record in records:
        terminal.observe(record)
    return [line.split()[2] for line in out.getvalue().splitlines()]


@pytest.mark.parametrize("outcome", ["200", "204", "304"])
def test_files_that_were_sent_are_shown_on_request_only(outcome: str) -> None:
    record = ApiRecord(AT, "http", "GET /static/app.min.js", outcome)
    assert shown_files(record) == []
    assert shown_files(record, shows_files=True) == ["/static/app.min.js"]


@pytest.mark.parametrize(
    "record",
    [
        ApiRecord(AT, "http", "GET /app.js", "404 Not Found"),
        ApiRecord(AT, "http", "GET /app.js", "500", problem=True),
        ApiRecord(AT, "http", "GET /app.js", "302"),
        ApiRecord(AT, "http", "POST /app.js", "200"),
        ApiRecord(AT, "http", "GET /items/1.5", "200"),
        ApiRecord(AT, "http", "GET /", "200"),
    ],
)
def test_other_requests_are_shown(record: ApiRecord) -> None:
    assert len(shown_files(record)) == 1


def test_tracebacks_are_in_colour() -> None:
    lines = [
        "before",
        "[ERROR] ValueError: x",
        "Traceback (most recent call last):",
        '  File "app.py", line 1, in handler',
        "after it",
        "Traceback (most recent call last):",
        "  File x",
        "pkg.SomeError: bad",
        "after",
    ]
    shown = printed(*lines, coloured=True)
    assert [line.startswith("\x1b[31m") for line in shown] == [
        False,
        True,
        True,
        True,
        False,
        True,
        True,
        True,
        False,
    ]
    assert all(line.startswith("\x1b[31m") for line in printed(json.dumps(FAILED), coloured=True))
