"""Lines on their way out, some at a time: a write for each costs more than making the line."""

import asyncio
from typing import TextIO

FLUSH_SECONDS = 0.02


class LineBuffer:
    """Writes lines to `out` in their order: at once, or with those of the next moment."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._lines: list[str] = []

    def write(self, line: str) -> None:
        """Write a line and all before it."""
        self._lines.append(line)
        self.flush()

    def write_soon(self, line: str) -> None:
        """Write a line within `FLUSH_SECONDS`; at once where no event loop runs."""
        self._lines.append(line)
        if len(self._lines) == 1:
            try:
                asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)
            except RuntimeError:
                self.flush()

    def flush(self) -> None:
        """Write what is left."""
        if self._lines:
            lines, self._lines = self._lines, []
            self._out.write("\n".join([*lines, ""]))
            self._out.flush()
