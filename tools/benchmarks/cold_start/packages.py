"""What our functions are compared with: handlers and what they import, with or without bytecode,
while the standard library and the runtime client keep theirs.
"""

import compileall
import re
import shutil
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path
from py_compile import PycInvalidationMode

from tools.benchmarks.processes import ROOT

# What the naive handler imports; boto3 counts although Lambda brings it: nobody
# says whether it has bytecode there.
_DISTRIBUTIONS = ("boto3", "aws-lambda-powertools", "pydantic", "aws-xray-sdk")
_REQUIREMENT = re.compile(r"^([A-Za-z0-9._-]+)(?:.*;\s*(.*))?")


class Package:
    """A directory tree of links: `python/` for the layers, `functions/NAME` for the handlers."""

    def __init__(self, directory: Path) -> None:
        self.python = directory / "python"
        self._functions = directory / "functions"
        for installed in _closure():
            _link_distribution(installed, self.python)
        for name in ("empty", "naive"):
            _link_tree(ROOT / "tools/benchmarks/handlers" / name, self._functions / name)

    def function(self, name: str) -> Path:
        """The task root of a function."""
        return self._functions / name

    def compile(self) -> None:
        """Add the bytecode that survives `sam package`, which dates every file 1980."""
        for directory in (self.python, self._functions):
            compileall.compile_dir(
                directory,
                quiet=2,
                workers=0,
                invalidation_mode=PycInvalidationMode.UNCHECKED_HASH,
            )


def missing_distributions() -> list[str]:
    """What a fair naive handler needs and this environment lacks."""
    return [name for name in _DISTRIBUTIONS if _find(name) is None]


def _find(name: str) -> Distribution | None:
    try:
        return distribution(name)
    except PackageNotFoundError:
        return None


def _closure() -> list[Distribution]:
    """The installed distributions and what they need, extras left out."""
    distributions: dict[str, Distribution] = {}
    names = list(_DISTRIBUTIONS)
    for name in names:
        installed = _find(name)
        if installed is None or name in distributions:
            continue
        distributions[name] = installed
        for requirement in installed.requires or ():
            match = _REQUIREMENT.match(requirement)
            if match and "extra" not in (match[2] or ""):
                names.append(match[1].lower())
    return list(distributions.values())


def _link_distribution(installed: Distribution, target: Path) -> None:
    for file in installed.files or ():
        if "__pycache__" in file.parts or ".." in file.parts:
            continue
        link = target / file
        link.parent.mkdir(parents=True, exist_ok=True)
        if not link.exists():
            link.symlink_to(Path(str(file.locate())).resolve())


def _link_tree(source: Path, target: Path) -> None:
    shutil.copytree(
        source,
        target,
        ignore=shutil.ignore_patterns("__pycache__"),
        copy_function=lambda file, link: Path(link).symlink_to(file),
    )
