"""The same load on serverless-offline, with the same Python handlers. Needs Node.js and npm.

It is installed into `tools/benchmarks/.peers/`, which git ignores; nothing is sent anywhere.
Version 3 of its framework is the last that runs without an account.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from pathlib import Path

from tools.benchmarks.client import Client, connected, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import allow_open_files, one_core
from tools.benchmarks.processes import Program, descendants, resident_mib
from tools.benchmarks.round_trip import measure_rates, measure_round_trips, rate_figures
from tools.benchmarks.targets import BOTO3, SIGNER, SMALL_TEMPLATE, Target, small_gateway

PACKAGES = {"serverless": "3.40.0", "serverless-offline": "13.10.1"}
FIRST_SOCKET = "start to the first open socket"
FIRST_ANSWER = "start to the first answered message"
PEER_BOTO3 = "serverless-offline, boto3 handler"
PEER_SIGNER = "serverless-offline, signer handler"

_DIRECTORY = Path(__file__).with_name(".peers")
_HANDLERS = SMALL_TEMPLATE.parent
_LISTENS = "Offline [http for websocket] listening"

STEPS = (0, 1_000)
SPARE_FILES = 500
KIB_PER_MIB = 1024

# What a burst of handshakes leaves to be freed, and to be collected, takes a moment.
_SETTLE_SECONDS = 0.5
# Long enough for the `$disconnect` of every connection.
_DROP_SECONDS = 5.0

PER_CONNECTION = "memory per idle connection"

type Start = Callable[[], AbstractContextManager[Target]]


def run(*, quick: bool) -> Result:
    """Measure both emulators in turns. Raises `SystemExit` without Node.js and npm."""
    _install()
    with one_core() as note, ExitStack() as stack:
        targets = [
            *stack.enter_context(small_gateway()),
            stack.enter_context(_peer(PEER_BOTO3, "boto3_post")),
            stack.enter_context(_peer(PEER_SIGNER, "signer_post")),
        ]
        trips = measure_round_trips(
            targets, rounds=2 if quick else 5, messages=150 if quick else 600
        )
        rates = measure_rates(targets, seconds=1.0 if quick else 4.0)
    figures = [
        *trips,
        *rate_figures("one core", rates),
        *_memory_figures(_starts(), starts=1 if quick else 2),
        *_start_figures(turns=2 if quick else 6),
    ]
    versions = ", ".join(f"{name} {version}" for name, version in PACKAGES.items())
    return Result(
        name="peers",
        figures=compared(figures, PEER_BOTO3, PEER_SIGNER),
        notes=[f"{versions}, Node.js {_node_version()}.", f"Round trips and rates: {note}."],
    )


def _starts() -> tuple[Start, ...]:
    return (
        lambda: _gateway(0),
        lambda: _gateway(1),
        lambda: _peer(PEER_BOTO3, "boto3_post"),
        lambda: _peer(PEER_SIGNER, "signer_post"),
    )


def _start_figures(turns: int) -> list[Figure]:
    """Start everything in turns; the first turn only brings files into memory."""
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in range(turns):
        kept = samples if turn else defaultdict(list)
        for start in _starts():
            with start() as target:
                client = Client(target.url).open()
                begun = target.program.started_at
                kept[FIRST_SOCKET, target.subject].append(time.perf_counter() - begun)
                client.ask(text_frame(target.message), target.answer)
                kept[FIRST_ANSWER, target.subject].append(time.perf_counter() - begun)
                client.close()
    return [
        Figure.of(measure, subject, "s", samples[measure, subject])
        for measure in (FIRST_SOCKET, FIRST_ANSWER)
        for subject in (BOTO3, SIGNER, PEER_BOTO3, PEER_SIGNER)
    ]


def _memory_figures(targets: Sequence[Start], *, starts: int) -> list[Figure]:
    """Weigh each target `starts` times; raises `SystemExit` where that is impossible."""
    if sys.platform != "linux":
        raise SystemExit("memory is read from /proc, which only Linux has")
    allow_open_files(STEPS[-1] + SPARE_FILES)
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(starts):
        for target in targets:
            with target() as running:
                _weigh_steps(running, samples)
    measures = dict.fromkeys(measure for measure, _ in samples)
    return [
        Figure.of(name, subject, "KiB" if name == PER_CONNECTION else "MiB", values)
        for name in measures
        for (measure, subject), values in samples.items()
        if measure == name
    ]


def _weigh_steps(target: Target, samples: dict[tuple[str, str], list[float]]) -> None:
    client = Client(target.url, target.cookie).open()
    client.ask(text_frame(target.message), target.answer)
    client.close()
    own: list[float] = []
    with ExitStack() as stack:
        opened = 0
        for count in STEPS:
            stack.enter_context(connected(target.url, count - opened, target.cookie))
            opened = count
            time.sleep(_SETTLE_SECONDS)
            own.append(_weigh(target, f"{count:,} idle connections", samples))
    grown = own[-1] - own[0]
    samples[PER_CONNECTION, target.subject].append(grown * KIB_PER_MIB / STEPS[-1])
    time.sleep(_DROP_SECONDS)
    _weigh(target, f"{STEPS[-1]:,} connections dropped at once", samples)


def _weigh(target: Target, when: str, samples: dict[tuple[str, str], list[float]]) -> float:
    """The server's own memory in MiB."""
    pid = target.program.pid
    own = resident_mib([pid])
    samples[f"memory, {when}", target.subject].append(own)
    samples[f"memory, {when}, all processes", target.subject].append(resident_mib(descendants(pid)))
    return own


@contextmanager
def _gateway(index: int) -> Iterator[Target]:
    with small_gateway() as targets:
        yield targets[index]


@contextmanager
def _peer(subject: str, handler: str) -> Iterator[Target]:
    directory = _service(handler)
    ports = _free_ports(3)
    url = f"http://127.0.0.1:{ports[0]}"
    command = [
        _tool("node"),
        str(_DIRECTORY / "node_modules/serverless/bin/serverless.js"),
        "offline",
        "--host=127.0.0.1",
        *(f"--{name}Port={port}" for name, port in zip(_LISTENERS, ports, strict=True)),
    ]
    with Program(command, directory=directory, variables=_variables(url)) as program:
        program.wait_for(_LISTENS)
        yield Target(subject=subject, program=program, url=f"{url}/")


_LISTENERS = ("websocket", "http", "lambda")


def _variables(url: str) -> dict[str, str]:
    return {
        "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
        "SLS_TELEMETRY_DISABLED": "1",
        "SLS_NOTIFICATIONS_MODE": "off",
        "AWS_ACCESS_KEY_ID": "local",
        "AWS_SECRET_ACCESS_KEY": "local",
        "AWS_SESSION_TOKEN": "local",
        "AWS_REGION": "us-east-1",
        "AWS_DEFAULT_REGION": "us-east-1",
        "AWS_EC2_METADATA_DISABLED": "true",
        "MANAGEMENT_API_ENDPOINT": url,
    }


def _service(handler: str) -> Path:
    """A directory with a service of its own: its dialect has one WebSocket API per service."""
    directory = _DIRECTORY / handler
    for name in (handler, "accept"):
        target = directory / name
        target.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(_HANDLERS / name / "app.py", target / "app.py")
    service = {
        "service": "bench",
        "frameworkVersion": "3",
        "configValidationMode": "off",
        "provider": {
            "name": "aws",
            "runtime": "python3.13",
            "websocketsApiRouteSelectionExpression": "$request.body.action",
        },
        "plugins": ["serverless-offline"],
        "functions": {
            "accept": _function("accept", "$connect"),
            "post": _function(handler, "$default"),
        },
    }
    (directory / "serverless.json").write_text(json.dumps(service), "utf-8")
    return directory


def _function(directory: str, route: str) -> dict[str, object]:
    return {
        "handler": f"{directory}/app.lambda_handler",
        "timeout": 10,
        "events": [{"websocket": {"route": route}}],
    }


def _install() -> None:
    _tool("node")
    wanted = [f"{name}@{version}" for name, version in PACKAGES.items()]
    installed = _DIRECTORY / "installed.json"
    if installed.exists() and json.loads(installed.read_text("utf-8")) == wanted:
        return
    _DIRECTORY.mkdir(exist_ok=True)
    (_DIRECTORY / "package.json").write_text('{"private": true}\n', "utf-8")
    subprocess.run(
        [_tool("npm"), "install", "--no-audit", "--no-fund", "--loglevel=error", *wanted],
        cwd=_DIRECTORY,
        check=True,
    )
    installed.write_text(json.dumps(wanted), "utf-8")


def _tool(name: str) -> str:
    path = shutil.which(name)
    if path is None:
        raise SystemExit(f"the comparison with serverless-offline needs {name}: install Node.js")
    return path


def _node_version() -> str:
    return subprocess.check_output([_tool("node"), "--version"], text=True).strip()


def _free_ports(count: int) -> list[int]:
    with ExitStack() as stack:
        sockets = [
            stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(count)
        ]
        return [int(bound.getsockname()[1]) for bound in sockets]
