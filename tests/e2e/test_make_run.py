"""Starting and stopping: what a person sees when it works, and when it cannot."""

import shutil
import socket
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.support.bot import MakeRun
from tests.support.client import log_in
from tests.support.programs import ROOT, GatewayProgram, Program, descendants

pytestmark = pytest.mark.local_only


def test_make_run_prints_what_to_paste_and_ctrl_c_stops_every_process() -> None:
    with MakeRun() as program:
        program.wait_for("^Ready")
        page = program.wait_for(r"^\s+Page\s+(\S+)")[1]
        password = program.wait_for(r"^\s+Password\s+(\S+)")[1]
        assert page == f"http://localhost:{program.port}/"
        assert program.wait_for(rf"curl .*localhost:{program.port}/auth/login")
        assert program.wait_for(
            rf"wscat -c ws://localhost:{program.port}/ws -H \"Cookie: \S+=\S+\""
        )
        assert log_in(program.url, "demo", password), "a random password was printed"
        started = descendants(program.pid)
        assert len(started) > 5, "moto and the execution environments"
        program.stop()
        assert "Traceback" not in program.output
    assert not {pid for pid in started if Path(f"/proc/{pid}").exists()}


def test_busy_port_is_one_line_with_port_and_remedy() -> None:
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        with Program("make", "run", f"PORT={port}") as program:
            assert program.wait() != 0
            lines = [line for line in program.output.splitlines() if "make" not in line[:5]]
    (line,) = lines
    assert str(port) in line
    assert f"PORT={port + 1}" in line


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A copy of the template and everything that it refers to, to break."""
    for name in ("functions", "layers"):
        shutil.copytree(ROOT / name, tmp_path / name)
    for name in ("template.yaml", "observability.yaml"):
        shutil.copy(ROOT / name, tmp_path)
    return tmp_path


def wrong_property(project: Path) -> tuple[str, ...]:
    template = project / "template.yaml"
    template.write_text(template.read_text().replace("AuthType: CUSTOM", "AuthType: CUSTM"))
    return "template.yaml", "WebSocketApi", "CUSTM"


def handler_that_is_missing(project: Path) -> tuple[str, ...]:
    (project / "functions" / "default" / "app.py").unlink()
    return "DefaultFunction", "app"


def missing_template(project: Path) -> tuple[str, ...]:
    (project / "template.yaml").unlink()
    return ("template.yaml",)


@pytest.mark.parametrize(
    "damage",
    [wrong_property, handler_that_is_missing, missing_template],
)
def test_what_cannot_be_served_is_one_clear_line(
    project: Path, damage: Callable[[Path], tuple[str, ...]]
) -> None:
    names = damage(project)
    with GatewayProgram(project / "template.yaml") as program:
        assert program.wait() == 1, program.output
        output = program.output
    assert "\nTraceback" not in output, "a function's own log has its name in front"
    (line,) = [line for line in output.splitlines() if line.startswith("local gateway:")]
    assert all(name in line for name in names), output


def test_failing_ready_command_ends_the_gateway() -> None:
    with GatewayProgram(ROOT / "template.yaml", "--on-ready", "exit 3") as program:
        assert program.wait() == 1
        assert "status 3" in program.output
