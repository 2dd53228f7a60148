"""The tracer in a process of its own, asked as the walk asks it."""

import json
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, TextIO

import pytest

from tools.walk import tracer

pytestmark = pytest.mark.starts_programs

PROGRAM = """
import json, sys

def ask():
    return json.dumps({})

def numbers():
    yield 1
    yield 2

for line in sys.stdin:
    ask()
    list(numbers())
    print("done", flush=True)
"""


@contextmanager
def traced(directory: Path) -> Iterator[tuple[subprocess.Popen[str], TextIO, dict[str, Any]]]:
    program = directory / "root/program.py"
    program.parent.mkdir()
    program.write_text(PROGRAM)
    address = str(directory / "socket")
    text = Path(tracer.__file__).read_text("utf-8")
    text += f"\nbegin({str(program.parent)!r}, {address!r})\n"
    (directory / "sitecustomize.py").write_text(text, "utf-8")
    with socket.socket(socket.AF_UNIX) as listener:
        listener.bind(address)
        listener.listen()
        variables = {"PYTHONPATH": str(directory), "LAMBDA_TASK_ROOT": "/var/functions/default"}
        with subprocess.Popen(
            [sys.executable, str(program)],
            env=variables,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        ) as process:
            connection, _ = listener.accept()
            with connection, connection.makefile("rw", encoding="utf-8") as lines:
                yield process, lines, json.loads(lines.readline())
                process.kill()


def ask(lines: TextIO, command: str) -> dict[str, int]:
    lines.write(command + "\n")
    lines.flush()
    answer: dict[str, int] = json.loads(lines.readline())
    return answer


def run_once(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    assert process.stdout is not None
    process.stdin.write("\n")
    process.stdin.flush()
    assert process.stdout.readline() == "done\n"


def test_calls_and_resumptions_below_the_root_are_counted_and_others_are_not(
    tmp_path: Path,
) -> None:
    with traced(tmp_path) as (process, lines, _):
        run_once(process)
        ask(lines, "start")
        run_once(process)
        # `ask`, and `numbers`, which is entered for each value and for its end.
        assert ask(lines, "read") == {str(tmp_path / "root/program.py"): 4}
        ask(lines, "stop")
        run_once(process)
        assert ask(lines, "read") == {str(tmp_path / "root/program.py"): 4}


def test_a_second_start_begins_at_nothing(tmp_path: Path) -> None:
    with traced(tmp_path) as (process, lines, _):
        ask(lines, "start")
        run_once(process)
        ask(lines, "start")
        assert ask(lines, "read") == {}


def test_a_process_says_which_function_it_runs(tmp_path: Path) -> None:
    with traced(tmp_path) as (process, _, hello):
        assert hello == {"pid": process.pid, "function": "default"}
