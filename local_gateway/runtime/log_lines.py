"""Cutting what a process prints into lines, with bounded memory."""

from collections.abc import Iterator


class LineSplitter:
    """Bytes in, lines out, without their ends; a longer line than `limit` bytes is cut.

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
        """What was printed after the last line end."""
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
        """Where to cut: not inside a UTF-8 sequence, whose further bytes begin with 0b10."""
        cut = self._limit
        while cut > self._limit - 3 and line[cut] & 0xC0 == 0x80:
            cut -= 1
        return cut
