"""Starts the process that kills what execution environments leave behind; Linux only."""

import asyncio
import contextlib
import subprocess
import sys
from pathlib import Path

_REAPER = Path(__file__).parent / "child" / "reaper.py"


class ProcessReaper:
    """Environments are named by their log streams; the process is started with the first."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    def watch(self, log_stream: str) -> None:
        """An environment starts."""
        if self._process is None and sys.platform == "linux":
            self._process = subprocess.Popen(  # noqa: S603 - our own file
                [sys.executable, "-I", "-S", _REAPER],
                stdin=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        self._write(f"+{log_stream}\n")

    def reap(self, log_stream: str) -> None:
        """An environment has ended: kill the processes that it has left behind."""
        self._write(f"-{log_stream}\n")

    async def close(self) -> None:
        """Wait until all are killed."""
        process, self._process = self._process, None
        if process is not None and process.stdin is not None:
            process.stdin.close()
            await asyncio.to_thread(process.wait)

    def _write(self, line: str) -> None:
        if self._process is not None and self._process.stdin is not None:
            with contextlib.suppress(OSError):  # somebody has killed it
                self._process.stdin.write(line.encode())
