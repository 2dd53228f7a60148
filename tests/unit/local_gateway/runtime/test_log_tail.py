"""The end of an invocation's log."""

from local_gateway.core.invocation import Invocation, Succeeded
from local_gateway.records import LogLine
from local_gateway.runtime.log_tail import MAX_BYTES, LogTails
from tests.support.applications import application

FUNCTION = application().functions["Message"]
INVOCATION = Invocation(result=Succeeded(b"1"), request_id="id", cold=False, duration=0.01)


def line(text: str, function: str = "Message", request_id: str | None = "id") -> LogLine:
    return LogLine(0, function, "stdout", text, request_id)


def test_only_lines_of_the_invocation_are_in_its_tail() -> None:
    tails = LogTails()
    tails.observe(line("before"))
    with tails.collect(FUNCTION) as tail:
        tails.observe(line("of another", function="Http"))
        tails.observe(line("of another", request_id="other"))
        tails.observe(line("of the init phase", request_id=None))
        tails.observe(line("mine"))
        lines = tail(INVOCATION).decode().splitlines()
    assert lines[1:-2] == ["mine"]
    assert lines[-1].startswith("REPORT RequestId: id\t")


def test_tail_has_the_last_four_kilobytes() -> None:
    tails = LogTails()
    with tails.collect(FUNCTION) as tail:
        for number in range(2000):
            tails.observe(line(f"line {number}"))
        text = tail(INVOCATION)
    assert len(text) == MAX_BYTES
    assert b"line 1999\nEND RequestId: id\n" in text


def test_nothing_is_kept_once_nobody_waits() -> None:
    tails = LogTails()
    with tails.collect(FUNCTION):
        tails.observe(line("left over"))
    with tails.collect(FUNCTION) as tail:
        assert b"left over" not in tail(INVOCATION)
