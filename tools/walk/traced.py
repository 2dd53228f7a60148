"""A gateway whose processes count their calls, and the functions' processes too."""

import json
import shlex
import socket
import sys
import tempfile
import threading
import time
from collections import Counter
from collections.abc import Callable, Container, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tools.benchmarks.processes import Program
from tools.walk.trees import Tree, WalkError

# Whose calls count in the gateway's process, and in those of the bot's functions.
_GATEWAY = ("local_gateway",)
_BOT = ("functions", "layers")
# How often this one is entered depends on the pieces in which bytes come from the network.
_SOCKETS = "http_connection.py"
_TRACER = Path(__file__).with_name("tracer.py")
_ROUNDS = 9
# Nothing was called for so long: what the message set off has ended.
_QUIET_SECONDS = 0.15
_POLL_SECONDS = 0.03
_LONGEST_SECONDS = 10.0


@dataclass(frozen=True, slots=True)
class Walk:
    """What something crosses: the calls by file."""

    by_file: Mapping[str, int]

    @property
    def calls(self) -> int:
        """All of them."""
        return sum(self.by_file.values())

    def __str__(self) -> str:
        return f"{len(self.by_file)} / {self.calls}"


class Process:
    """A process with a tracer in it."""

    def __init__(self, connection: socket.socket) -> None:
        self._lines = connection.makefile("rw", encoding="utf-8")
        hello = json.loads(self._lines.readline())
        self.pid: int = hello["pid"]
        # The name of the code's folder; empty for the gateway and what it starts.
        self.function: str = hello["function"]

    def ask(self, command: str) -> dict[str, int]:
        """Send `start`, `read` or `stop`; a process that has ended answers nothing."""
        try:
            self._lines.write(command + "\n")
            self._lines.flush()
            answer: dict[str, int] = json.loads(self._lines.readline() or "{}")
        except OSError:
            return {}
        return answer


class TracedGateway:
    """A gateway of a tree; made by `traced_gateway` only."""

    def __init__(self, tree: Tree, program: Program, listener: socket.socket) -> None:
        self.program = program
        self._root = tree.root
        self._listener = listener
        self._processes: list[Process] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def walk(self, act: Callable[[], object], function: str | None = None) -> Walk:
        """What `act`, once warm, crosses in the gateway, or in the processes of a function.

        The middle one of a few: what goes on at the same time makes a few calls more or less.
        """
        for _ in range(_ROUNDS):
            act()
        self._wait_until_quiet(self._of(function))
        counted = (self._count(act, function) for _ in range(_ROUNDS))
        return sorted(counted, key=lambda walk: walk.calls)[_ROUNDS // 2]

    def _count(self, act: Callable[[], object], function: str | None) -> Walk:
        processes = self._of(function)
        for process in processes:
            process.ask("start")
        act()
        packages = _GATEWAY if function is None else _BOT
        calls = self._own(self._wait_until_quiet(processes), packages)
        for process in processes:
            process.ask("stop")
        if not calls:
            raise WalkError(f"nothing was called in {function or 'the gateway'}")
        return Walk(calls)

    def _own(self, calls: Mapping[str, int], packages: Container[str]) -> dict[str, int]:
        files = {Path(path).relative_to(self._root): count for path, count in calls.items()}
        return {
            str(file): count
            for file, count in files.items()
            if file.parts[0] in packages and file.name != _SOCKETS
        }

    def _of(self, function: str | None) -> list[Process]:
        if function is None:
            return [process for process in self._processes if process.pid == self.program.pid]
        return [process for process in self._processes if process.function == function]

    def _wait_until_quiet(self, processes: list[Process]) -> Counter[str]:
        seen: Counter[str] = Counter()
        deadline = time.monotonic() + _LONGEST_SECONDS
        changed = time.monotonic()
        while (now := time.monotonic()) - changed < _QUIET_SECONDS:
            if now > deadline:
                raise WalkError("there is no end of calls")
            time.sleep(_POLL_SECONDS)
            calls: Counter[str] = Counter()
            for process in processes:
                calls.update(process.ask("read"))
            if calls != seen:
                seen, changed = calls, time.monotonic()
        return seen

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            self._processes.append(Process(connection))


@contextmanager
def traced_gateway(
    tree: Tree, *arguments: str, variables: Mapping[str, str] | None = None
) -> Iterator[TracedGateway]:
    """Run the gateway of a tree as its users do, on a free port."""
    with tempfile.TemporaryDirectory() as directory, socket.socket(socket.AF_UNIX) as listener:
        address = str(Path(directory, "walk.sock"))
        listener.bind(address)
        listener.listen(64)
        text = f"{_TRACER.read_text('utf-8')}\n\nbegin({str(tree.root)!r}, {address!r})\n"
        # The bot's layer is on the path of its functions; the gateway's path is ours to say.
        for folder in (directory, tree.root / "layers/sapa"):
            Path(folder, "sitecustomize.py").write_text(text, "utf-8")
        traced = {"PYTHONPATH": directory, **(variables or {})}
        with tree.gateway(*arguments, variables=traced) as program:
            yield TracedGateway(tree, program, listener)


def on_ready(tree: Tree) -> str:
    """The option that creates the demo user of the bot."""
    script = tree.first("tools/scripts/welcome.py", "scripts/welcome.py").relative_to(tree.root)
    module = ".".join(script.with_suffix("").parts)
    return f"--on-ready={shlex.quote(sys.executable)} -m {module}"
