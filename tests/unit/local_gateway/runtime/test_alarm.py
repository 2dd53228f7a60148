import asyncio
from collections.abc import Callable

import pytest

from local_gateway.runtime.alarm import Alarm

NEVER = 3600.0


class Rung:
    """Remembers which alarms rang, and can be waited for."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._bell = asyncio.Event()

    def by(self, name: str) -> Callable[[], None]:
        def ring() -> None:
            self.names.append(name)
            self._bell.set()

        return ring

    async def wait(self) -> None:
        async with asyncio.timeout(20):
            await self._bell.wait()


@pytest.fixture
async def alarm() -> Alarm:
    return Alarm(asyncio.get_running_loop())


async def test_it_rings_when_its_time_has_come(alarm: Alarm) -> None:
    rung = Rung()
    alarm.set(0.001, rung.by("alarm"))
    await rung.wait()
    assert rung.names == ["alarm"]


async def test_what_was_set_last_counts_when_it_is_sooner(alarm: Alarm) -> None:
    rung = Rung()
    alarm.set(NEVER, rung.by("late"))
    alarm.set(0.001, rung.by("soon"))
    await rung.wait()
    assert rung.names == ["soon"]


async def test_what_was_set_last_counts_when_it_is_later(alarm: Alarm) -> None:
    rung = Rung()
    alarm.set(0.001, rung.by("soon"))
    alarm.set(0.05, rung.by("late"))
    await rung.wait()
    assert rung.names == ["late"]


async def test_stopped_it_does_not_ring_and_can_be_set_again(alarm: Alarm) -> None:
    rung = Rung()
    alarm.set(0.001, rung.by("stopped"))
    alarm.stop()
    alarm.set(0.002, rung.by("again"))
    await rung.wait()
    assert rung.names == ["again"]


async def test_closed_it_leaves_nothing_in_the_loop(alarm: Alarm) -> None:
    loop = asyncio.get_running_loop()
    rung = Rung()
    alarm.set(0.0, rung.by("closed"))
    alarm.close()
    other = Alarm(loop)
    other.set(0.001, rung.by("other"))
    await rung.wait()
    assert rung.names == ["other"]
