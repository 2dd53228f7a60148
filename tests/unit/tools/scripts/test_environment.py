"""Environments: what is run for them. venv, pip and uv are stand-ins that note their arguments."""

import subprocess
import sys
from pathlib import Path

import pytest

from tools.scripts import environment
from tools.scripts.environment import (
    has_this_python,
    install_with_uv,
    step,
    uv_environment,
)

pytestmark = pytest.mark.starts_programs

NOTE = """#!/bin/sh
echo "$@ index=$UV_DEFAULT_INDEX downloads=$UV_PYTHON_DOWNLOADS" >> calls
"""


@pytest.fixture
def project(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty project with a uv that notes how it is called, and a pip without configuration."""
    monkeypatch.chdir(tmp_path)
    program(tmp_path / ".venv-uv/bin/python", "#!/bin/sh\n")
    program(tmp_path / ".venv-uv/bin/uv", NOTE)
    return tmp_path


def program(path: Path, text: str) -> None:
    """Make a program."""
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text)
    path.chmod(0o700)


def calls(project: Path) -> list[str]:
    return (project / "calls").read_text().splitlines()


def test_new_environment_is_made_with_this_python_and_nothing_is_downloaded(project: Path) -> None:
    install_with_uv(Path(".venv"), Path("run.txt"))
    made, installed = calls(project)
    assert made.startswith(f"venv --quiet --clear --python {sys.executable} .venv ")
    assert installed.startswith("pip install --quiet --require-hashes --python .venv/bin/python")
    assert "--requirements run.txt" in installed
    assert all(line.endswith("downloads=never") for line in (made, installed))


def test_environment_with_this_python_is_kept(project: Path) -> None:
    (project / ".venv/bin").mkdir(parents=True)
    (project / ".venv/bin/python").symlink_to(sys.executable)
    install_with_uv(Path(".venv"), Path("run.txt"))
    (installed,) = calls(project)
    assert installed.startswith("pip install")


@pytest.mark.parametrize("text", ["#!/bin/sh\necho 3.12.1\n", "#!/nowhere/python\n"])
def test_environment_of_another_or_a_vanished_python_is_not_this_python(
    project: Path, text: str
) -> None:
    program(project / ".venv/bin/python", text)
    assert not has_this_python(Path(".venv"))


@pytest.fixture
def pip_configuration(project: Path) -> None:
    """A pip that is configured with an index and with certificates."""
    settings = "global.index-url='https://pypi.example/simple'\n:env:.cert='/pip.pem'"
    program(project / ".venv-uv/bin/python", f'#!/bin/sh\necho "{settings}"\n')


@pytest.mark.usefixtures("pip_configuration")
def test_uv_gets_the_index_and_the_certificates_that_pip_is_configured_with() -> None:
    assert uv_environment({}) == {
        "UV_DEFAULT_INDEX": "https://pypi.example/simple",
        "SSL_CERT_FILE": "/pip.pem",
    }


@pytest.mark.usefixtures("pip_configuration")
@pytest.mark.parametrize("name", ["UV_DEFAULT_INDEX", "UV_INDEX", "UV_CONFIG_FILE"])
def test_what_uv_is_configured_with_is_kept(name: str) -> None:
    assert uv_environment({name: "other"}) == {name: "other"}


@pytest.mark.usefixtures("pip_configuration")
def test_certificates_that_are_named_are_kept() -> None:
    assert uv_environment({"SSL_CERT_FILE": "/uv.pem"})["SSL_CERT_FILE"] == "/uv.pem"


@pytest.mark.usefixtures("project")
def test_pip_without_a_configuration_adds_nothing() -> None:
    assert uv_environment({"HOME": "/"}) == {"HOME": "/"}


def test_first_environment_has_uv_and_is_made_with_pip(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "argv", ["environment", ".venv-uv", "uv.txt"])
    (project / "uv.txt").write_text("")
    environment.main()
    assert (project / ".venv-uv/bin/python").exists()
    assert not (project / ".venv-uv/bin/uv").exists(), "what another Python left is removed"
    assert capfd.readouterr().out.startswith("Installing uv.txt into .venv-uv … ")


def test_failure_ends_the_line_and_the_program(
    project: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    program(project / ".venv-uv/bin/uv", "#!/bin/sh\necho 'no such package' >&2\nexit 3\n")
    monkeypatch.setattr(sys, "argv", ["environment", ".venv", "run.txt"])
    with pytest.raises(SystemExit, match="3"):
        environment.main()
    printed = capfd.readouterr()
    assert printed.out == "Installing run.txt into .venv … failed\n"
    assert printed.err == "no such package\n"


def test_step_is_one_line(capsys: pytest.CaptureFixture[str]) -> None:
    with step("Waiting"):
        pass
    with pytest.raises(subprocess.CalledProcessError), step("Failing"):
        raise subprocess.CalledProcessError(1, "false")
    assert capsys.readouterr().out == "Waiting … 0.0 s\nFailing … failed\n"


def test_makefile_names_the_version_it_has_and_the_ways_to_get_the_right_one(
    tmp_path: Path,
) -> None:
    program(tmp_path / "python3.11", "#!/bin/sh\necho Python 3.11.7\n")
    command = ["make", "run", f"PYTHON={tmp_path / 'python3.11'}"]
    root = Path(__file__).parents[4]
    done = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    assert done.returncode != 0
    assert "Installing" not in done.stdout
    for text in ("Python 3.13 is needed", "Python 3.11.7", "uv ", "pyenv ", "brew ", "apt "):
        assert text in done.stderr
