"""What `pip install .` makes of the repository: one command and one package."""

import ast
import importlib
import importlib.metadata
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest
from packaging.requirements import Requirement

import local_gateway
from local_gateway.cli.main import main
from local_gateway.template.loading.resource_types import DATA

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


def required() -> set[str]:
    """Every distribution that is installed with the package."""
    pending = [Requirement(text) for text in PROJECT["project"]["dependencies"]]
    seen = set()
    for requirement in pending:
        name = normalised(requirement.name)
        for extra in ("", *requirement.extras):
            if (name, extra) in seen:
                continue
            seen.add((name, extra))
            for text in importlib.metadata.requires(name) or []:
                needed = Requirement(text)
                if needed.marker is None or needed.marker.evaluate({"extra": extra}):
                    pending.append(needed)
    return {name for name, _ in seen}


def test_command_runs_the_command_line() -> None:
    module, _, name = PROJECT["project"]["scripts"]["local-gateway"].partition(":")
    assert getattr(importlib.import_module(module), name) is main


def test_only_the_gateway_is_installed() -> None:
    assert PROJECT["project"]["name"] == "sapa-local-gateway"
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


@pytest.mark.starts_programs
def test_moto_needs_no_more_than_what_is_depended_on() -> None:
    distributions = importlib.metadata.packages_distributions()
    allowed = required()
    absent = [
        module
        for module, names in distributions.items()
        if not {normalised(name) for name in names} & allowed
    ]
    assert {"pytest", "mypy"} <= set(absent)
    services = {resource_type.split("::")[1].lower() for resource_type in DATA}
    backends = {"cognitoidp" if name == "cognito" else name for name in services}
    modules = [f"moto.{name}.{part}" for name in backends for part in ("urls", "models")]
    modules += ["moto.moto_server.werkzeug_app", "moto.cloudformation.urls"]
    modules += ["moto.cloudformation.parsing", "py_partiql_parser"]
    code = (
        "import importlib, sys\n"
        f"sys.modules.update(dict.fromkeys({absent!r}))\n"
        f"for name in {modules!r}: importlib.import_module(name)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_minimum_is_no_higher_than_what_is_tested_with() -> None:
    def parts(version: str) -> list[int]:
        return [int(part) for part in re.findall(r"\d+", version)]

    # awslambdaric is installed on Linux only.
    installed = {normalised(one.name): one.version for one in importlib.metadata.distributions()}
    minimum = {name: low for name, low in minimums().items() if name in installed}
    assert len(minimum) >= len(minimums()) - 1
    for name, low in minimum.items():
        assert parts(low) <= parts(installed[name]), name
