"""A gateway in a process of its own, and what its log says."""

import json
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any, Self

ROOT = Path(__file__).parents[4]
TEMPLATE = Path(__file__).parent / "template.yaml"
FEW_FILES = ["sh", "-c", 'ulimit -S -n 256 && exec "$@"', "sh"]
SECONDS = 60.0

type Line = dict[str, Any]


class SoakedGateway:
    """Serves the soak's template; reads every line that it prints as JSON.

    It starts with no more files than a shell on macOS allows, so it has to raise that itself.
    """

    def __init__(self, *arguments: str) -> None:
        command = [sys.executable, "-m", "local_gateway", "--template", str(TEMPLATE)]
        self._process = subprocess.Popen(
            [*FEW_FILES, *command, "--port", "0", "--json", "--no-reload", *arguments],
            cwd=ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            start_new_session=True,
        )
        self._lines: list[Line] = []
        self._opened: set[str] = set()
        self._ended: set[str] = set()
        self._kept: set[str] = set()
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._process.poll() is None:
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._reader.join()

    @property
    def pid(self) -> int:
        """The gateway's process."""
        return self._process.pid

    @property
    def opened(self) -> set[str]:
        """Every connection that there has been."""
        return self._opened

    @property
    def kept(self) -> set[str]:
        """The connections whose `$disconnect` chaos kept from forgetting them."""
        return self._kept

    @property
    def url(self) -> str:
        """Where the WebSocket API is."""
        return str(self._line("ready")["urls"][0])

    @property
    def aws_endpoint_url(self) -> str:
        """Where the AWS services are."""
        return self.announcement("AWS services for this run: ")

    def announcement(self, start: str) -> str:
        """What follows `start` in a line that begins with it."""
        return str(self._line("info", start)["text"]).removeprefix(start)

    def wait_for_ends(self) -> None:
        """Wait until `$disconnect` of every opened connection is over, or lost by chaos."""
        self._wait(lambda: self._ended >= self._opened, "connections without an end")

    def stop(self) -> int:
        """Press Ctrl-C; the exit status."""
        os.killpg(self._process.pid, signal.SIGINT)
        return self._process.wait(SECONDS)

    def _line(self, kind: str, start: str = "") -> Line:
        def fits(line: Line) -> bool:
            return line["type"] == kind and str(line.get("text", "")).startswith(start)

        self._wait(lambda: any(map(fits, self._lines)), f"no {kind} that starts with {start!r}")
        return next(filter(fits, self._lines))

    def _wait(self, true: Callable[[], bool], problem: str) -> None:
        with self._changed:
            ended = self._changed.wait_for(true, SECONDS)
        assert ended, f"{problem}: {self._lines[-5:]}"

    def _read(self) -> None:
        assert self._process.stdout is not None
        with self._process.stdout as stream:
            for text in stream:
                line = json.loads(text)
                with self._changed:
                    self._take(line)
                    self._changed.notify_all()

    def _take(self, line: Line) -> None:
        if line["type"] != "event" or line["problem"]:
            self._lines.append(line)
        if line["type"] != "event":
            return
        connection_id, outcome = line["connection_id"], line["outcome"]
        if outcome == "101 open":
            self._opened.add(connection_id)
        is_lost = outcome == "chaos: lost-disconnect"
        if is_lost or (line["route_key"] == "$disconnect" and line["function"]):
            self._ended.add(connection_id)
            if outcome != "ok":
                self._kept.add(connection_id)
