"""Writes lines in groups: a write for each line costs more than making the line."""

import asyncio
from typing import TextIO

FLUSH_SECONDS = 0.02


class LineBuffer:
    """Writes lines to `out` in their order, at once or a moment later."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Write a line at once, after all that wait."""
        self._lines.append(line)
        self.flush()

    def write_soon(self, line: str) -> None:
        """Write a line within `FLUSH_SECONDS`, or at once if no event loop runs."""
        self._lines.append(line)
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write the lines that wait."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._out.write("\n".join([*lines, ""]))
            self._out.flush()
