"""The time that schedules and retries follow."""

import asyncio
import time
from typing import Protocol

# A laptop that was asleep, or a clock that was set, is noticed after this many seconds.
_LONGEST_SLEEP = 30.0


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
