"""wscat from the npm registry in a terminal, typed into as a person does."""

import os
import pty
import re
import select
import subprocess
import time
from typing import Self

from tests.support.programs import require_node_program

SECONDS = 30.0


class Wscat:
    """wscat in a pseudo-terminal: without one it reads an end of file and leaves."""

    def __init__(self, *arguments: str) -> None:
        program = require_node_program("wscat")
        self._terminal, child = pty.openpty()
        self._process = subprocess.Popen(
            [program, *arguments], stdin=child, stdout=child, stderr=child
        )
        os.close(child)
        self._seen = ""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        self._process.kill()
        self._process.wait()
        os.close(self._terminal)

    def type(self, line: str) -> None:
        """Type a line and press Enter."""
        os.write(self._terminal, f"{line}\n".encode())

    def wait_for(self, pattern: str) -> None:
        """Read the screen until it shows `pattern`."""
        deadline = time.monotonic() + SECONDS
        while not re.search(pattern, self._seen):
            ready, _, _ = select.select([self._terminal], [], [], deadline - time.monotonic())
            if not ready:
                raise AssertionError(f"no {pattern!r} on the screen:\n{self._seen}")
            try:
                self._seen += os.read(self._terminal, 4096).decode(errors="replace")
            except OSError:
                raise AssertionError(f"ended without {pattern!r}:\n{self._seen}") from None
