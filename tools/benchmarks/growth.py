"""How cost grows with size: messages a second and memory by open connections, start by functions.

What grows with members is in `fan_out`; how many AWS calls things take is counted by a test.
"""

import json
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from tools.benchmarks.client import Client, connected, rates_in_turn, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import allow_open_files, one_core
from tools.benchmarks.processes import ROOT, descendants, processor_us, resident_mib
from tools.benchmarks.targets import (
    WEBSOCKETS_ECHO,
    Target,
    bare_echo,
    gateway,
    port_of,
    small_gateway,
)

RATE = "messages answered by open connections"
PROCESSOR = "processor time per message by open connections"
MEMORY = "memory by open connections"
START = "start to the line `Ready` by functions"
GATEWAY = "gateway"

CONNECTIONS = (1, 10, 100, 1_000, 5_000)
UNDER_WAY = 20
"""How many messages are without an answer at a time, however many connections there are."""
FUNCTIONS = (1, 10, 50, 100, 200)

_SPARE_FILES = 500
_SLICES_PER_SECOND = 4
_WARM_SECONDS = 1.0
_UNITS = {RATE: "messages/s", PROCESSOR: "µs", MEMORY: "MiB", START: "s"}

type Samples = dict[tuple[str, str, int], list[float]]


def run(*, quick: bool) -> Result:
    """Measure the gateway and a bare echo at each size."""
    connections = CONNECTIONS[:-1] if quick else CONNECTIONS
    allow_open_files(max(connections) + _SPARE_FILES)
    samples: Samples = defaultdict(list)
    with one_core() as note:
        for target in (_echo, _gateway):
            with target() as running:
                _grow(running, connections, 1.0 if quick else 1.5, samples)
        _start_templates(FUNCTIONS[:3] if quick else FUNCTIONS, 1 if quick else 2, samples)
    figures = [
        Figure.of(measure, subject, unit, values, size=size)
        for measure, unit in _UNITS.items()
        for (measured, subject, size), values in samples.items()
        if measured == measure
    ]
    return Result(
        name="growth",
        figures=compared(figures, WEBSOCKETS_ECHO),
        notes=[
            f"{note.capitalize()}; at most {UNDER_WAY} messages under way, which go round all "
            "connections. The handler posts with botocore's signer.",
            "Memory is that of the server's own process; it includes what the measurement before, "
            "with fewer connections, has left.",
            "A template of N functions has a WebSocket API with N routes, each with its function.",
        ],
    )


@contextmanager
def _echo() -> Iterator[Target]:
    with bare_echo("websockets", WEBSOCKETS_ECHO) as target:
        yield target


@contextmanager
def _gateway() -> Iterator[Target]:
    with small_gateway() as (_, signer):
        yield signer


def _grow(target: Target, sizes: tuple[int, ...], seconds: float, samples: Samples) -> None:
    subject = WEBSOCKETS_ECHO if target.subject == WEBSOCKETS_ECHO else GATEWAY
    frame = text_frame(target.message)
    clients: list[Client] = []
    with ExitStack() as stack:
        for size in sizes:
            clients += stack.enter_context(
                connected(target.url, size - len(clients), target.cookie)
            )
            samples[MEMORY, subject, size].append(resident_mib([target.program.pid]))
            rates_in_turn(clients, UNDER_WAY, frame, target.answer, _WARM_SECONDS)
            for _ in range(int(seconds * _SLICES_PER_SECOND)):
                before = processor_us(descendants(target.program.pid))
                begun = time.perf_counter()
                count = rates_in_turn(
                    clients, UNDER_WAY, frame, target.answer, 1 / _SLICES_PER_SECOND
                )
                taken = time.perf_counter() - begun
                samples[RATE, subject, size].append(count / taken)
                used = processor_us(descendants(target.program.pid)) - before
                if before:
                    samples[PROCESSOR, subject, size].append(used / count)


def _start_templates(sizes: tuple[int, ...], turns: int, samples: Samples) -> None:
    with tempfile.TemporaryDirectory() as directory:
        for _ in range(turns):
            with bare_echo("websockets", WEBSOCKETS_ECHO) as target:
                echo = target.program.ready_after
            for size in sizes:
                path = Path(directory, f"{size}.json")
                path.write_text(json.dumps(template(size)), "utf-8")
                with gateway(str(path)) as program:
                    port_of(program.wait_for("Ready"))
                    samples[START, GATEWAY, size].append(program.ready_after)
                samples[START, WEBSOCKETS_ECHO, size].append(echo)


def template(functions: int) -> dict[str, object]:
    """A SAM template with a WebSocket API of that many routes, each with a function."""
    routes = {f"action{number}": number for number in range(functions)}
    code = str(ROOT / "tools/benchmarks/handlers/accept")
    return {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": {
            "Api": {
                "Type": "AWS::Serverless::WebSocketApi",
                "Properties": {
                    "StageName": "ws",
                    "RouteSelectionExpression": "$request.body.action",
                    "Routes": {
                        route: {"FunctionArn": {"Fn::GetAtt": [f"F{number}Function", "Arn"]}}
                        for route, number in routes.items()
                    },
                },
            },
            **{
                f"F{number}Function": {
                    "Type": "AWS::Serverless::Function",
                    "Properties": {
                        "Runtime": "python3.13",
                        "Handler": "app.lambda_handler",
                        "CodeUri": code,
                    },
                }
                for number in routes.values()
            },
        },
    }
