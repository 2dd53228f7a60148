"""The process group of an execution environment: start, output and end."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, BinaryIO, cast, override

from local_gateway.records import LogStream

# How long to wait for output after the end of the process: a process that has left the group can
# keep the pipes open for ever.
DRAIN_SECONDS = 0.2

type LineSink = Callable[[LogStream, str], None]


class LineSplitter:
    """Splits bytes into lines without line ends; a line longer than `limit` bytes is cut.

    A carriage return ends a line too: awslambdaric joins the lines of a traceback with it, so
    that CloudWatch keeps them in one event. Bytes that are not UTF-8 are replaced.
    """

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._rest = b""

    def feed(self, data: bytes) -> Iterator[str]:
        """The lines that `data` completes."""
        *lines, self._rest = (self._rest + data).split(b"\n")
        for line in lines:
            yield from self._decode(line)
        while len(self._rest) > self._limit:
            cut = self._cut(self._rest)
            head, self._rest = self._rest[:cut], self._rest[cut:]
            yield from self._decode(head)

    def finish(self) -> Iterator[str]:
        """The text after the last line end."""
        rest, self._rest = self._rest, b""
        if rest:
            yield from self._decode(rest)

    def _decode(self, line: bytes) -> Iterator[str]:
        while len(line) > self._limit:
            cut = self._cut(line)
            yield line[:cut].decode(errors="replace")
            line = line[cut:]
        yield from line.removesuffix(b"\r").decode(errors="replace").split("\r")

    def _cut(self, line: bytes) -> int:
        """Where to cut: not inside a UTF-8 sequence, whose later bytes begin with 0b10."""
        cut = self._limit
        while cut > self._limit - 3 and line[cut] & 0xC0 == 0x80:
            cut -= 1
        return cut


class EnvironmentProcess(asyncio.SubprocessProtocol):
    """A process and all that it started; only `start_process` makes one.

    `pid` is also the id of the process group. `ended` is the return code, set after the last line.
    `lifeline` is the end of a pipe that closes when the gateway ends, or here.
    """

    def __init__(self, on_line: LineSink, line_limit: int, lifeline: BinaryIO) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.pid = 0
        self._lifeline = lifeline
        self._on_line = on_line
        self._splitters = {1: LineSplitter(line_limit), 2: LineSplitter(line_limit)}
        self._transport: asyncio.SubprocessTransport
        self._drain: asyncio.TimerHandle | None = None

    def is_alive(self) -> bool:
        """Whether the process has not ended; asks the kernel, because events may be late."""
        if self._transport.get_returncode() is not None:
            return False
        if not hasattr(os, "waitid"):
            return True
        try:
            status = os.waitid(os.P_PID, self.pid, os.WEXITED | os.WNOHANG | os.WNOWAIT)
        except ChildProcessError:
            return False
        return status is None

    def kill(self) -> None:
        """Kill the process group, if it has not ended; then `ended` is set."""
        if self.ended.done():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.kill()
            else:
                for descendant in list(_descendants(self.pid)):
                    with contextlib.suppress(ProcessLookupError, PermissionError):
                        os.kill(descendant, signal.SIGKILL)
                os.killpg(self.pid, signal.SIGKILL)

    @override
    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    @override
    def pipe_data_received(self, fd: int, data: bytes) -> None:
        for line in self._splitters[fd].feed(data):
            self._on_line(_STREAMS[fd], line)

    @override
    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        if fd in _STREAMS:  # not standard input
            for line in self._splitters[fd].finish():
                self._on_line(_STREAMS[fd], line)

    @override
    def process_exited(self) -> None:
        self.kill()  # all that it started
        self._drain = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._transport.close)

    @override
    def connection_lost(self, exc: Exception | None) -> None:
        if self._drain is not None:
            self._drain.cancel()
        self._transport.close()
        self._lifeline.close()
        if not self.ended.done():  # it is cancelled if the gateway stops in the meantime
            self.ended.set_result(self._transport.get_returncode() or 0)


def _descendants(pid: int) -> Iterator[int]:
    """What a process has started, in groups of their own too; Linux only."""
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has ended
            for child in map(int, task.read_text().split()):
                yield child
                yield from _descendants(child)


_STREAMS: Mapping[int, LogStream] = {1: "stdout", 2: "stderr"}


def _kill_when_closed(lifeline: int, group: int) -> None:
    """Let the kernel kill a process group when the pipe closes, even while a handler is busy."""
    import fcntl

    fcntl.fcntl(lifeline, fcntl.F_SETSIG, signal.SIGKILL)
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, -group)
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)


async def start_process(
    command: Callable[[int], Sequence[str]],
    *,
    directory: Path,
    variables: Mapping[str, str],
    on_line: LineSink,
    line_limit: int,
) -> EnvironmentProcess:
    """Start a process as the leader of a new group; raises `OSError`.

    `command` gets the descriptor of the process's lifeline: the group must end when it closes. On
    Linux the kernel ends it.
    """
    lifeline, write_end = os.pipe()
    held = os.fdopen(write_end, "wb", buffering=0)
    is_windows = sys.platform == "win32"
    options: dict[str, Any] = (
        {"stdin": lifeline}
        if is_windows
        else {"stdin": subprocess.DEVNULL, "pass_fds": (lifeline,), "start_new_session": True}
    )
    try:
        _, process = await asyncio.get_running_loop().subprocess_exec(
            lambda: EnvironmentProcess(on_line, line_limit, held),
            *command(0 if is_windows else lifeline),
            cwd=directory,
            env=variables,
            **options,
        )
        if sys.platform == "linux":
            _kill_when_closed(lifeline, process.pid)
    except BaseException:
        held.close()
        raise
    finally:
        os.close(lifeline)
    return process


def describe_exit(return_code: int) -> str:
    """Lambda's words for how a runtime process ended."""
    if return_code == 0:
        return "Runtime exited without providing a reason"
    if return_code > 0:
        return f"Runtime exited with error: exit status {return_code}"
    name = signal.strsignal(-return_code) or str(-return_code)
    return f"Runtime exited with error: signal: {name.lower()}"
