"""A clock that stands still until a test moves it."""

import asyncio
from datetime import UTC, datetime, timedelta

START = datetime(2030, 1, 31, 9, 0, 30, tzinfo=UTC)


class VirtualClock:
    """Time goes from one awaited moment to the next when the test says so."""

    def __init__(self, start: datetime = START) -> None:
        self._now = round(start.timestamp() * 1000)
        self._sleepers: list[tuple[int, asyncio.Future[None]]] = []
        self._slept = asyncio.Event()

    def now(self) -> int:
        """The time."""
        return self._now

    async def sleep_until(self, at: int) -> None:
        """Wait until the test has moved the time so far."""
        if at <= self._now:
            return
        waiting: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self._sleepers.append((at, waiting))
        self._slept.set()
        await waiting

    async def advance(self, skipping: timedelta = timedelta(0)) -> datetime:
        """Go to the next moment that somebody waits for, waiting until somebody does.

        With `skipping` the time is that much later, as after a laptop's sleep.
        """
        self._sleepers = [sleeper for sleeper in self._sleepers if not sleeper[1].done()]
        while not self._sleepers:
            self._slept.clear()
            await asyncio.wait_for(self._slept.wait(), 20.0)
        self._now = min(at for at, _ in self._sleepers) + skipping // timedelta(milliseconds=1)
        for at, waiting in self._sleepers:
            if at <= self._now and not waiting.done():
                waiting.set_result(None)
        return datetime.fromtimestamp(self._now / 1000, UTC)
