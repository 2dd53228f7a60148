"""Programs under measurement: started, awaited, weighed and stopped."""

import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Self

ROOT = Path(__file__).parents[2]
KIB = 1024

_POLL_SECONDS = 0.002
_START_SECONDS = 120.0
_STOP_SECONDS = 20.0
_SHOWN = 2000


class BenchmarkError(Exception):
    """Something under measurement does not do what is measured; its notes hold its output."""


class ProgramError(BenchmarkError):
    """A program did not start, or did not say what was expected."""


class Program:
    """A process group that says `Ready` on a line of its standard output.

    Output goes to a file: a pipe would have to be drained by the process that measures.
    """

    def __init__(
        self,
        command: Sequence[str],
        *,
        directory: Path = ROOT,
        variables: Mapping[str, str] | None = None,
    ) -> None:
        self._log = tempfile.TemporaryFile()  # noqa: SIM115 - closed by `__exit__`
        self._command = command
        self.started_at = time.perf_counter()
        # Seconds from the start to the last line that was waited for.
        self.ready_after = 0.0
        self._process = subprocess.Popen(
            command,
            cwd=directory,
            env={**os.environ, **(variables or {})},  # noqa: TID251 - passed on, not read
            stdin=subprocess.DEVNULL,
            stdout=self._log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        if isinstance(error, BenchmarkError):
            error.add_note(f"{' '.join(self._command)} printed:\n{self.output()[-_SHOWN:]}")
        self._log.close()

    @property
    def pid(self) -> int:
        """The id of the process that was started."""
        return self._process.pid

    def wait_for(self, marker: str) -> str:
        """The first line with `marker`; raises `ProgramError` when none comes."""
        deadline = time.perf_counter() + _START_SECONDS
        while time.perf_counter() < deadline:
            ended = self._process.poll() is not None
            for line in self.output().splitlines(keepends=True):
                if marker in line and line.endswith("\n"):
                    self.ready_after = time.perf_counter() - self.started_at
                    return line.rstrip()
            if ended:
                break
            time.sleep(_POLL_SECONDS)
        raise ProgramError(f"{self._command[0]}: nothing printed with {marker!r} in it")

    def output(self) -> str:
        """What the program has printed so far."""
        size = os.fstat(self._log.fileno()).st_size
        return os.pread(self._log.fileno(), size, 0).decode(errors="replace")

    def stop(self) -> None:
        """End the process group as Ctrl-C does, or for good when that does not help."""
        for number in (signal.SIGINT, signal.SIGKILL):
            if self._process.poll() is not None:
                return
            os.killpg(self._process.pid, number)
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                continue


def python(*arguments: str, variables: Mapping[str, str] | None = None) -> Program:
    """Run this interpreter in the repository's root."""
    return Program([sys.executable, *arguments], variables=variables)


def descendants(pid: int) -> list[int]:
    """A process and everything it started that still runs; only itself where that is unknown."""
    pids = [pid]
    for parent in pids:
        for children in Path(f"/proc/{parent}/task").glob("*/children"):
            try:
                pids += [int(child) for child in children.read_text().split()]
            except (FileNotFoundError, ProcessLookupError):
                continue
    return pids


def resident_mib(pids: Sequence[int]) -> float:
    """The resident memory of some processes together; shared pages count in each. Linux only."""
    return sum(_status_kib(pid, "VmRSS:") for pid in pids) / KIB


def peak_mib(pid: int) -> float:
    """The most memory that a process has held. Linux only."""
    return _status_kib(pid, "VmHWM:") / KIB


def processor_us(pids: Sequence[int]) -> float:
    """Processor time that all threads of some processes have had; 0 where the system does not say.

    Other work on the machine delays a message far more than it changes this.
    """
    total = 0
    for pid in pids:
        for schedule in Path(f"/proc/{pid}/task").glob("*/schedstat"):
            try:
                total += int(schedule.read_text().split()[0])
            except (FileNotFoundError, ProcessLookupError):
                continue
    return total / 1000


def _status_kib(pid: int, field: str) -> int:
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except (FileNotFoundError, ProcessLookupError):
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(field)), 0)
