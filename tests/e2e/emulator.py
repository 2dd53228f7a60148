"""A stack made by `sam build` and `sam deploy` on MiniStack, an emulator that is not ours."""

import platform
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from tempfile import TemporaryDirectory

import boto3

from tests.e2e.emulated_routes import create_routes
from tests.e2e.gateway_process import ROOT, GatewayProcess, free_port
from tests.e2e.viewer_host import Origins, viewer_host
from tools.scripts.stacks import Stack, described_stack

REGION = "ap-southeast-1"
NAME = "sapa-e2e"
_BUILD, _DEPLOY = 300.0, 300.0
_BUILT = ".aws-sam/emulated"
_TEMPLATE = f"{_BUILT}/emulated.json"


@contextmanager
def emulated_stack() -> Iterator[tuple[Stack, str, str]]:
    """The stack, the URL of its page and that of its management API. Takes about half a minute."""
    port = free_port()
    url = f"http://127.0.0.1:{port}"
    aws = {
        "AWS_ENDPOINT_URL": url,
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EC2_METADATA_DISABLED": "true",
        "SAM_CLI_TELEMETRY": "0",
    }
    listening = {"GATEWAY_PORT": str(port), "MINISTACK_REGION": REGION}
    # It leaves a copy of each function and its layers behind for every worker it started.
    with (
        TemporaryDirectory(prefix="sapa-emulator-") as scratch,
        GatewayProcess(
            [".venv-emulator/bin/ministack"], {**aws, **listening, "TMPDIR": scratch}
        ) as process,
    ):
        process.wait_for("Running on")
        _run(["make", "build", f"ARGS=--config-env {_config()} --build-dir {_BUILT}"], {}, _BUILD)
        derive = [".venv/bin/python", "-m", "tests.e2e.emulated_template", url]
        _run([*derive, f"{_BUILT}/template.yaml", _TEMPLATE], {}, _BUILD)
        _run(_deploy(), aws, _DEPLOY)
        session = boto3.Session("test", "test", region_name=REGION)
        stack = described_stack(NAME, session, url)
        create_routes(stack)
        websocket, http = stack.resource("WebSocketApi"), stack.resource("HttpApi")
        origins = Origins(
            address=("127.0.0.1", port),
            http_path=f"/_aws/execute-api/{http}/$default",
            websocket_path=f"/_aws/execute-api/{websocket}",
        )
        with viewer_host(origins) as page:
            outputs = {**stack.outputs, "PageUrl": f"{page}/", "PublishUrl": f"{page}/publish"}
            management = f"{url}{origins.websocket_path}/ws"
            yield replace(stack, outputs=outputs), page, management


def _is_x86() -> bool:
    """The functions run on this machine, so what is built has to be for it."""
    return platform.machine() in {"x86_64", "AMD64"}


def _config() -> str:
    return "x86_64" if _is_x86() else "default"


def _deploy() -> list[str]:
    return [
        ".venv-sam/bin/sam",
        "deploy",
        *("--template-file", _TEMPLATE),
        *("--config-file", str(ROOT / "samconfig.toml")),
        *("--config-env", _config()),
        *("--stack-name", NAME),
        *("--region", REGION),
        "--no-confirm-changeset",
        *("--parameter-overrides", f"Architecture={'x86_64' if _is_x86() else 'arm64'}"),
    ]


def _run(command: list[str], environment: dict[str, str], seconds: float) -> None:
    with GatewayProcess(command, environment) as process:
        assert process.wait(seconds) == 0, process.output
