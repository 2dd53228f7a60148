"""The same load on serverless-offline, with the same handlers. Needs Node.js and npm.

Each emulator runs a service whose messages are answered by Python with boto3, and one by Node.js
with version 3 of AWS's SDK; authorizer, `$connect` and `$disconnect` are the same Python functions
in all. What is compared is installed into `tools/benchmarks/.peers/`, which git ignores; nothing is
sent anywhere. Version 3 of the framework is the last that runs without an account.
"""

import json
import shutil
import socket
import subprocess
import sys
import time
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from tools.benchmarks.client import Client, connected, round_trips, text_frame
from tools.benchmarks.figures import Figure, Result, compared
from tools.benchmarks.machine import allow_open_files, one_core
from tools.benchmarks.processes import Program, descendants, resident_mib
from tools.benchmarks.round_trip import measure_rates, measure_round_trips, rate_figures
from tools.benchmarks.targets import BOTO3, Target, gateway, port_of

PACKAGES = {
    "serverless": "3.40.0",
    "serverless-offline": "13.10.1",
    "@aws-sdk/client-apigatewaymanagementapi": "3.1169.0",
}
NODE = "gateway, Node.js handler"
PEER_BOTO3 = "serverless-offline, boto3 handler"
PEER_NODE = "serverless-offline, Node.js handler"

# A Node.js program compiles what it runs often; before that it is up to twice as slow.
WARM_MESSAGES = 5_000
FIRST_SOCKET = "start to the first open socket"
FIRST_ANSWER = "start to the first answered message"
HANDSHAKES = "handshakes, with authorizer, $connect and $disconnect"
READY = "start to Ready, by the functions of the template"
FUNCTIONS = (1, 50, 200)

_DIRECTORY = Path(__file__).with_name(".peers")
_HANDLERS = Path(__file__).with_name("handlers")
_LISTENS = "Offline [http for websocket] listening"
_LISTENERS = ("websocket", "http", "lambda")
_COOKIE = "token=1"
_AT_ONCE = 10

_VARIABLES = {
    "PATH": f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin",
    "SLS_TELEMETRY_DISABLED": "1",
    "SLS_NOTIFICATIONS_MODE": "off",
    "AWS_ACCESS_KEY_ID": "local",
    "AWS_SECRET_ACCESS_KEY": "local",
    "AWS_SESSION_TOKEN": "local",
    "AWS_REGION": "us-east-1",
    "AWS_DEFAULT_REGION": "us-east-1",
    "AWS_EC2_METADATA_DISABLED": "true",
}

STEPS = (0, 1_000)
SPARE_FILES = 500
KIB_PER_MIB = 1024
PER_CONNECTION = "memory per idle connection"

# What a burst of handshakes leaves to be freed, and to be collected, takes a moment.
_SETTLE_SECONDS = 0.5
# Long enough for the `$disconnect` of every connection.
_DROP_SECONDS = 5.0


@dataclass(frozen=True, slots=True)
class Service:
    """One service under load: who runs it, and the language that answers."""

    subject: str
    handler: str
    runtime: str
    is_peer: bool

    def start(self) -> AbstractContextManager[Target]:
        """The running service."""
        return _peer(self) if self.is_peer else _gateway(self)


SERVICES = (
    Service(BOTO3, "boto3_post", "python3.13", is_peer=False),
    Service(NODE, "node_post", "nodejs20.x", is_peer=False),
    Service(PEER_BOTO3, "boto3_post", "python3.13", is_peer=True),
    Service(PEER_NODE, "node_post", "nodejs20.x", is_peer=True),
)


def run(*, quick: bool) -> Result:
    """Measure both emulators in turns. Raises `SystemExit` without Node.js and npm."""
    _install()
    figures: list[Figure] = []
    with one_core() as note, ExitStack() as stack:
        targets = [stack.enter_context(service.start()) for service in SERVICES]
        trips = partial(
            measure_round_trips,
            targets,
            rounds=2 if quick else 5,
            messages=150 if quick else 600,
        )
        figures += _renamed(trips(), "cold")
        for target in targets:
            _warm_up(target)
        when = f"after {WARM_MESSAGES:,} messages"
        figures += _renamed(trips(), when)
        rates = measure_rates(targets, seconds=1.0 if quick else 4.0)
        figures += _renamed(rate_figures("one core", rates), when)
        figures += _handshake_figures(targets, seconds=2.0 if quick else 6.0)
    figures += _memory_figures(starts=1 if quick else 2)
    figures += _start_figures(turns=2 if quick else 6)
    figures += _ready_figures(turns=1 if quick else 3)
    versions = ", ".join(f"{name} {version}" for name, version in PACKAGES.items())
    return Result(
        name="peers",
        figures=compared(figures, PEER_BOTO3, PEER_NODE),
        notes=[
            f"{versions}, Node.js {_node_version()}.",
            f"Round trips, rates and handshakes: {note}.",
            f"{READY}: all functions are the same small one, each with a route.",
        ],
    )


def _renamed(figures: Sequence[Figure], when: str) -> list[Figure]:
    return [figure.measured(f"{figure.measure}, {when}") for figure in figures]


def _warm_up(target: Target) -> None:
    client = Client(target.url, target.cookie).open()
    round_trips(client, text_frame(target.message), target.answer, WARM_MESSAGES)
    client.close()


def _handshake_figures(targets: Sequence[Target], *, seconds: float) -> list[Figure]:
    """Handshakes a second, in slices of a second, some at a time, each closed at once."""
    figures = []
    for target in targets:
        _open_for(target, 1.0)
        slices = [_open_for(target, 1.0) for _ in range(round(seconds))]
        time.sleep(_SETTLE_SECONDS)
        figures.append(Figure.of(HANDSHAKES, target.subject, "handshakes/s", slices))
    return figures


def _open_for(target: Target, seconds: float) -> float:
    begun, count = time.perf_counter(), 0
    while time.perf_counter() - begun < seconds:
        clients = [Client(target.url, target.cookie) for _ in range(_AT_ONCE)]
        for client in clients:
            client.open().close()
        count += len(clients)
    return count / (time.perf_counter() - begun)


def _start_figures(turns: int) -> list[Figure]:
    """Start everything in turns; the first turn only brings files into memory."""
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for turn in range(turns):
        kept = samples if turn else defaultdict(list)
        for service in SERVICES:
            with service.start() as target:
                client = Client(target.url, target.cookie).open()
                begun = target.program.started_at
                kept[FIRST_SOCKET, target.subject].append(time.perf_counter() - begun)
                client.ask(text_frame(target.message), target.answer)
                kept[FIRST_ANSWER, target.subject].append(time.perf_counter() - begun)
                client.close()
    return [
        Figure.of(measure, service.subject, "s", samples[measure, service.subject])
        for measure in (FIRST_SOCKET, FIRST_ANSWER)
        for service in SERVICES
    ]


def _ready_figures(turns: int) -> list[Figure]:
    """Start the gateway on templates with more and more functions."""
    figures = []
    for count in FUNCTIONS:
        template = _template_of(count)
        samples = []
        for _ in range(turns + 1):
            with gateway(str(template)) as program:
                program.wait_for("Ready")
                samples.append(program.ready_after)
        figures.append(Figure.of(READY, "gateway", "s", samples[1:], size=count))
    return figures


def _template_of(count: int) -> Path:
    directory = _DIRECTORY / f"functions_{count}"
    directory.mkdir(parents=True, exist_ok=True)
    shutil.copyfile(_HANDLERS / "accept" / "app.py", directory / "app.py")
    routes = {"$connect": 0, **{f"route{number}": number for number in range(1, count)}}
    resources: dict[str, Any] = {"Api": _websocket_api(), "Stage": _stage("prod")}
    for route_key, number in routes.items():
        resources |= _route(f"F{number}", route_key)
        resources[f"F{number}"] = _function("python3.13", ".")
    return _write_template(directory, resources)


def _memory_figures(*, starts: int) -> list[Figure]:
    """Weigh each service `starts` times; raises `SystemExit` where that is impossible."""
    if sys.platform != "linux":
        raise SystemExit("memory is read from /proc, which only Linux has")
    allow_open_files(STEPS[-1] + SPARE_FILES)
    samples: dict[tuple[str, str], list[float]] = defaultdict(list)
    for _ in range(starts):
        for service in SERVICES:
            with service.start() as running:
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
def _gateway(service: Service) -> Iterator[Target]:
    directory = _code_of(service)
    functions = {
        "Authorize": _function("python3.13", "authorize"),
        "Accept": _function("python3.13", "accept"),
        "Post": _function(service.runtime, service.handler),
    }
    endpoint = {"Fn::Sub": "https://${Api}.execute-api.${AWS::Region}.amazonaws.com/prod"}
    functions["Post"]["Properties"]["Environment"] = {
        "Variables": {"MANAGEMENT_API_ENDPOINT": endpoint}
    }
    authorizer = {
        "Type": "AWS::ApiGatewayV2::Authorizer",
        "Properties": {
            "ApiId": {"Ref": "Api"},
            "Name": "cookie",
            "AuthorizerType": "REQUEST",
            "AuthorizerUri": _uri("Authorize"),
            "IdentitySource": ["route.request.header.Cookie"],
        },
    }
    routes = {
        **_route("Accept", "$connect"),
        **_route("Accept", "$disconnect"),
        **_route("Post", "$default"),
    }
    connect = routes["Routeconnect"]["Properties"]
    connect |= {"AuthorizationType": "CUSTOM", "AuthorizerId": {"Ref": "Authorizer"}}
    resources = {
        "Api": _websocket_api(),
        "Stage": _stage("prod"),
        "Authorizer": authorizer,
        **functions,
        **routes,
    }
    template = _write_template(directory, resources)
    with gateway(str(template)) as program:
        port = port_of(program.wait_for("Ready"))
        url = f"http://127.0.0.1:{port}/prod"
        yield Target(subject=service.subject, program=program, url=url, cookie=_COOKIE)


def _websocket_api() -> dict[str, Any]:
    return {
        "Type": "AWS::ApiGatewayV2::Api",
        "Properties": {
            "Name": "bench",
            "ProtocolType": "WEBSOCKET",
            "RouteSelectionExpression": "$request.body.action",
        },
    }


def _stage(name: str) -> dict[str, Any]:
    properties = {"ApiId": {"Ref": "Api"}, "StageName": name, "AutoDeploy": True}
    return {"Type": "AWS::ApiGatewayV2::Stage", "Properties": properties}


def _function(runtime: str, folder: str) -> dict[str, Any]:
    return {
        "Type": "AWS::Serverless::Function",
        "Properties": {
            "CodeUri": folder,
            "Handler": "app.lambda_handler",
            "Runtime": runtime,
            "MemorySize": 512,
            "Timeout": 10,
        },
    }


def _uri(function: str) -> dict[str, str]:
    path = f"lambda:path/2015-03-31/functions/${{{function}.Arn}}/invocations"
    return {"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{path}"}


def _route(function: str, route_key: str) -> dict[str, Any]:
    name = route_key.replace("$", "")
    return {
        f"Integration{name}": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": _uri(function),
            },
        },
        f"Route{name}": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": route_key,
                "Target": {"Fn::Sub": f"integrations/${{Integration{name}}}"},
            },
        },
    }


def _write_template(directory: Path, resources: Mapping[str, Any]) -> Path:
    document = {
        "AWSTemplateFormatVersion": "2010-09-09",
        "Transform": "AWS::Serverless-2016-10-31",
        "Resources": resources,
    }
    path = directory / "template.json"
    path.write_text(json.dumps(document, indent=1), "utf-8")
    return path


@contextmanager
def _peer(service: Service) -> Iterator[Target]:
    directory = _code_of(service)
    ports = _free_ports(3)
    url = f"http://127.0.0.1:{ports[0]}"
    description = json.dumps(_peer_service(service, url))
    (directory / "serverless.json").write_text(description, "utf-8")
    command = [
        _tool("node"),
        str(_DIRECTORY / "node_modules/serverless/bin/serverless.js"),
        "offline",
        "--host=127.0.0.1",
        *(f"--{name}Port={port}" for name, port in zip(_LISTENERS, ports, strict=True)),
    ]
    with Program(command, directory=directory, variables=_VARIABLES) as program:
        program.wait_for(_LISTENS)
        yield Target(subject=service.subject, program=program, url=f"{url}/", cookie=_COOKIE)


def _peer_service(service: Service, url: str) -> dict[str, Any]:
    """Its dialect has one WebSocket API per service."""
    authorizer = {"name": "authorize", "identitySource": ["route.request.header.Cookie"]}
    events: dict[str, list[dict[str, Any]]] = {
        "authorize": [],
        "accept": [
            {"websocket": {"route": "$connect", "authorizer": authorizer}},
            {"websocket": {"route": "$disconnect"}},
        ],
        service.handler: [{"websocket": {"route": "$default"}}],
    }
    return {
        "service": "bench",
        "frameworkVersion": "3",
        "configValidationMode": "off",
        "provider": {
            "name": "aws",
            "runtime": "python3.13",
            "environment": {"MANAGEMENT_API_ENDPOINT": url},
            "websocketsApiRouteSelectionExpression": "$request.body.action",
        },
        "plugins": ["serverless-offline"],
        "functions": {
            folder: {
                "handler": f"{folder}/app.lambda_handler",
                "runtime": service.runtime if folder == service.handler else "python3.13",
                "timeout": 10,
                "events": routes,
            }
            for folder, routes in events.items()
        },
    }


def _code_of(service: Service) -> Path:
    """A directory with a copy of the handlers, below the one that has the SDK."""
    directory = _DIRECTORY / service.handler
    for name in (service.handler, "accept", "authorize"):
        shutil.copytree(_HANDLERS / name, directory / name, dirs_exist_ok=True)
    return directory


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
