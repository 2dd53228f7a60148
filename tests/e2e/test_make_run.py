"""Starting and stopping: what a person sees when it works, and when it cannot."""

import shutil
import socket
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.e2e.client import log_in
from tests.e2e.gateway_process import ROOT, GatewayProcess, descendants, free_port

pytestmark = pytest.mark.local_only

LOCAL_GATEWAY = [sys.executable, "-m", "local_gateway"]


def start(*command: str, **environment: str) -> GatewayProcess:
    return GatewayProcess(list(command), environment)


def test_make_run_prints_what_to_paste_and_ctrl_c_stops_every_process() -> None:
    port = free_port()
    with start("make", "run", f"PORT={port}") as process:
        process.wait_for("^Ready")
        page = process.wait_for(r"^\s+Page\s+(\S+)")[1]
        password = process.wait_for(r"^\s+Password\s+(\S+)")[1]
        assert page == f"http://localhost:{port}/"
        assert process.wait_for(rf"curl .*localhost:{port}/auth/login")
        assert process.wait_for(rf"wscat -c ws://localhost:{port}/ws -H \"Cookie: \S+=\S+\"")
        assert log_in(page.rstrip("/"), "demo", password), "a random password was printed"
        started = descendants(process.pid)
        assert len(started) > 5, "moto and the execution environments"
        process.stop()
        assert "Traceback" not in process.output
    left = {pid for pid in started if Path(f"/proc/{pid}").exists()}
    assert not left


def test_busy_port_is_one_line_with_port_and_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with start("make", "run", f"PORT={port}") as process:
            assert process.wait() != 0
            lines = [line for line in process.output.splitlines() if "make" not in line[:5]]
    (line,) = lines
    assert str(port) in line
    assert f"PORT={port + 1}" in line


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of what the template refers to, to break."""
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("template.yaml", "observability.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def typo_in_a_resource_type(project: Path) -> tuple[str, ...]:
    template = project / "template.yaml"
    text = template.read_text().replace(
        "AWS::Serverless::WebSocketApi", "AWS::Serverless::WebsockApi"
    )
    template.write_text(text)
    return "template.yaml", "WebSocketApi", "WebsockApi"


def typo_in_a_property(project: Path) -> tuple[str, ...]:
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("AuthType: CUSTOM", "AuthType: CUSTM"))
    return "template.yaml", "WebSocketApi", "CUSTM"


def typo_in_a_reference(project: Path) -> tuple[str, ...]:
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("!Ref SessionsTable", "!Ref SessionTable"))
    return "template.yaml", "SessionTable", "SessionsTable"


def broken_yaml(project: Path) -> tuple[str, ...]:
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("Resources:", "Resources: ["))
    return "template.yaml:", "flow sequence"


def handler_that_does_not_import(project: Path) -> tuple[str, ...]:
    handler = project / "functions" / "connect" / "app.py"
    handler.write_text("import nothing_of_that_name\n" + handler.read_text())
    return "ConnectFunction", "nothing_of_that_name"


def handler_that_is_not_there(project: Path) -> tuple[str, ...]:
    (project / "functions" / "default" / "app.py").unlink()
    return "DefaultFunction", "app"


def missing_layer(project: Path) -> tuple[str, ...]:
    shutil.rmtree(project / "layers" / "sapa")
    return "SapaLayer", "layers/sapa"


def missing_template(project: Path) -> tuple[str, ...]:
    (project / "template.yaml").unlink()
    return ("template.yaml",)


@pytest.mark.parametrize(
    "break_it",
    [
        typo_in_a_resource_type,
        typo_in_a_property,
        typo_in_a_reference,
        broken_yaml,
        handler_that_does_not_import,
        handler_that_is_not_there,
        missing_layer,
        missing_template,
    ],
)
def test_what_cannot_be_served_is_one_clear_line(
    project: Path, break_it: Callable[[Path], tuple[str, ...]]
) -> None:
    named = break_it(project)
    template = str(project / "template.yaml")
    with start(*LOCAL_GATEWAY, "--template", template, "--port", "0") as process:
        status = process.wait()
        lines = [line for line in process.output.splitlines() if line.startswith("local gateway:")]
        output = process.output
    assert status == 1, output
    assert "Traceback" not in output
    (line,) = lines
    for name in named:
        assert name in line, output


@pytest.mark.parametrize(
    "arguments", [["--port", "http"], ["--parameter-overrides", "x"], ["--nonsense"]]
)
def test_arguments_that_make_no_sense_are_status_2(arguments: list[str]) -> None:
    with start(*LOCAL_GATEWAY, *arguments) as process:
        assert process.wait() == 2
        assert "usage:" in process.output


def test_failing_ready_command_ends_the_gateway() -> None:
    with start(*LOCAL_GATEWAY, "--port", "0", "--on-ready", "exit 3") as process:
        assert process.wait() == 1
        assert "status 3" in process.output
