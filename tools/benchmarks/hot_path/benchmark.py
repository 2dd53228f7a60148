"""What one reply of the warm `default` handler takes, and where that goes."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.aws_services.provisioning import provision
from local_gateway.runtime.languages.python import Python
from local_gateway.runtime.variables import environment_variables
from local_gateway.template.application import build_application
from local_gateway.template.document.stack import Stack
from local_gateway.template.loading.load import load_template
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.hot_path.subjects import BARE, EMPTY
from tools.benchmarks.machine import one_core
from tools.benchmarks.processes import ROOT, BenchmarkError, python
from tools.benchmarks.targets import UNLIMITED, port_of

REGION = "us-east-1"
CALLS = 100

TIME = "time of a reply"
PROCESSOR = "processor time of a reply"

_LONGEST = 300
_SHOWN = 2000


def run(*, quick: bool) -> Result:
    """Time the parts in turns."""
    with one_core() as note, _sink() as endpoint:
        parts = _measured(_variables(endpoint), rounds=15 if quick else 50)
    figures = [
        Figure.of(measure, part, "µs", [pair[column] for pair in pairs])
        for column, measure in enumerate((TIME, PROCESSOR))
        for part, pairs in parts.items()
    ]
    return Result(
        name="hot_path",
        figures=compared(figures, EMPTY, BARE),
        notes=[
            f"Warm, in one process of the function's environment; the sink in another: {note}. "
            f"A sample is the mean of {CALLS} calls in a row, the parts take turns.",
            "A handler gets the event's JSON read and its result written, as from the runtime "
            "client; its log lines go to a file.",
            "Without the post: the same handler with a sender that only counts. With the post it "
            "does not add up to the whole, where handler and sink take turns on the processor.",
            "Bare HTTP: http.client, kept alive, without a signature. Processor time is the "
            "handler's thread alone, without the sink.",
        ],
    )


@contextmanager
def _sink() -> Iterator[str]:
    with python("-m", "tools.benchmarks.references", "sink") as program:
        yield f"http://127.0.0.1:{port_of(program.wait_for('Ready'))}/ws"


def _variables(endpoint: str) -> dict[str, str]:
    """The environment of `default`, with a management API at `endpoint` and without limits."""
    with MotoServer.start() as aws:
        stack = Stack(name="bench", region=REGION)
        template = load_template(ROOT / "template.yaml", {}, stack)
        values = provision(aws.endpoint_url, template)
        application = build_application(template, values).application
    function = next(
        function for function in application.functions.values() if function.code.name == "default"
    )
    variables = environment_variables(
        function,
        Python(Path(sys.executable), "bootstrap"),
        region=REGION,
        api_address="127.0.0.1:1",
        log_stream="bench",
        base={},
    )
    return {**variables, **UNLIMITED, "MANAGEMENT_API_ENDPOINT": endpoint}


def _measured(variables: Mapping[str, str], *, rounds: int) -> dict[str, list[list[float]]]:
    with tempfile.TemporaryDirectory() as directory:
        report, log = Path(directory, "report.json"), Path(directory, "log")
        arguments = [str(rounds), str(CALLS), str(report)]
        with log.open("wb") as output:
            finished = subprocess.run(
                # Unbuffered, as the runtime client makes it.
                [sys.executable, "-u", "-m", "tools.benchmarks.hot_path.reply_loop", *arguments],
                cwd=ROOT,
                env=variables,
                stdout=output,
                stderr=subprocess.PIPE,
                text=True,
                check=False,
                timeout=_LONGEST,
            )
        if finished.returncode:
            raise BenchmarkError(f"the handler's process failed: {finished.stderr[-_SHOWN:]}")
        check_replies(log.read_text("utf-8"))
        parts: dict[str, list[list[float]]] = json.loads(report.read_text("utf-8"))
        return parts


def check_replies(log: str) -> None:
    """Raise `BenchmarkError` unless every reply in the log was right and arrived."""
    lines = [line for line in log.splitlines() if '"message":"reply posted"' in line]
    wrong = [line for line in lines if '"outcome":"ok"' not in line or '"arrived":true' not in line]
    if wrong or not lines:
        raise BenchmarkError(f"{len(wrong)} of {len(lines)} replies: {''.join(wrong[:1])}")
