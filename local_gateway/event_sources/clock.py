"""The clock that schedules and retries follow, and the timers of schedules."""

import asyncio
import time
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime
from typing import Protocol

from local_gateway.core.event_sources.schedule import Timetable

# A laptop that was asleep, or a clock that was set, is noticed after this many seconds.
_LONGEST_SLEEP = 30.0

# What is missed by more than this, because the computer was asleep, is not made up for.
_LATEST_MS = 60_000


class Clock(Protocol):
    """Epoch milliseconds, and waiting for them."""

    def now(self) -> int:
        """The time."""

    async def sleep_until(self, at: int) -> None:
        """Wait until `now` is `at` or later."""


class WarpedClock:
    """The wall clock, running `factor` times faster from its making on."""

    def __init__(self, factor: float = 1.0) -> None:
        self._factor = factor
        self._start = _wall_clock()

    def now(self) -> int:
        """The time."""
        return int(self._start + (_wall_clock() - self._start) * self._factor)

    async def sleep_until(self, at: int) -> None:
        """Wait until `now` is `at` or later."""
        while (left := at - self.now()) > 0:  # noqa: ASYNC110 - the clock can be set
            await asyncio.sleep(min(left / 1000 / self._factor, _LONGEST_SLEEP))


def _wall_clock() -> float:
    return time.time_ns() / 1_000_000


type Due = Callable[[datetime], Awaitable[None]]


class ScheduleTimer:
    """Awaits `due` at each time of a timetable; rates count from the start of the timer."""

    def __init__(self, timetable: Timetable, clock: Clock, due: Due) -> None:
        self._timetable = timetable
        self._clock = clock
        self._due = due
        self._task = asyncio.create_task(self._run())

    async def wait(self) -> None:
        """Wait until the timetable has come to its end."""
        await self._task

    async def close(self) -> None:
        """Stop the timer."""
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
