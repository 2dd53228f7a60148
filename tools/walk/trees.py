"""Copies of the repository: as it stands, and as it was at a revision."""

import io
import shutil
import subprocess
import sys
import tarfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarks.processes import Program


class WalkError(Exception):
    """Something cannot be measured."""


@dataclass(frozen=True, slots=True)
class Tree:
    """A copy of the repository; `files`, relative to `root`, are those that it began with."""

    name: str
    root: Path
    files: tuple[Path, ...]

    @classmethod
    def from_directory(cls, name: str, root: Path) -> "Tree":
        """Every file in a directory."""
        files = (path.relative_to(root) for path in root.rglob("*") if path.is_file())
        return cls(name, root, tuple(sorted(files)))

    def gateway(self, *arguments: str, variables: Mapping[str, str] | None = None) -> Program:
        """Run its local gateway by its command, on a free port."""
        command = [sys.executable, "-m", "local_gateway", "--port=0", "--no-reload", *arguments]
        return Program(command, directory=self.root, variables=variables)

    def first(self, *candidates: str) -> Path:
        """The first of some paths that exists: layouts differ between revisions."""
        for candidate in candidates:
            if (path := self.root / candidate).exists():
                return path
        raise WalkError(f"{self.name} has none of {', '.join(candidates)}")


def working_tree(repository: Path, target: Path) -> Tree:
    """The files as they are now, committed or not."""
    listed = _git(repository, "ls-files", "-z", "--cached", "--others", "--exclude-standard")
    for name in listed.decode().rstrip("\0").split("\0"):
        source, copy = repository / name, target / name
        # Not there: deleted, but still in the index. A link: an environment.
        if source.is_file() and not source.is_symlink():
            copy.parent.mkdir(parents=True, exist_ok=True)
            shutil.copy2(source, copy)
    return Tree.from_directory("working tree", target)


def revision(repository: Path, name: str, target: Path) -> Tree:
    """The files of a commit."""
    packed = _git(repository, "archive", name)
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        archive.extractall(target, filter="data")
    return Tree.from_directory(name, target)


def _git(repository: Path, *arguments: str) -> bytes:
    command: Sequence[str] = ["git", "-C", str(repository), *arguments]
    finished = subprocess.run(command, capture_output=True, check=False)
    if finished.returncode:
        raise WalkError(finished.stderr.decode().strip())
    return finished.stdout
