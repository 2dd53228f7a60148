"""Runs something whenever a timetable says so."""

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime

from local_gateway.core.event_sources.schedule import Timetable
from local_gateway.event_sources.clock import Clock

# What is missed by more than this, because the computer was asleep, is not made up for.
_LATEST_MS = 60_000

type Due = Callable[[datetime], Awaitable[None]]


class Timer:
    """One timetable's task; rates count from the timer's making."""

    def __init__(self, timetable: Timetable, clock: Clock, due: Due) -> None:
        self._timetable = timetable
        self._clock = clock
        self._due = due
        self._task = asyncio.create_task(self._run())

    async def wait(self) -> None:
        """Wait until the timetable has come to its end."""
        await self._task

    async def close(self) -> None:
        """Never run it again."""
        self._task.cancel()
        await asyncio.wait({self._task})

    async def _run(self) -> None:
        since = _moment(self._clock.now())
        # What is due at this very moment counts.
        last = _moment(self._clock.now() - 1)
        while (due := self._timetable.next_after(last, since)) is not None:
            at = round(due.timestamp() * 1000)
            await self._clock.sleep_until(at)
            now = self._clock.now()
            if now - at <= _LATEST_MS:
                await self._due(due)
                last = due
            else:
                last = _moment(now - _LATEST_MS)


def _moment(at: int) -> datetime:
    return datetime.fromtimestamp(at / 1000, UTC)
