"""What Node.js handlers log, in Lambda's formats."""

import json
import re
from dataclasses import replace
from typing import Any

from tests.support.runtimes import Runtimes, invoke

LOGGING = r"""
    console.log("while loading");

    exports.lambda_handler = async (event) => {
      console.trace("a trace");
      console.debug("a debug %s", "line");
      console.info("an info line", { a: 1 });
      console.log("two\nlines");
      console.warn("a warning");
      console.error("an error", new RangeError("far"));
      if (event === "fail") throw new RangeError("thrown");
      process.stdout.write("written as it is\n");
    };
"""
TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def lines_of(runtimes: Runtimes, request_id: str | None) -> list[str]:
    return [line for _, _, line, id_ in runtimes.recorder.lines if id_ == request_id]


async def test_a_line_has_time_request_id_and_level(node_runtimes: Runtimes) -> None:
    runtime = await node_runtimes.serve(LOGGING, platform_lines=False)
    invocation = await invoke(runtime)
    request_id = invocation.request_id
    (loading,) = lines_of(node_runtimes, None)
    assert re.fullmatch(rf"{TIME}\tundefined\tINFO\twhile loading", loading)
    first, *others = lines_of(node_runtimes, request_id)
    assert re.fullmatch(rf"{TIME}\t{request_id}\tTRACE\ta trace", first)
    texts = [line.removeprefix(line[:24] + f"\t{request_id}\t") for line in others]
    assert texts[:5] == [
        "DEBUG\ta debug line",
        "INFO\tan info line { a: 1 }",
        "INFO\ttwo",
        "lines",
        "WARN\ta warning",
    ]
    assert texts[5] == "ERROR\tan error RangeError: far"
    assert texts[-1] == "written as it is"


async def test_an_error_is_logged_with_its_stack(node_runtimes: Runtimes) -> None:
    runtime = await node_runtimes.serve(LOGGING, platform_lines=False)
    invocation = await invoke(runtime, "fail")
    last = lines_of(node_runtimes, invocation.request_id)[-1]
    head, error = last.split("\tInvoke Error \t")
    assert head.endswith(f"\t{invocation.request_id}\tERROR")
    found = json.loads(error)
    assert (found["errorType"], found["errorMessage"]) == ("RangeError", "thrown")
    assert "app.js:" in found["stack"][1]


async def logged_as_json(runtimes: Runtimes, code: str, **variables: str) -> list[Any]:
    function = replace(
        runtimes.function(code), logging={"AWS_LAMBDA_LOG_FORMAT": "JSON", **variables}
    )
    runtime = await runtimes.run(function, platform_lines=False)
    invocation = await invoke(runtime)
    lines = [json.loads(line) for line in lines_of(runtimes, invocation.request_id)]
    assert {line.pop("requestId") for line in lines} == {invocation.request_id}
    assert all(re.fullmatch(TIME, line.pop("timestamp")) for line in lines)
    return lines


async def test_lines_can_be_json(node_runtimes: Runtimes) -> None:
    code = """
        exports.lambda_handler = async () => {
          console.log("text");
          console.info({ a: 1 });
          console.warn("two", 2);
          console.error("an error", new RangeError("far"));
          console.error(new RangeError("far"));
        };
    """
    lines = await logged_as_json(node_runtimes, code)
    assert lines[:3] == [
        {"level": "INFO", "message": "text"},
        {"level": "INFO", "message": {"a": 1}},
        {"level": "WARN", "message": "two 2"},
    ]
    assert lines[3]["message"].startswith("an error RangeError: far")
    assert (lines[3]["errorType"], lines[3]["errorMessage"]) == ("RangeError", "far")
    assert lines[4]["message"]["errorType"] == "RangeError"


async def test_lower_levels_can_be_left_out(node_runtimes: Runtimes) -> None:
    code = """
        exports.lambda_handler = async () => {
          console.log("no");
          console.warn("yes");
        };
    """
    lines = await logged_as_json(node_runtimes, code, AWS_LAMBDA_LOG_LEVEL="WARN")
    assert lines == [{"level": "WARN", "message": "yes"}]


async def test_a_flood_of_lines_loses_none(node_runtimes: Runtimes) -> None:
    code = """
        exports.lambda_handler = async () => {
          for (let number = 0; number < 20000; number += 1) process.stdout.write(`${number}\\n`);
        };
    """
    await invoke(await node_runtimes.serve(code))
    await node_runtimes.recorder.wait_until(
        lambda: "19999" in node_runtimes.recorder.texts("stdout")
    )
    assert node_runtimes.recorder.texts("stdout") == [str(number) for number in range(20000)]
