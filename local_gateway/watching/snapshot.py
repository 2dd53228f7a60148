"""The state of files on disk, in as few facts as show whether a file has changed."""

import os
import re
import stat
import sys
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass, field
from pathlib import Path

_FOLDERS = frozenset({"__pycache__", "node_modules", "venv"})
_FILES = re.compile(
    r"""\.py[co]$           # compiled
        |~$|^\.?\#|\.sw.$   # copies and locks of Emacs and Vim
        |^4913$             # Vim checks whether it may write here
        |___jb_\w+___$      # JetBrains writes a temporary file, then renames it
        |\.tmp$|\.tmp\.\d+  # and so do others
        |\.log$|^nohup\.out$   # output of programs
        |^\.DS_Store$""",
    re.VERBOSE,
)

# Name, time of modification in nanoseconds, size; names are relative, or empty for a file itself.
type Files = frozenset[tuple[str, int, int]]
type Directory = tuple[Path, int]
# Device and inode.
type FileId = tuple[int, int]


def is_source(name: str) -> bool:
    """Whether this may be the name of a file or folder that a person edits."""
    return name not in _FOLDERS and not _FILES.search(name)


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapshot:
    """The files below several roots, and the directories (with their inodes) that hold them.

    A root is a directory or a file, and need not exist. `directories` contains its parent, or the
    nearest ancestor that exists.
    """

    files: Mapping[Path, Files] = field(default_factory=dict)
    directories: frozenset[Directory] = frozenset()

    def __or__(self, other: "Snapshot") -> "Snapshot":
        """Both together; for a root that both have, `other` counts."""
        return Snapshot(
            files={**self.files, **other.files}, directories=self.directories | other.directories
        )

    def same(self, other: "Snapshot", roots: Iterable[Path]) -> bool:
        """Whether these roots are equal in both."""
        return all(self.files.get(root) == other.files.get(root) for root in roots)


def take_snapshot(roots: Iterable[Path]) -> Snapshot:
    """Read the current state of the roots; files that cannot be read are skipped."""
    files: dict[Path, Files] = {}
    directories: set[Directory] = set()
    outputs = _own_outputs()
    for root in roots:
        walk = _Walk(root, outputs)
        files[root] = frozenset(walk.files())
        directories |= walk.directories
    return Snapshot(files=files, directories=frozenset(directories))


def _own_outputs() -> Set[FileId]:
    """The files that this process writes: output beside the code must not start a reload."""
    if sys.platform == "win32":
        return frozenset()
    import fcntl

    outputs: set[FileId] = set()
    for name in os.listdir("/dev/fd"):  # noqa: PTH208 - numbers, not paths
        try:
            status = os.fstat(int(name))
            mode = fcntl.fcntl(int(name), fcntl.F_GETFL) & os.O_ACCMODE
        except OSError:  # closed in the meantime
            continue
        if stat.S_ISREG(status.st_mode) and mode != os.O_RDONLY:
            outputs.add((status.st_dev, status.st_ino))
    return outputs


class _Walk:
    """Walks through a root; it follows each symbolic link once."""

    def __init__(self, root: Path, outputs: Set[FileId]) -> None:
        self._root = root
        self._outputs = outputs
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
        except OSError:  # deleted in the meantime, or a broken link
            return
        if not stat.S_ISDIR(status.st_mode):
            if is_source(entry.name) and (status.st_dev, status.st_ino) not in self._outputs:
                yield name, status.st_mtime_ns, status.st_size
        # Folders that begin with a dot belong to tools: .git, .aws-sam, .venv.
        elif is_source(entry.name) and not entry.name.startswith("."):
            yield from self._below(Path(entry.path), f"{name}/", status)

    def _note_parent(self) -> None:
        for parent in self._root.parents:
            try:
                self.directories.add((parent, parent.stat().st_ino))
            except OSError:
                continue
            return
