"""`make run LAMBDA=…` with the built application, in containers that reach this run and no more.

SAM CLI decides what runs with which variables; only Docker is missing. Each execution environment
is the real runtime client in a network namespace of its own, where the kernel counts.
"""

import json
import secrets
import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_gateway.core.invocation import Succeeded
from local_gateway.sam_local.build import HOST
from tests.support.bot import USERNAME, MakeRun
from tests.support.client import ask, log_in, open_socket
from tests.support.programs import ROOT, free_port, require_namespaces
from tests.support.sam_local.containers import Containers, Network, Place, functions_of_sam

pytestmark = pytest.mark.local_only

BUILD = ROOT / ".aws-sam/local/build"
BRIDGE = "127.0.0.2"
BUILD_SECONDS = 300.0
EVENTS = sorted((ROOT / "events").glob("*.json"))
# That of events/api_login.json.
PASSWORD = "correct-Horse-7"

# Variables that are empty unless somebody sets them.
OPTIONAL = {
    "ALLOWED_ORIGINS",
    "ASSISTANT_API",
    "ASSISTANT_KEY",
    "ASSISTANT_MODEL_ID",
    "ASSISTANT_SYSTEM_PROMPT",
    "ASSISTANT_URL",
}
ANSWERS: dict[str, object] = {
    "publish_http": 202,
    "api_asyncapi": 200,
    "api_login": 200,
    "api_logout": 204,
    "api_openapi": 200,
    "api_page": 200,
    "api_session": 401,
    "api_swagger": 200,
    "api_ws": 426,
    # No such session here: the function reads it, too.
    "connect": 403,
    "default": 200,
    "default_convert": 200,
    "default_invalid": 200,
    "default_ping": 200,
    "disconnect": 200,
}


@dataclass(frozen=True, slots=True)
class Run:
    """A bot whose functions run in containers."""

    url: str
    functions: dict[str, dict[str, Any]]
    containers: Containers


@pytest.fixture(scope="module")
def run(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    """As the document says: `make run LAMBDA=…`, and then what it asks for."""
    require_namespaces()
    lambda_port = free_port()
    endpoint = f"http://127.0.0.1:{lambda_port}"
    with ExitStack() as stack:
        bot = MakeRun(f"--bridge {BRIDGE}", f"LAMBDA={endpoint}", password=PASSWORD)
        stack.enter_context(bot)
        bot.wait_for(f"^Waiting for {endpoint}.* sam local start-lambda", BUILD_SECONDS)
        functions = functions_of_sam(BUILD / "sam-local.json", BUILD / "env.json")
        place = Place(HOST, BRIDGE, lambda_port)
        directory = tmp_path_factory.mktemp("containers")
        containers = stack.enter_context(Containers(functions, directory, place=place))
        bot.wait_for("^Ready")
        yield Run(bot.url, functions, containers)


def function_of(event: Path) -> str:
    """The function that an event is for."""
    folders = (path.parent.name for path in (ROOT / "functions").glob("*/app.py"))
    folder = next(name for name in folders if f"{event.stem}_".startswith(f"{name}_"))
    return f"{folder.title().replace('_', '')}Function"


def quiet(networks: list[Network]) -> bool:
    """Whether there are containers, and they reached for nothing but what they were given."""
    return bool(networks) and all(network.strayed == 0 for network in networks)


@pytest.mark.parametrize("event", EVENTS, ids=lambda path: path.stem)
def test_every_function_answers_every_event_and_reaches_for_nothing_else(
    run: Run, event: Path
) -> None:
    result = run.containers.invoke(function_of(event), json.loads(event.read_text()))
    assert isinstance(result, Succeeded), result
    answer = json.loads(result.payload)
    if event.stem == "authorizer":
        assert answer["policyDocument"]["Statement"][0]["Effect"] == "Deny", "no such session here"
    elif event.stem == "publish_eventbridge":
        assert answer is None
    elif event.stem == "fan_out":
        assert answer == {"batchItemFailures": []}
    elif event.stem == "answer":
        # The queue knows no such receipt, so the function does not begin.
        [record] = json.loads(event.read_text())["Records"]
        assert answer == {"batchItemFailures": [{"itemIdentifier": record["messageId"]}]}
    else:
        assert answer["statusCode"] == ANSWERS[event.stem], answer
    assert quiet(run.containers.networks(function_of(event)))


def test_a_conversation_over_a_real_socket(run: Run) -> None:
    token = log_in(run.url, USERNAME, PASSWORD)
    socket_url = f"{run.url.replace('http', 'ws', 1)}/ws?endpoint=chat"
    with open_socket(socket_url, token) as ana, open_socket(socket_url, token) as ben:
        for socket in (ana, ben):
            assert ask(socket, {"$ping": 1}) == {"$pong": 1}
            socket.send(json.dumps({"action": "join", "room": "lobby"}))
        said = secrets.token_hex(4)
        ana.send(json.dumps({"action": "say", "room": "lobby", "text": said}))
        while said not in str(ben.recv(timeout=30)):
            pass
    for name in run.functions:
        networks = run.containers.networks(name)
        assert all(network.strayed == 0 for network in networks), (name, networks)


def test_sam_gives_each_function_what_it_needs_and_nothing_of_the_developer(run: Run) -> None:
    assert run.functions.keys() == {function_of(event) for event in EVENTS}
    for name, function in run.functions.items():
        variables = function["variables"]
        empty = {key for key, value in variables.items() if not value}
        assert empty <= OPTIONAL, name
        assert variables["AWS_ENDPOINT_URL"].startswith(f"http://{HOST}:")
        text = " ".join(variables.values())
        assert "localhost" not in text
        assert "127.0.0." not in text
        assert "LOCAL_GATEWAY_API_HOSTS" not in variables, "the gateway's own environments need it"
        if "MANAGEMENT_API_ENDPOINT" in variables:
            port = run.url.rpartition(":")[2]
            assert variables["MANAGEMENT_API_ENDPOINT"] == f"http://{HOST}:{port}/ws"


STRAYING = {
    "metadata": "socket.create_connection(('169.254.169.254', 80), 1)",
    "a name": "socket.getaddrinfo('sts.amazonaws.com', 443)",
    "a closed port": "socket.create_connection(('127.0.0.1', 9), 1)",
}


@pytest.mark.parametrize("attempt", STRAYING)
def test_what_reaches_for_something_else_is_counted(tmp_path: Path, attempt: str) -> None:
    require_namespaces()
    code = tmp_path / "code"
    code.mkdir()
    (code / "app.py").write_text(
        "import contextlib, socket\n"
        "def lambda_handler(event, context):\n"
        f"    with contextlib.suppress(OSError):\n        {STRAYING[attempt]}\n"
    )
    function = {
        "code": str(code),
        "handler": "app.lambda_handler",
        "timeout": 20,
        "memory": 128,
        "layers": [],
        "variables": {"AWS_REGION": "us-east-1"},
    }
    with Containers({"F": function}, tmp_path, place=Place(HOST, BRIDGE)) as containers:
        assert containers.invoke("F", {}) == Succeeded(b"null")
        (network,) = containers.networks("F")
    assert network.strayed > 0


@pytest.mark.parametrize(
    "command", [["invoke", "ConnectFunction", "-e", "events/connect.json"], ["start-lambda"]]
)
def test_sam_lacks_nothing_but_docker(run: Run, command: list[str]) -> None:
    done = subprocess.run(
        [str(ROOT / ".venv-sam/bin/sam"), "local", *command],
        cwd=ROOT,
        env={
            "DOCKER_HOST": "unix:///nonexistent",
            "AWS_ACCESS_KEY_ID": "",
            "AWS_EC2_METADATA_DISABLED": "true",
            "SAM_CLI_TELEMETRY": "0",
            "PATH": "/usr/bin:/bin",
        },
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode != 0
    assert "requires a container runtime" in done.stderr, done.stderr
