"""A local gateway in a process of its own, as a person starts it, and the lines it prints."""

import os
import re
import signal
import socket
import subprocess
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

ROOT = Path(__file__).parents[2]
START_SECONDS = 60.0
STOP_SECONDS = 60.0


# A demo password set by the developer, and what `make test` passes on to a make that it starts.
_OWN = {
    "DEMO_PASSWORD",
    "MAKEFLAGS",
    "MFLAGS",
    "MAKEOVERRIDES",
    "MAKELEVEL",
    "ARGS",
    "PORT",
    "LAMBDA",
    "TARGET",
}


def environment() -> dict[str, str]:
    """The tests' own variables, less what would change the meaning of a command started by them."""
    return {key: value for key, value in os.environ.items() if key not in _OWN}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


class GatewayProcess:
    """Runs a command in its own process group and reads what it prints, line by line.

    `variables` are added to the `environment`.
    """

    def __init__(self, command: Sequence[str], variables: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(
            command,
            cwd=ROOT,
            env={**environment(), **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            start_new_session=True,
        )
        self._lines: list[str] = []
        self._changed = threading.Condition()
        self._ended = False
        threading.Thread(target=self._read, daemon=True).start()
        if tuple(command[:2]) == ("make", "run"):
            BOTS.append(self)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self.stop()

    @property
    def output(self) -> str:
        """Everything printed so far."""
        with self._changed:
            return "\n".join(self._lines)

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """The first match of `pattern` in a printed line; fails if the process ends without it."""
        found: list[re.Match[str]] = []

        def seen() -> bool:
            found.extend(match for line in self._lines if (match := re.search(pattern, line)))
            return bool(found) or self._ended

        with self._changed:
            if not self._changed.wait_for(seen, seconds):
                raise AssertionError(f"no line matches {pattern!r} in time:\n{self._text()}")
        if not found:
            raise AssertionError(f"ended without a line matching {pattern!r}:\n{self._text()}")
        return found[0]

    def wait(self, seconds: float = START_SECONDS) -> int:
        """The exit status of a command that ends by itself."""
        status = self._process.wait(seconds)
        with self._changed:
            self._changed.wait_for(lambda: self._ended, STOP_SECONDS)
        return status

    def stop(self) -> int:
        """Press Ctrl-C, that is SIGINT to the foreground process group; returns the status."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self.wait(STOP_SECONDS)

    @property
    def pid(self) -> int:
        """The process id of the command."""
        return self._process.pid

    def _read(self) -> None:
        if self._process.stdout is None:
            raise AssertionError("stdout is a pipe")
        with self._process.stdout as stream:
            for line in stream:
                with self._changed:
                    self._lines.append(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()

    def _text(self) -> str:
        return "\n".join(self._lines)


def descendants(pid: int) -> set[int]:
    """Process ids of all children of `pid`, their children included, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    found: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            found.add(child)
            waiting.append(child)
    return found


BOTS: list[GatewayProcess] = []
"""Every `make run` of this run of the tests, ended or not."""
