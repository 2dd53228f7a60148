"""From the spawn of an execution environment to its first request for an event, and to the end of
its first invocation.
"""

import asyncio
import json
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.template.application import build_application
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from tools.benchmarks.cold_start.built import BuiltStack
from tools.benchmarks.cold_start.packages import Package, missing_distributions
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.processes import ROOT, descendants, peak_mib

REGION = "us-east-1"
EMPTY, NAIVE = "empty handler", "naive handler"

WITH = "cold start with bytecode"
WITHOUT = "cold start without bytecode"
FIRST = "spawn to the end of the first invocation"
MEMORY = "memory after a cold start"

type Samples = dict[tuple[str, str], list[float]]


def run(*, quick: bool) -> Result:
    """Start every function with and without bytecode in turns, always in a new environment."""
    samples: Samples = defaultdict(list)
    with MotoServer.start() as aws, _packed_functions(aws) as packed:
        for turn in range(4 if quick else 8):
            for (measure, subject), function in packed.items():
                # The first of each only brings its files into memory.
                kept = samples if turn else defaultdict(list)
                asyncio.run(_start(measure, subject, function, aws, kept))
    return Result(
        name="cold_start",
        figures=_figures(samples, [WITH, FIRST, WITHOUT, MEMORY]),
        notes=_notes(),
    )


def _notes() -> list[str]:
    missing = missing_distributions()
    return [
        "Spawn to the first `/next` of a real runtime client on this machine's whole CPU; "
        "Lambda at 512 MB gives a third of a core.",
        "Our functions and layers are built by sam, zipped with entries of 1980 as by sam package "
        "and unzipped. Bytecode is hash-based and unchecked, as a layer has to ship it; without, "
        "the standard library and the runtime client still have theirs.",
        "Services have https addresses as on AWS, so TLS is made ready; for the first invocation "
        "they are plain: DynamoDB of moto, which takes some 3 ms a call, and a management API that "
        "answers at once.",
        *([f"Not installed here: {', '.join(missing)}."] if missing else []),
    ]


def _figures(samples: Samples, measures: Iterable[str]) -> list[Figure]:
    figures = [
        Figure.of(measure, subject, "MiB" if measure is MEMORY else "ms", values)
        for measure in measures
        for (measured, subject), values in samples.items()
        if measured == measure
    ]
    return compared(figures, EMPTY, NAIVE)


@contextmanager
def _packed_functions(aws: MotoServer) -> Iterator[dict[tuple[str, str], LambdaFunction]]:
    """The functions of the template with their settings, and two to compare them with."""
    template = load_template(ROOT / "template.yaml", {}, Stack(name="bench", region=REGION))
    values = provision(aws.endpoint_url, template)
    application = build_application(template, values).application
    own = {function.code.name: function for function in application.functions.values()}
    any_function = next(iter(own.values()))
    with tempfile.TemporaryDirectory() as directory:
        built = BuiltStack(Path(directory, "stack"))
        compiled = Package(Path(directory, "compiled"))
        compiled.compile()
        plain = Package(Path(directory, "plain"))
        packed: dict[tuple[str, str], LambdaFunction] = {}
        for measure in (WITH, FIRST, WITHOUT):
            package = plain if measure is WITHOUT else compiled
            opt = built.opt_without_bytecode if measure is WITHOUT else built.opt
            peers = {EMPTY: package.function("empty"), NAIVE: package.function("naive")}
            if measure is FIRST:
                # It posts with boto3, whose address the template of the round trip gives.
                del peers[NAIVE]
            for subject, root in peers.items():
                packed[measure, subject] = _packed(any_function, root, package.python)
            for subject, function in own.items():
                root = built.task_root(function.logical_id)
                packed[measure, subject] = _packed(function, root, opt / "python")
        yield packed


def _packed(function: LambdaFunction, root: Path, layers: Path) -> LambdaFunction:
    """The function with its code and layers from where they were unpacked."""
    layer = Layer(logical_id="Package", path=layers, source_roots=(layers,))
    return replace(
        function,
        code=root,
        layers=(layer,),
        environment={**function.environment, "PYTHONDONTWRITEBYTECODE": "1"},
    )


async def _start(
    measure: str, subject: str, function: LambdaFunction, aws: MotoServer, samples: Samples
) -> None:
    sink = await asyncio.start_server(_answer_at_once, "127.0.0.1", 0)
    first = measure is FIRST
    host = f"127.0.0.1:{sink.sockets[0].getsockname()[1]}"
    endpoint = f"http://{host}/ws" if first else "https://sapa.example/ws"
    if "MANAGEMENT_API_ENDPOINT" in function.environment:
        variables = {**function.environment, "MANAGEMENT_API_ENDPOINT": endpoint}
        function = replace(function, environment=variables)
    settings = RuntimeSettings(
        base_environment={"AWS_ENDPOINT_URL": aws.endpoint_url} if first else {},
        platform_lines=False,
    )
    runtime = LambdaRuntime({function.logical_id: function}, region=REGION, settings=settings)
    await runtime.start()
    try:
        before = set(_processes())
        begun = time.perf_counter()
        if first:
            await runtime.invoke(function.logical_id, _event(subject))
        else:
            await runtime.warm(function.logical_id)
        samples[measure, subject].append((time.perf_counter() - begun) * 1000)
        started = set(_processes()) - before
        if started and measure is WITH:
            samples[MEMORY, subject].append(max(peak_mib(pid) for pid in started))
    finally:
        await runtime.close()
        sink.close()


def _event(subject: str) -> bytes:
    """The recorded event of a function, or of another where a function has none."""
    names = {"api": "api_page", "publish": "publish_eventbridge", EMPTY: "default"}
    event = json.loads((ROOT / f"events/{names.get(subject, subject)}.json").read_text())
    return json.dumps(event).encode()


async def _answer_at_once(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    """A management API that is glad of everything."""
    try:
        while True:
            head = await reader.readuntil(b"\r\n\r\n")
            lengths = [line for line in head.lower().split(b"\r\n") if b"content-length" in line]
            await reader.readexactly(int(lengths[0].partition(b":")[2]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n")
    except (asyncio.IncompleteReadError, ConnectionError):
        writer.close()


def _processes() -> list[int]:
    """Every process that descends from this one, where that can be known."""
    return descendants(os.getpid()) if sys.platform == "linux" else []
