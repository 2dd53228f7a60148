"""Programs that the tests start, and the lines that they print."""

import os
import re
import shutil
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Self

import pytest
from websockets.sync.client import ClientConnection, connect

ROOT = Path(__file__).parents[2]
NODE_MODULES = ROOT / "tests" / "e2e" / "node_modules"
LOCAL_GATEWAY = (sys.executable, "-m", "local_gateway")
START_SECONDS = 60.0
STOP_SECONDS = 60.0

# A demo password set by the developer, and what `make test` passes on to a make that it starts.
_NOT_PASSED_ON = {
    *("DEMO_PASSWORD", "MAKEFLAGS", "MFLAGS", "MAKEOVERRIDES", "MAKELEVEL"),
    *("ARGS", "PORT", "LAMBDA", "TARGET"),
}


def require_tool(*names: str) -> str:
    """The path of the first program that is installed; else skips the test, and fails in CI."""
    return _required(
        next(filter(None, map(shutil.which, names)), None), f"{names[0]} is not installed"
    )


def require_node_program(name: str) -> str:
    """The path of a program from the npm registry, which `make test` installs."""
    require_tool("node")
    path = shutil.which(name, path=str(NODE_MODULES / ".bin"))
    return _required(path, f"{name} is not installed: run `make test`, which installs it with npm")


def require_node_file(name: str) -> Path:
    """A file of a package from the npm registry, which `make test` installs."""
    path = NODE_MODULES / name
    problem = f"{name} is not installed: run `make test`, which installs it with npm"
    return Path(_required(str(path) if path.exists() else None, problem))


def require_namespaces() -> None:
    """Network namespaces, which Linux has; a sandbox may forbid them."""
    unshare = require_tool("unshare")
    attempt = subprocess.run(
        [unshare, "--map-root-user", "--net", "--mount", "true"],
        capture_output=True,
        text=True,
        check=False,
    )
    problem = f"network namespaces are not permitted here ({attempt.stderr.strip()})"
    _required(None if attempt.returncode else unshare, problem)


def _required(path: str | None, problem: str) -> str:
    if path is not None:
        return path
    if os.environ.get("CI"):
        pytest.fail(f"{problem}, and CI must not skip")
    pytest.skip(problem)


def environment() -> dict[str, str]:
    """The tests' own variables, without those that change what a program does."""
    return {key: value for key, value in os.environ.items() if key not in _NOT_PASSED_ON}


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


def run(
    *command: str | Path, typed: str = "", seconds: float = START_SECONDS
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end; `typed` is its standard input."""
    return subprocess.run(
        command,
        cwd=ROOT,
        env=environment(),
        input=typed,
        capture_output=True,
        text=True,
        timeout=seconds,
        check=False,
    )


class Program:
    """A command in a process group of its own; collects what it prints, line by line."""

    def __init__(self, *command: str | Path, variables: Mapping[str, str] | None = None) -> None:
        self.command: Sequence[str] = [str(part) for part in command]
        self._process = subprocess.Popen(
            self.command,
            cwd=ROOT,
            env={**environment(), **(variables or {})},
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

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        if self._process.poll() is None:
            self.stop()

    @property
    def pid(self) -> int:
        """The process id of the command."""
        return self._process.pid

    @property
    def output(self) -> str:
        """Everything printed so far."""
        with self._changed:
            return "\n".join(self._lines)

    def wait_for(self, pattern: str, seconds: float = START_SECONDS) -> re.Match[str]:
        """The first match of `pattern` in a printed line; fails if the process ends without it."""
        matches: list[re.Match[str]] = []

        def is_over() -> bool:
            matches.extend(match for line in self._lines if (match := re.search(pattern, line)))
            return bool(matches) or self._ended

        with self._changed:
            in_time = self._changed.wait_for(is_over, seconds)
        assert in_time, f"no line matches {pattern!r} in time:\n{self.output}"
        assert matches, f"ended without a line that matches {pattern!r}:\n{self.output}"
        return matches[0]

    def wait(self, seconds: float = START_SECONDS) -> int:
        """The exit status of a command that ends by itself."""
        status = self._process.wait(seconds)
        with self._changed:
            self._changed.wait_for(lambda: self._ended, STOP_SECONDS)
        return status

    def stop(self) -> int:
        """Press Ctrl-C, that is SIGINT to the foreground process group; returns the status."""
        os.killpg(self.pid, signal.SIGINT)
        return self.wait(STOP_SECONDS)

    def _receive(self, line: str) -> None:
        self._lines.append(line)

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for line in stream:
                with self._changed:
                    self._receive(line.rstrip("\n"))
                    self._changed.notify_all()
        with self._changed:
            self._ended = True
            self._changed.notify_all()


class GatewayProgram(Program):
    """`local_gateway` as a person starts it, on a free port unless `port` names one."""

    def __init__(
        self,
        template: Path,
        *options: str | Path,
        port: int = 0,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        command = (*LOCAL_GATEWAY, "--template", template, "--port", str(port), *options)
        super().__init__(*command, variables=variables)

    def urls(self) -> list[str]:
        """The URLs of the stages, once it is ready."""
        return self.wait_for(r"^Ready: (.*)  \(")[1].split(", ")

    def connect(self, stage: str, query: str = "") -> ClientConnection:
        """Open a socket on a stage."""
        (url,) = (url for url in self.urls() if re.fullmatch(rf"ws:.*/{re.escape(stage)}", url))
        return connect(f"{url}{query}", compression=None, proxy=None, close_timeout=5)


def descendants(pid: int) -> set[int]:
    """The process ids of all children of `pid`, and of their children, from /proc."""
    children: dict[int, list[int]] = {}
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text().rpartition(")")[2].split()
            except OSError:
                continue
            children.setdefault(int(fields[1]), []).append(int(entry.name))
    descending: set[int] = set()
    waiting = [pid]
    while waiting:
        for child in children.get(waiting.pop(), []):
            descending.add(child)
            waiting.append(child)
    return descending
