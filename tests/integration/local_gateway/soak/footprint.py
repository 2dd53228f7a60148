"""What a process holds, read from /proc: memory, open files, children, sockets on a port."""

from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from tests.support.programs import descendants

PROC = Path("/proc")
LISTENING = "0A"


@dataclass(frozen=True, slots=True, kw_only=True)
class Footprint:
    """Memory is in KiB; `sockets` are the ports of those who are connected to `port`."""

    memory: int
    files: int
    children: frozenset[int]
    sockets: frozenset[int]

    @classmethod
    def of(cls, pid: int, port: int) -> Self:
        """As it is now."""
        return cls(
            memory=_memory(pid),
            files=len(_files(pid)),
            children=frozenset(descendants(pid)),
            sockets=frozenset(_peers(pid, port)),
        )


def ports_of(pids: frozenset[int]) -> set[int]:
    """The local ports of these processes' TCP sockets."""
    held = {file for pid in pids if is_running(pid) for file in _files(pid)}
    return {local for local, _, _, inode in _tcp() if f"socket:[{inode}]" in held}


def is_running(pid: int) -> bool:
    """Whether there is such a process that has not ended."""
    try:
        return (PROC / f"{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def _memory(pid: int) -> int:
    lines = (PROC / f"{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))


def _files(pid: int) -> list[str]:
    """The open files; one may be closed while they are listed."""
    files = []
    for file in (PROC / f"{pid}/fd").iterdir():
        with suppress(FileNotFoundError):
            files.append(str(file.readlink()))
    return files


def _peers(pid: int, port: int) -> set[int]:
    held = set(_files(pid))
    return {
        remote
        for local, remote, state, inode in _tcp()
        if local == port and state != LISTENING and f"socket:[{inode}]" in held
    }


def _tcp() -> list[tuple[int, int, str, str]]:
    """Local port, remote port, state and inode of every TCP socket."""
    found = []
    for table in ("net/tcp", "net/tcp6"):
        for line in (PROC / table).read_text().splitlines()[1:]:
            fields = line.split()
            local, remote = (int(field.rpartition(":")[2], 16) for field in fields[1:3])
            found.append((local, remote, fields[3], fields[9]))
    return found
