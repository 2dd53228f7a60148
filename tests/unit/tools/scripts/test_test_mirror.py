"""Which modules need a test file of their name, and where it stands."""

from pathlib import Path

import pytest

from tools.scripts import test_mirror
from tools.scripts.test_mirror import imported_by_tests, missing_tests, stale_exemptions

WORKS = "def work() -> int:\n    return 1\n"
DECLARES = '''
from typing import Protocol

class Port(Protocol):
    def work(self) -> int:
        """Works."""

class GoneError(Exception):
    def __init__(self, name: str) -> None:
        super().__init__(name)
        self.name = name
'''


def put(root: Path, path: str, text: str = WORKS) -> None:
    (root / path).parent.mkdir(parents=True, exist_ok=True)
    (root / path).write_text(text)


def missing(root: Path) -> list[str]:
    return [str(module) for module in missing_tests(root)]


@pytest.mark.parametrize(
    "test",
    [
        "tests/unit/local_gateway/core/test_stage.py",
        "tests/integration/local_gateway/core/test_stage.py",
        "tests/unit/local_gateway/core/test_stage_limits.py",
    ],
)
def test_test_file_has_the_path_and_the_name_of_its_module(tmp_path: Path, test: str) -> None:
    put(tmp_path, "local_gateway/core/stage.py")
    assert missing(tmp_path) == ["local_gateway/core/stage.py"]
    put(tmp_path, test)
    assert missing(tmp_path) == []


@pytest.mark.parametrize(
    "test",
    ["tests/unit/local_gateway/test_stage.py", "tests/unit/local_gateway/core/test_stages.py"],
)
def test_test_file_elsewhere_or_of_another_name_does_not_count(tmp_path: Path, test: str) -> None:
    put(tmp_path, "local_gateway/core/stage.py")
    put(tmp_path, test)
    assert missing(tmp_path) == ["local_gateway/core/stage.py"]


def test_bot_has_its_tests_beside_those_of_the_gateway(tmp_path: Path) -> None:
    put(tmp_path, "layers/sapa/sapa/channels/resume.py")
    assert missing(tmp_path) == ["layers/sapa/sapa/channels/resume.py"]
    put(tmp_path, "tests/unit/sapa/channels/test_resume.py")
    assert missing(tmp_path) == []


def test_package_that_works_has_a_test_file_beside_its_folder(tmp_path: Path) -> None:
    put(tmp_path, "local_gateway/core/__init__.py", "")
    assert missing(tmp_path) == []
    put(tmp_path, "local_gateway/core/__init__.py")
    assert missing(tmp_path) == ["local_gateway/core/__init__.py"]
    put(tmp_path, "tests/unit/local_gateway/test_core.py")
    assert missing(tmp_path) == []


def test_declarations_need_no_test(tmp_path: Path) -> None:
    put(tmp_path, "local_gateway/core/ports.py", DECLARES)
    assert missing(tmp_path) == []


def test_exemption_names_a_test_file_that_exists_and_a_module_without_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pattern, test = "local_gateway/child/*.py", "tests/integration/test_child.py"
    monkeypatch.setattr(test_mirror, "EXEMPT", {pattern: (test, "runs in another process")})
    put(tmp_path, "local_gateway/child/launcher.py")
    assert missing(tmp_path) == []
    assert stale_exemptions(tmp_path) == [pattern], "no such test file"
    put(tmp_path, test)
    assert stale_exemptions(tmp_path) == []
    put(tmp_path, "tests/unit/local_gateway/child/test_launcher.py")
    assert stale_exemptions(tmp_path) == [pattern], "it exempts nothing"


def test_tests_that_import_a_module_are_named(tmp_path: Path) -> None:
    text = "import local_gateway.core\nfrom local_gateway.core import stage\n"
    put(tmp_path, "tests/unit/test_any.py", text)
    imports = imported_by_tests(tmp_path)
    assert imports["local_gateway.core.stage"] == {"tests/unit/test_any.py"}
    assert imports["local_gateway.core"] == {"tests/unit/test_any.py"}
