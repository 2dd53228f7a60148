"""What `pip install .` makes of the repository: one command and one package."""

import ast
import importlib
import importlib.metadata
import re
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import local_gateway
from local_gateway.cli.main import main

ROOT = Path(__file__).parents[3]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
PACKAGE = Path(local_gateway.__file__).parent


def normalised(name: str) -> str:
    """A distribution's name as it is compared."""
    return re.sub(r"[-_.]+", "-", name).lower()


def minimums() -> dict[str, str]:
    """The lowest version of each distribution that is depended on."""
    found = {}
    for text in PROJECT["project"]["dependencies"]:
        match = re.match(r"([\w.-]+)(?:\[[\w,]+\])?>=([\d.]+)(?:;.*)?$", text)
        assert match, f"not a name with a minimum: {text}"
        found[normalised(match[1])] = match[2]
    return found


def imported() -> Iterator[str]:
    """Every module outside the standard library that the package imports."""
    for file in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(file.read_text())):
            names = [node.module] if isinstance(node, ast.ImportFrom) else []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            tops = {name.partition(".")[0] for name in names if name}
            yield from tops - sys.stdlib_module_names - {"local_gateway"}


def test_command_runs_the_command_line() -> None:
    module, _, name = PROJECT["project"]["scripts"]["local-gateway"].partition(":")
    assert getattr(importlib.import_module(module), name) is main


def test_only_the_gateway_is_installed() -> None:
    assert PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"] == ["local_gateway"]


def test_the_build_backend_is_pinned() -> None:
    (requirement,) = PROJECT["build-system"]["requires"]
    assert re.fullmatch(r"hatchling==[\d.]+", requirement)


def test_what_is_imported_is_depended_on() -> None:
    distributions = importlib.metadata.packages_distributions()
    # awslambdaric brings the module of its C extension along.
    modules = set(imported()) - {"runtime_client"}
    needed = {normalised(distributions[module][0]) for module in modules if module in distributions}
    assert {"aiohttp", "moto", "websockets"} <= needed
    assert needed <= minimums().keys()


def test_minimum_is_no_higher_than_what_is_tested_with() -> None:
    def parts(version: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", version)]

    # awslambdaric is installed on Linux only.
    installed = {normalised(one.name): one.version for one in importlib.metadata.distributions()}
    minimum = {name: low for name, low in minimums().items() if name in installed}
    assert len(minimum) >= len(minimums()) - 1
    for name, low in minimum.items():
        assert parts(low) <= parts(installed[name]), name
