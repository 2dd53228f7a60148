"""What every run of the tests promises: no test is left out in silence, none starts a program."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
pytestmark = pytest.mark.starts_programs

SKIPPING = """
import pytest

def test_passes():
    pass

def test_in_a_browser():
    pytest.skip("chromium is not installed")

@pytest.mark.skipif(True, reason="of another system")
def test_of_another_system():
    pass
"""
STARTING = """
import subprocess, pytest

def test_unmarked():
    subprocess.run(["true"])

@pytest.mark.starts_programs
def test_marked():
    subprocess.run(["true"])

@pytest.fixture
def program():
    subprocess.run(["true"])

def test_with_a_fixture(program):
    pass
"""


def run(folder: Path, text: str, *arguments: str) -> tuple[int, list[str]]:
    """Run tests like those of this project; the status, and the lines that were printed."""
    (folder / "pytest.ini").write_text("[pytest]\nmarkers = starts_programs\n")
    (folder / "test_it.py").write_text(text)
    command = [sys.executable, "-m", "pytest", "-p", "tests.conftest", *arguments]
    variables = {key: value for key, value in os.environ.items() if "PYTEST" not in key}
    done = subprocess.run(
        command,
        cwd=folder,
        env={**variables, "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
    )
    return done.returncode, done.stdout.splitlines()


@pytest.mark.parametrize("arguments", [[], ["-n", "1"]])
def test_run_that_lacks_a_program_names_the_tests_and_is_no_success(
    tmp_path: Path, arguments: list[str]
) -> None:
    status, lines = run(tmp_path, SKIPPING, *arguments)
    assert status == 1
    summary = next(number for number, line in enumerate(lines) if "1 passed" in line)
    reason, test, _, last = lines[summary + 2 :]
    assert reason == "Did not run: chromium is not installed"
    assert test.strip() == "test_it.py::test_in_a_browser"
    assert last.startswith("1 TESTS DID NOT RUN.")


def test_run_without_gaps_is_a_success(tmp_path: Path) -> None:
    status, lines = run(tmp_path, SKIPPING, "-k", "not browser")
    assert status == 0
    assert "1 passed" in lines[-1]


def test_no_programs_leaves_marked_tests_out_and_fails_the_others(tmp_path: Path) -> None:
    status, lines = run(tmp_path, STARTING)
    assert status == 0
    status, lines = run(tmp_path, STARTING, "--no-programs")
    assert status == 1
    assert "1 failed, 1 deselected, 1 error" in lines[-1]
    assert any("starts true without the marker starts_programs" in line for line in lines)
