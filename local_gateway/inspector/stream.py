"""The Server-Sent Events of an open page, a snapshot first.

A page reads from the ring at its own pace, so nothing is queued for it: a page that reads slowly
misses rows, as it sees by their numbers, and a page that does not read is dropped. The gateway
never waits for a page. Format: HTML Living Standard, section 9.2, "Server-sent events".
"""

import asyncio
import json
from typing import Any, Protocol

from local_gateway.inspector.connection_list import ConnectionList
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.rows import row_json

WRITE_SECONDS = 10.0
# Between two events, so that a busy gateway sends few large ones.
PAUSE_SECONDS = 0.1
# How often a quiet page's socket and the list of connections are checked.
TICK_SECONDS = 1.0
TICKS_BETWEEN_COMMENTS = 15
EVENT_ROWS = 200
EVENT_BYTES = 256 * 1024


class Page(Protocol):
    """The other end of a stream."""

    @property
    def is_open(self) -> bool: ...
    async def write(self, data: bytes, /) -> None: ...


class SlowPageError(Exception):
    """The page does not read."""


def event(name: str, data: object) -> bytes:
    """An event with JSON as its data, which has no line ends."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # JSON in a frame can contain a lone surrogate, which has no UTF-8.
    return f"event: {name}\ndata: {text}\n\n".encode(errors="replace")


COMMENT = b": still here\n\n"


class Stream:
    """Sends a page the records in the ring, then each new record.

    `run` identifies this run of the gateway: the next run numbers its rows from 1 again.
    """

    def __init__(
        self,
        inspector: Inspector,
        connections: ConnectionList,
        *,
        run: str,
        write_seconds: float = WRITE_SECONDS,
    ) -> None:
        self._inspector = inspector
        self._connections = connections
        self._run = run
        self._write_seconds = write_seconds
        self._seen = 0
        self._quiet_ticks = 0

    async def serve(self, page: Page) -> None:
        """Serve until the page is closed; raises `SlowPageError` if it does not read."""
        with self._inspector.watch() as recorded:
            await self._send(page, event("snapshot", self._snapshot()))
            while page.is_open:
                recorded.clear()
                await self._send_changes(page)
                await asyncio.sleep(PAUSE_SECONDS)
                try:
                    async with asyncio.timeout(TICK_SECONDS):
                        await recorded.wait()
                except TimeoutError:
                    self._quiet_ticks += 1

    def _snapshot(self) -> dict[str, Any]:
        changed, _ = self._connections.changes()
        return {"run": self._run, "connections": changed}

    async def _send_changes(self, page: Page) -> None:
        changed, gone = self._connections.changes()
        if changed or gone:
            await self._send(page, event("connections", {"changed": changed, "gone": gone}))
        last = self._inspector.ring.last  # later records wait for the next round
        while self._seen < last:
            await self._send(page, event("rows", self._next_rows()))
        if self._quiet_ticks >= TICKS_BETWEEN_COMMENTS:
            await self._send(page, COMMENT)

    def _next_rows(self) -> list[dict[str, Any]]:
        ring = self._inspector.ring
        first, records = ring.after(self._seen, max_items=EVENT_ROWS, max_bytes=EVENT_BYTES)
        self._seen = first + len(records) - 1
        return [row_json(first + at, record) for at, record in enumerate(records)]

    async def _send(self, page: Page, data: bytes) -> None:
        self._quiet_ticks = 0
        try:
            async with asyncio.timeout(self._write_seconds):
                await page.write(data)
        except TimeoutError:
            raise SlowPageError from None
