"""From a command to a server that answers."""

import time
from collections import defaultdict
from collections.abc import Callable

from tools.benchmarks.client import Client, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.processes import Program, python
from tools.benchmarks.targets import (
    AIOHTTP_ECHO,
    BOTO3,
    SMALL_TEMPLATE,
    WEBSOCKETS_ECHO,
    gateway,
    port_of,
)

READY = "start to the line `Ready`"
FIRST_SOCKET = "start to the first open socket"
FIRST_ANSWER = "start to the first answered message"
MAKE_RUN = "make run"
SMALL = "gateway, small template"

_MESSAGE = "Hai!"

type Samples = dict[tuple[str, str], list[float]]


def run(*, quick: bool) -> Result:
    """Start everything in turns; the first turn only brings files into memory."""
    samples: Samples = defaultdict(list)
    for turn in range(3 if quick else 5):
        found = samples if turn else defaultdict(list)
        _start(WEBSOCKETS_ECHO, lambda: _echo("websockets"), "/", found)
        _start(AIOHTTP_ECHO, lambda: _echo("aiohttp"), "/", found)
        _start(SMALL, lambda: gateway(str(SMALL_TEMPLATE)), "/boto3", found)
        _make_run(found)
    figures = [
        Figure.of(measure, subject, "s", samples[measure, subject])
        for measure in (READY, FIRST_SOCKET, FIRST_ANSWER)
        for subject in (WEBSOCKETS_ECHO, AIOHTTP_ECHO, SMALL, MAKE_RUN)
        if (measure, subject) in samples
    ]
    return Result(
        name="start_up",
        figures=compared(figures, WEBSOCKETS_ECHO, AIOHTTP_ECHO),
        notes=[
            "The environment is installed and its bytecode is there.",
            f"The small template has two WebSocket APIs and three functions ({BOTO3} answers); "
            "`make run` also creates a user and logs in.",
        ],
    )


def _echo(library: str) -> Program:
    return python("-m", "tools.benchmarks.references", library)


def _start(subject: str, start: Callable[[], Program], path: str, samples: Samples) -> None:
    with start() as program:
        port = port_of(program.wait_for("Ready"))
        samples[READY, subject].append(program.ready_after)
        client = Client(f"http://127.0.0.1:{port}{path}").open()
        samples[FIRST_SOCKET, subject].append(time.perf_counter() - program.started_at)
        client.ask(text_frame(_MESSAGE), _MESSAGE.encode())
        samples[FIRST_ANSWER, subject].append(time.perf_counter() - program.started_at)
        client.close()


def _make_run(samples: Samples) -> None:
    with Program(["make", "run", "PORT=0"]) as program:
        program.wait_for("Ready")
        samples[READY, MAKE_RUN].append(program.ready_after)
