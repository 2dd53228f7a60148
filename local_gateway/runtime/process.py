"""The process group of an execution environment: its start, its output, its end."""

import asyncio
import contextlib
import os
import signal
import sys
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import cast

from local_gateway.records import LogStream
from local_gateway.runtime.log_lines import LineSplitter

# How long output is waited for after the end of the process: something that left the process
# group may hold the pipes open for ever.
DRAIN_SECONDS = 0.2

type LineSink = Callable[[LogStream, str], None]


class EnvironmentProcess(asyncio.SubprocessProtocol):
    """One process and everything it spawned; made by `start_process` only.

    `pid` is also the id of the process group. `ended` is the return code, set after the last line.
    """

    def __init__(self, on_line: LineSink, line_limit: int) -> None:
        self.ended: asyncio.Future[int] = asyncio.get_running_loop().create_future()
        self.pid = 0
        self._on_line = on_line
        self._splitters = {1: LineSplitter(line_limit), 2: LineSplitter(line_limit)}
        self._transport: asyncio.SubprocessTransport
        self._drain: asyncio.TimerHandle | None = None

    def is_alive(self) -> bool:
        """Whether the process has not ended, asked of the kernel: events may be under way."""
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
        """Kill the process group; harmless when it is gone. `ended` tells when it is done."""
        if self.ended.done():
            return
        with contextlib.suppress(ProcessLookupError, PermissionError):
            if sys.platform == "win32":
                self._transport.kill()
            else:
                os.killpg(self.pid, signal.SIGKILL)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Asyncio: the process runs."""
        self._transport = cast("asyncio.SubprocessTransport", transport)
        self.pid = self._transport.get_pid()

    def pipe_data_received(self, fd: int, data: bytes) -> None:
        """Asyncio: the process printed something."""
        for line in self._splitters[fd].feed(data):
            self._on_line(_STREAMS[fd], line)

    def pipe_connection_lost(self, fd: int, exc: Exception | None) -> None:
        """Asyncio: a pipe reached its end; that of standard input says nothing."""
        if fd in _STREAMS:
            for line in self._splitters[fd].finish():
                self._on_line(_STREAMS[fd], line)

    def process_exited(self) -> None:
        """Asyncio: the process itself ended; what it spawned goes with it."""
        self.kill()
        self._drain = asyncio.get_running_loop().call_later(DRAIN_SECONDS, self._transport.close)

    def connection_lost(self, exc: Exception | None) -> None:
        """Asyncio: process and pipes are gone."""
        if self._drain is not None:
            self._drain.cancel()
        self._transport.close()
        if not self.ended.done():  # nobody waits any more when the gateway is stopped meanwhile
            self.ended.set_result(self._transport.get_returncode() or 0)


_STREAMS: Mapping[int, LogStream] = {1: "stdout", 2: "stderr"}


async def start_process(
    command: Sequence[str],
    *,
    directory: Path,
    variables: Mapping[str, str],
    on_line: LineSink,
    line_limit: int,
) -> EnvironmentProcess:
    """Start a process as the leader of a new group; raises OSError when that is impossible."""
    _, process = await asyncio.get_running_loop().subprocess_exec(
        lambda: EnvironmentProcess(on_line, line_limit),
        *command,
        cwd=directory,
        env=variables,
        start_new_session=True,
    )
    return process


def describe_exit(return_code: int) -> str:
    """Lambda's words for how a runtime process ended."""
    if return_code == 0:
        return "Runtime exited without providing a reason"
    if return_code > 0:
        return f"Runtime exited with error: exit status {return_code}"
    name = signal.strsignal(-return_code) or str(-return_code)
    return f"Runtime exited with error: signal: {name.lower()}"
