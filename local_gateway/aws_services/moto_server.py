"""Starts and stops the moto server that stands in for DynamoDB, Cognito, SQS and the like."""

import asyncio
import contextlib
import os
import select
import signal
import subprocess
import sys
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Self

from local_gateway.errors import GatewayError

START_TIMEOUT = 60.0
STOP_TIMEOUT = 5.0

_PROGRAM = Path(__file__).with_name("moto_process.py")


class MotoServerError(GatewayError):
    """The moto server did not start or did not answer."""


class MotoServer:
    """A moto server in a process of its own, in its own process group.

    Ctrl-C in the terminal does not reach it, so handlers can still use their tables while the
    gateway shuts down; it ends on `stop`, and by itself when the gateway's process is gone.
    """

    def __init__(self, process: subprocess.Popen[bytes]) -> None:
        self._process = process
        self._port: int | None = None

    @classmethod
    def spawn(cls, further_hosts: Sequence[str] = ()) -> Self:
        """Start the process and return at once; `wait_until_ready` completes the start.

        It listens on the loopback address, and with the same port on `further_hosts`.
        """
        process = subprocess.Popen(  # noqa: S603 - our own interpreter and file
            [sys.executable, "-P", str(_PROGRAM), *further_hosts],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        return cls(process)

    @classmethod
    def start(cls) -> Self:
        """Start the process and wait until it answers."""
        server = cls.spawn()
        server.wait_until_ready()
        return server

    @property
    def pid(self) -> int:
        """The process id, which is also the id of its process group."""
        return self._process.pid

    @property
    def endpoint_url(self) -> str:
        """`http://localhost:PORT`; by name, because S3 puts the bucket into the host."""
        if self._port is None:
            raise MotoServerError("the moto server is not ready yet")
        return f"http://localhost:{self._port}"

    def wait_until_ready(self, timeout: float = START_TIMEOUT) -> None:
        """Wait until the server listens; `timeout` in seconds.

        Raises `MotoServerError` when it ends or stays silent, and stops it then.
        """
        line = self._first_line(timeout)
        if line.strip().isdigit():
            self._port = int(line)
            return
        self.stop()
        status = self._process.returncode
        what = "did not answer in time" if line else f"ended with status {status}"
        raise MotoServerError(f"the moto server {what}; is moto[server] installed in {sys.prefix}?")

    def lead_invocations_to(self, url: str) -> None:
        """Pass every invocation of a function on to the Lambda API at `url`."""
        pipe = self._process.stdin
        if pipe is None:
            raise AssertionError("the process was started with a pipe")
        with contextlib.suppress(BrokenPipeError):  # it has ended, which is noticed elsewhere
            pipe.write(f"{url}\n".encode())
            pipe.flush()

    def when_ended(self, ended: Callable[[], None]) -> Callable[[], object]:
        """Call `ended` in the running event loop if the process ends before `stop`.

        Returns what stops watching. The process holds its standard output open while it lives.
        """
        output = self._process.stdout
        if output is None:
            raise AssertionError("the process was started with a pipe")
        loop, descriptor = asyncio.get_running_loop(), output.fileno()

        def readable() -> None:
            if not os.read(descriptor, 4096):
                loop.remove_reader(descriptor)
                ended()

        loop.add_reader(descriptor, readable)
        return lambda: loop.remove_reader(descriptor)

    def stop(self) -> None:
        """End the process and wait for it; harmless when it has ended."""
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                pipe.close()
        try:
            self._process.wait(STOP_TIMEOUT)
        except subprocess.TimeoutExpired:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def _first_line(self, timeout: float) -> bytes:
        """The line, empty when the process has closed its output, `?` when it stays silent."""
        output = self._process.stdout
        if output is None:
            return b"?"
        ready, _, _ = select.select([output], [], [], timeout)
        return output.readline() if ready else b"?"
