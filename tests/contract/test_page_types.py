"""JavaScript against its JSDoc types: the page's scripts, their tests, and the Node.js runtime."""

import subprocess
from pathlib import Path

import pytest

from tests.support.programs import NODE_MODULES, require_node_file, require_node_program

pytestmark = pytest.mark.starts_programs

ROOT = Path(__file__).parents[2]
SCRIPTS = sorted((ROOT / "functions" / "api" / "static").rglob("*.js"))
TESTS = sorted((ROOT / "tests" / "page").glob("*.[jd]*s"))
RUNTIME = sorted((ROOT / "local_gateway" / "runtime" / "child" / "node").glob("*.[cm]js"))
STRICT = ["--noEmit", "--allowJs", "--checkJs", "--strict", "--target", "es2022"]
IN_BROWSERS = [
    *("--module", "es2022", "--moduleResolution", "bundler"),
    *("--lib", "es2023,dom,dom.iterable"),
]
IN_NODE = [
    *("--module", "nodenext", "--moduleResolution", "nodenext", "--lib", "es2023"),
    *("--types", "node", "--typeRoots", str(NODE_MODULES / "@types")),
]


def check(files: list[Path], *options: str) -> None:
    compiler = require_node_program("tsc")
    done = subprocess.run(
        [compiler, *STRICT, *options, *map(str, files)],
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_scripts_have_the_types_they_claim() -> None:
    assert SCRIPTS
    assert TESTS
    check([*SCRIPTS, *TESTS], *IN_BROWSERS)


def test_the_runtime_has_the_types_it_claims() -> None:
    assert RUNTIME
    require_node_file("@types/node")
    check(RUNTIME, *IN_NODE)
