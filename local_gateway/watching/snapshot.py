"""What is on disk at a moment, as little of it as tells whether something has changed."""

import os
import re
import stat
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path

_FOLDERS = frozenset({"__pycache__", "node_modules", "venv"})
_FILES = re.compile(
    r"""\.py[co]$           # compiled
        |~$|^\.?\#|\.sw.$   # copies and locks of Emacs and Vim
        |^4913$             # Vim tries whether it may write here
        |___jb_\w+___$      # JetBrains writes beside, then renames
        |\.tmp$|\.tmp\.\d+  # others do so, too
        |^\.DS_Store$""",
    re.VERBOSE,
)

# Name, time of modification in nanoseconds, size; names are relative, or empty for a file itself.
type Files = frozenset[tuple[str, int, int]]
type Directory = tuple[Path, int]


def is_source(name: str) -> bool:
    """Whether a file or folder of this name may be written by a person, rather than in passing."""
    return name not in _FOLDERS and not _FILES.search(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The files of several roots, and the directories (with their inodes) that hold them.

    A root is a directory or a file and need not exist; the directory that it would lie in, or the
    nearest above that exists, is among `directories`.
    """

    files: Mapping[Path, Files] = field(default_factory=dict)
    directories: frozenset[Directory] = frozenset()

    def __or__(self, other: "Snapshot") -> "Snapshot":
        """Both; what `other` says of a root holds."""
        return Snapshot(
            files={**self.files, **other.files}, directories=self.directories | other.directories
        )

    def same(self, other: "Snapshot", roots: Iterable[Path]) -> bool:
        """Whether these roots look the same in both."""
        return all(self.files.get(root) == other.files.get(root) for root in roots)


def take_snapshot(roots: Iterable[Path]) -> Snapshot:
    """Look at roots as they are now; what cannot be read is passed over."""
    files: dict[Path, Files] = {}
    directories: set[Directory] = set()
    for root in roots:
        walk = _Walk(root)
        files[root] = frozenset(walk.files())
        directories |= walk.directories
    return Snapshot(files=files, directories=frozenset(directories))


class _Walk:
    """One way through a root; symbolic links are followed, none of them twice."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._seen: set[tuple[int, int]] = set()
        self.directories: set[Directory] = set()

    def files(self) -> Iterator[tuple[str, int, int]]:
        self._note_parent()
        try:
            status = self._root.stat()
        except OSError:
            return
        if stat.S_ISDIR(status.st_mode):
            yield from self._below(self._root, "", status)
        else:
            yield "", status.st_mtime_ns, status.st_size

    def _below(
        self, directory: Path, prefix: str, status: os.stat_result
    ) -> Iterator[tuple[str, int, int]]:
        if (status.st_dev, status.st_ino) in self._seen:
            return
        self._seen.add((status.st_dev, status.st_ino))
        self.directories.add((directory, status.st_ino))
        try:
            entries = list(os.scandir(directory))
        except OSError:
            return
        for entry in entries:
            yield from self._entry(entry, f"{prefix}{entry.name}")

    def _entry(self, entry: "os.DirEntry[str]", name: str) -> Iterator[tuple[str, int, int]]:
        try:
            status = entry.stat()
        except OSError:  # gone meanwhile, or a link to nothing
            return
        if not stat.S_ISDIR(status.st_mode):
            if is_source(entry.name):
                yield name, status.st_mtime_ns, status.st_size
        # Folders with a dot are of tools: .git, .aws-sam, .venv; no module can lie there.
        elif is_source(entry.name) and not entry.name.startswith("."):
            yield from self._below(Path(entry.path), f"{name}/", status)

    def _note_parent(self) -> None:
        for parent in self._root.parents:
            try:
                self.directories.add((parent, parent.stat().st_ino))
            except OSError:
                continue
            return
