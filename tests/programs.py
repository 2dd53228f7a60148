"""Programs that tests run and that Python does not bring along."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

NODE_MODULES = Path(__file__).parent / "e2e" / "node_modules"


def require_tool(*names: str) -> str:
    """The path of the first program found; without any the test is skipped, but fails in CI."""
    found = next(filter(None, map(shutil.which, names)), None)
    return _required(found, f"{names[0]} is not installed")


def require_node_program(name: str) -> str:
    """The path of a program from the npm registry, which `make test` installs."""
    require_tool("node")
    found = shutil.which(name, path=str(NODE_MODULES / ".bin"))
    return _required(found, f"{name} is not installed: run `make test`, which installs it with npm")


def require_node_file(name: str) -> Path:
    """A file of a package from the npm registry, which `make test` installs."""
    path = NODE_MODULES / name
    found = str(path) if path.exists() else None
    return Path(_required(found, f"{name} is not installed: run `make test`, which does with npm"))


def require_namespaces() -> None:
    """Network namespaces, which Linux has; a sandbox may forbid them."""
    tried = subprocess.run(
        [require_tool("unshare"), "--map-root-user", "--net", "--mount", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    problem = f"network namespaces are not permitted here ({tried.stderr.strip()})"
    _required(None if tried.returncode else "unshare", problem)


def _required(found: str | None, problem: str) -> str:
    if found is not None:
        return found
    if os.environ.get("CI"):
        pytest.fail(f"{problem}, and CI must not skip")
    pytest.skip(problem)
