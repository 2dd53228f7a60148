"""What handlers print reaches the observer, line by line, and nothing else does."""

import re

from local_gateway.records import LogStream
from tests.support.runtimes import Runtimes, invoke

PRINTING = """
    import logging, os, sys

    print("while loading")

    def lambda_handler(event, context):
        globals()[event](context)

    def lines(context):
        print("first\\n\\nthird ä🎈")
        print("to stderr", file=sys.stderr)
        sys.stdout.write("no end")

    def long(context):
        print("ä" * 3000)

    def junk(context):
        os.write(1, b"\\xff\\x00\\n")

    def warn(context):
        logging.getLogger().warning("careful")

    def flood(context):
        for number in range(20000):
            print(number)

    def die(context):
        sys.stdout.write("last words")
        os._exit(1)

    def boom(context):
        raise LookupError("lost")
"""


def lines_of(python_runtimes: Runtimes, request_id: str, stream: LogStream) -> list[str]:
    return [
        line
        for _, of, line, id_ in python_runtimes.recorder.lines
        if id_ == request_id and of == stream
    ]


async def test_lines_are_split_and_belong_to_their_invocation(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING)
    invocation = await invoke(runtime, "lines")
    assert ("Fn", "stdout", "while loading", None) in python_runtimes.recorder.lines
    assert lines_of(python_runtimes, invocation.request_id, "stdout") == ["first", "", "third ä🎈"]
    assert lines_of(python_runtimes, invocation.request_id, "stderr") == ["to stderr"]


async def test_a_line_without_an_end_comes_when_the_process_ends(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING)
    await invoke(runtime, "die")
    assert python_runtimes.recorder.texts("stdout")[-1] == "last words"


async def test_long_lines_are_cut_between_characters(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING, max_line_bytes=1001)
    invocation = await invoke(runtime, "long")
    await python_runtimes.recorder.wait_until(
        lambda: sum(map(len, lines_of(python_runtimes, invocation.request_id, "stdout"))) == 3000
    )
    found = lines_of(python_runtimes, invocation.request_id, "stdout")
    assert "".join(found) == "ä" * 3000
    assert max(len(line.encode()) for line in found) == 1000


async def test_what_is_not_utf_8_is_replaced(python_runtimes: Runtimes) -> None:
    invocation = await invoke(await python_runtimes.serve(PRINTING), "junk")
    assert lines_of(python_runtimes, invocation.request_id, "stdout") == ["\ufffd\0"]


async def test_log_records_have_lambda_s_format(python_runtimes: Runtimes) -> None:
    invocation = await invoke(await python_runtimes.serve(PRINTING), "warn")
    [line] = lines_of(python_runtimes, invocation.request_id, "stdout")
    time = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"
    assert re.fullmatch(rf"\[WARNING\]\t{time}\t{invocation.request_id}\tcareful", line)


async def test_a_flood_of_lines_loses_none(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING)
    await invoke(runtime, "flood")
    await python_runtimes.recorder.wait_until(
        lambda: "19999" in python_runtimes.recorder.texts("stdout")
    )
    assert python_runtimes.recorder.texts("stdout")[1:] == [str(number) for number in range(20000)]


async def test_an_exception_is_logged_with_its_traceback(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING)
    invocation = await invoke(runtime, "boom")
    first, second, *frames = lines_of(python_runtimes, invocation.request_id, "stdout")
    assert first == "[ERROR] LookupError: lost"
    assert second == "Traceback (most recent call last):"
    assert re.fullmatch(r'\s+File ".*app\.py", line \d+, in lambda_handler', frames[0])
    assert not [frame for frame in frames if "bootstrap" in frame or "launcher" in frame]


async def test_platform_lines_surround_an_invocation(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(PRINTING)
    first, second = [await invoke(runtime, "lines") for _ in range(2)]
    one, two = (lines_of(python_runtimes, each.request_id, "platform") for each in (first, second))
    assert one[0] == f"START RequestId: {first.request_id} Version: $LATEST"
    assert one[1] == f"END RequestId: {first.request_id}"
    number = r"\d+\.\d\d ms"
    pattern = (
        rf"REPORT RequestId: {first.request_id}\tDuration: {number}\tBilled Duration: \d+ ms\t"
        rf"Memory Size: 256 MB\tMax Memory Used: \d+ MB\tInit Duration: {number}"
    )
    assert re.fullmatch(pattern, one[2])
    assert "Init Duration" not in two[2]


async def test_a_failed_init_phase_is_reported(python_runtimes: Runtimes) -> None:
    await invoke(await python_runtimes.serve("raise LookupError('no')"))
    [line] = python_runtimes.recorder.texts("platform")
    pattern = r"INIT_REPORT Init Duration: .* ms\tPhase: init\tStatus: error\tError Type: Look.*"
    assert re.fullmatch(pattern, line)


async def test_platform_lines_can_be_left_out(python_runtimes: Runtimes) -> None:
    await invoke(await python_runtimes.serve(PRINTING, platform_lines=False), "warn")
    assert python_runtimes.recorder.texts("platform") == []
    assert len(python_runtimes.recorder.texts("stdout")) == 2
