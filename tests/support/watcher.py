"""What happens in the gateway's event loop, for tests that wait for it there."""

import asyncio
import json
from collections.abc import Callable
from typing import Any

from local_gateway.server.interfaces import Direction, Entry

DEADLINE = 20.0


class Watcher:
    """A `Journal` and a `RuntimeObserver`: entries, and the events that functions have told of."""

    def __init__(self) -> None:
        self.entries: list[Entry] = []
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

    async def wait_for_entries(self, count: int) -> list[Entry]:
        """The first `count` entries."""
        await self.wait_until(lambda: len(self.entries) >= count)
        return self.entries[:count]

    def record(self, entry: Entry, /) -> None:
        """Journal: something happened."""
        self.entries.append(entry)
        self._changed.set()

    def frame(self, connection_id: str, direction: Direction, text: str, at: int, /) -> None:
        """Journal: no frames come here."""

    def log_line(self, function: str, stream: str, line: str, request_id: str | None) -> None:
        """Observer: a function printed something."""
        if line.startswith("TOLD "):
            self.events.append(json.loads(line.removeprefix("TOLD ")))
            self._changed.set()

    def invocation_started(self, function: str, request_id: str, *, cold: bool) -> None:
        """Observer: not needed."""

    def invocation_finished(self, function: str, invocation: object) -> None:
        """Observer: not needed."""
