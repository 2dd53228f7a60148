"""The page's scripts, and their tests, against their JSDoc types."""

import subprocess
from pathlib import Path

import pytest

from tests.support.programs import require_node_program

pytestmark = pytest.mark.starts_programs

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "functions" / "api" / "static").rglob("*.js"))
TESTS = sorted((ROOT / "tests" / "page").glob("*.[jd]*s"))
OPTIONS = [
    *("--noEmit", "--allowJs", "--checkJs", "--strict"),
    *("--target", "es2022", "--module", "es2022", "--moduleResolution", "bundler"),
    *("--lib", "es2023,dom,dom.iterable"),
]


def test_scripts_have_the_types_they_claim() -> None:
    assert SCRIPTS
    assert TESTS
    compiler = require_node_program("tsc")
    done = subprocess.run(
        [compiler, *OPTIONS, *map(str, [*SCRIPTS, *TESTS])],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
