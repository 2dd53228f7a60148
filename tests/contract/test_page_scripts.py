"""The page's scripts in Node.js: each file under `tests/page` runs there."""

import subprocess
from pathlib import Path

import pytest

from tests.support.programs import require_tool

pytestmark = pytest.mark.starts_programs

PAGE_TESTS = sorted((Path(__file__).parents[1] / "page").glob("*.test.js"))
# Modules without a package.json beside them are recognised by their imports.
OPTIONS = ["--disable-warning=MODULE_TYPELESS_PACKAGE_JSON", "--test", "--test-reporter=spec"]


def test_page_has_tests() -> None:
    assert PAGE_TESTS


@pytest.mark.parametrize("tests", PAGE_TESTS, ids=lambda path: path.name.removesuffix(".test.js"))
def test_script_does_what_its_tests_say(tests: Path) -> None:
    done = subprocess.run(
        [require_tool("node"), *OPTIONS, str(tests)],
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, f"{done.stdout}\n{done.stderr}"
