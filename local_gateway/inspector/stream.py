"""What one open page is sent: Server-Sent Events, a snapshot first.

A page reads from the ring at its own pace, so nothing is queued for it: one that reads slowly
misses rows, as it sees by their numbers, one that does not read at all is dropped. Neither is
ever waited for by the gateway. Format: HTML Living Standard, section 9.2, "Server-sent events".
"""

import asyncio
import json
from typing import Any, Protocol

from local_gateway.inspector.connection_list import ConnectionList
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.traffic import to_json

PATIENCE_SECONDS = 10.0
# Between two pieces, so that a busy gateway sends few large ones.
PAUSE_SECONDS = 0.1
# How often a quiet page's socket and the list of connections are looked at.
TICK_SECONDS = 1.0
TICKS_BETWEEN_COMMENTS = 15
PIECE_ROWS = 200
PIECE_BYTES = 256 * 1024


class Page(Protocol):
    """The other end of a stream."""

    @property
    def is_there(self) -> bool: ...
    async def write(self, data: bytes, /) -> None: ...


class SlowPageError(Exception):
    """The page did not take what it was sent in time."""


def event(name: str, data: object) -> bytes:
    """One event whose data is JSON, which has no line ends of its own."""
    text = json.dumps(data, ensure_ascii=False, separators=(",", ":"))
    # A lone surrogate, which JSON in a frame can smuggle in, has no UTF-8.
    return f"event: {name}\ndata: {text}\n\n".encode(errors="replace")


COMMENT = b": still here\n\n"


class Stream:
    """Sends one page everything that is remembered, then everything that happens.

    `run` names this run of the gateway: numbers of rows begin anew with the next one.
    """

    def __init__(
        self,
        inspector: Inspector,
        connections: ConnectionList,
        *,
        run: str,
        patience: float = PATIENCE_SECONDS,
    ) -> None:
        self._inspector = inspector
        self._connections = connections
        self._run = run
        self._patience = patience
        self._seen = 0
        self._quiet_ticks = 0

    async def serve(self, page: Page) -> None:
        """Until the page is gone; raises `SlowPageError` for one that does not read."""
        with self._inspector.watch() as happened:
            await self._send(page, event("snapshot", self._snapshot()))
            while page.is_there:
                happened.clear()
                await self._send_news(page)
                await asyncio.sleep(PAUSE_SECONDS)
                try:
                    async with asyncio.timeout(TICK_SECONDS):
                        await happened.wait()
                except TimeoutError:
                    self._quiet_ticks += 1

    def _snapshot(self) -> dict[str, Any]:
        changed, _ = self._connections.changes()
        return {"run": self._run, "connections": changed}

    async def _send_news(self, page: Page) -> None:
        changed, gone = self._connections.changes()
        if changed or gone:
            await self._send(page, event("connections", {"changed": changed, "gone": gone}))
        last = self._inspector.ring.last  # what comes meanwhile waits for the next time
        while self._seen < last:
            await self._send(page, event("rows", self._next_rows()))
        if self._quiet_ticks >= TICKS_BETWEEN_COMMENTS:
            await self._send(page, COMMENT)

    def _next_rows(self) -> list[dict[str, Any]]:
        ring = self._inspector.ring
        first, taken = ring.after(self._seen, max_items=PIECE_ROWS, max_bytes=PIECE_BYTES)
        self._seen = first + len(taken) - 1
        return [to_json(first + at, record) for at, record in enumerate(taken)]

    async def _send(self, page: Page, data: bytes) -> None:
        self._quiet_ticks = 0
        try:
            async with asyncio.timeout(self._patience):
                await page.write(data)
        except TimeoutError:
            raise SlowPageError from None
