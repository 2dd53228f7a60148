"""From the spawn of an execution environment to its first request for an event."""

import asyncio
import os
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

from benchmarks.figures import Figure, Result, compared
from benchmarks.packages import Package, missing_distributions
from benchmarks.processes import ROOT, descendants, peak_mib
from local_gateway.backing.moto_server import MotoServer
from local_gateway.backing.provisioning import provision
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.template.application import build_application
from local_gateway.template.loading import load_template
from local_gateway.template.stack import Stack

REGION = "us-east-1"
EMPTY, NAIVE = "empty handler", "naive handler"

WITH = "cold start with bytecode"
WITHOUT = "cold start without bytecode"
MEMORY = "memory after a cold start"

type Samples = dict[tuple[str, str], list[float]]


def run(*, quick: bool) -> Result:
    """Start every function with and without bytecode in turns, always in a new environment."""
    samples: Samples = defaultdict(list)
    with MotoServer.start() as aws, _packages() as packages:
        functions = _functions(aws)
        settings = RuntimeSettings(
            base_environment={"AWS_ENDPOINT_URL": aws.endpoint_url}, platform_lines=False
        )
        for turn in range(4 if quick else 16):
            for measure, package in packages.items():
                for subject, function in functions.items():
                    packed = _packed(function, package)
                    # The first of each only brings its files into memory.
                    found = samples if turn else defaultdict(list)
                    asyncio.run(_start(measure, subject, packed, settings, found))
    return Result(
        name="cold_start",
        figures=_figures(samples, [WITH, WITHOUT, MEMORY]),
        notes=_notes(),
    )


def _notes() -> list[str]:
    missing = missing_distributions()
    return [
        "Spawn to the first `/next` of a real runtime client on this machine's whole CPU; "
        "Lambda at 512 MB gives a third of one.",
        "Bytecode is hash-based and unchecked, as a layer has to ship it; without, the standard "
        "library and the runtime client still have theirs.",
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
def _packages() -> Iterator[dict[str, Package]]:
    with tempfile.TemporaryDirectory() as directory:
        compiled = Package(Path(directory, "compiled"))
        compiled.compile()
        yield {WITH: compiled, WITHOUT: Package(Path(directory, "plain"))}


def _functions(aws: MotoServer) -> dict[str, LambdaFunction]:
    """The functions of the template with their settings, and two to compare them with."""
    template = load_template(ROOT / "template.yaml", {}, Stack(name="bench", region=REGION))
    values = provision(aws.endpoint_url, template)
    application = build_application(template, values, origin="http://127.0.0.1:1").application
    own = {function.code.name: function for function in application.functions.values()}
    any_function = next(iter(own.values()))
    return {
        EMPTY: replace(any_function, code=Path("empty")),
        **own,
        NAIVE: replace(any_function, code=Path("naive")),
    }


def _packed(function: LambdaFunction, package: Package) -> LambdaFunction:
    """The function with its code and layers from a package, which it does not change."""
    layer = Layer(logical_id="Package", path=package.python, source_roots=(package.python,))
    return replace(
        function,
        code=package.function(function.code.name),
        layers=(layer,),
        environment={**function.environment, "PYTHONDONTWRITEBYTECODE": "1"},
    )


async def _start(
    measure: str,
    subject: str,
    function: LambdaFunction,
    settings: RuntimeSettings,
    samples: Samples,
) -> None:
    runtime = LambdaRuntime({function.logical_id: function}, region=REGION, settings=settings)
    await runtime.start()
    try:
        before = set(_processes())
        begun = time.perf_counter()
        await runtime.warm(function.logical_id)
        samples[measure, subject].append((time.perf_counter() - begun) * 1000)
        started = set(_processes()) - before
        if started and measure is WITH:
            samples[MEMORY, subject].append(max(peak_mib(pid) for pid in started))
    finally:
        await runtime.close()


def _processes() -> list[int]:
    """Every process that descends from this one, where that can be known."""
    return descendants(os.getpid()) if sys.platform == "linux" else []
