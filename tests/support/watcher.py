"""What happens in the gateway's event loop, for tests that wait for it there."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from local_gateway.records import ApiRecord, LogLine, Record

DEADLINE = 20.0


class Watcher:
    """Keeps what event sources report, and the events that functions print."""

    def __init__(self) -> None:
        self.records: list[ApiRecord] = []
        self.events: list[Any] = []
        self._changed = asyncio.Event()

    async def wait_until(self, holds: Callable[[], bool]) -> None:
        """Wait for something to be true, looking again whenever something happens."""
        async with asyncio.timeout(DEADLINE):
            while not holds():
                self._changed.clear()
                await self._changed.wait()

    async def wait_for_events(self, count: int) -> list[Any]:
        """The first `count` events that functions have told of."""
        await self.wait_until(lambda: len(self.events) >= count)
        return self.events[:count]

    async def wait_for_records(self, count: int) -> list[ApiRecord]:
        """The first `count` records."""
        await self.wait_until(lambda: len(self.records) >= count)
        return self.records[:count]

    def observe(self, record: Record, /) -> None:
        """Keep what matters, and wake who waits for it."""
        match record:
            case ApiRecord():
                self.records.append(record)
            case LogLine(text=text) if text.startswith("TOLD "):
                self.events.append(json.loads(text.removeprefix("TOLD ")))
        self._changed.set()
