"""A timer runs when its timetable says so, and makes up for nothing that was long ago."""

import asyncio
from datetime import UTC, datetime, timedelta

from local_gateway.core.event_sources.schedule import Timetable, parse_expression
from local_gateway.event_sources.clock import ScheduleTimer
from tests.support.clock import START, VirtualClock


class Runs:
    """When something was run."""

    def __init__(self) -> None:
        self.at: asyncio.Queue[datetime] = asyncio.Queue()

    async def due(self, at: datetime) -> None:
        """Run it."""
        self.at.put_nowait(at)


async def test_rate_runs_again_and_again() -> None:
    clock, runs = VirtualClock(), Runs()
    timer = ScheduleTimer(
        Timetable(expression=parse_expression("rate(5 minutes)")), clock, runs.due
    )
    for number in (1, 2, 3):
        assert await clock.advance() == START + timedelta(minutes=5 * number)
        assert await runs.at.get() == START + timedelta(minutes=5 * number)
    await timer.close()


async def test_immediate_rate_runs_at_once() -> None:
    clock, runs = VirtualClock(), Runs()
    timetable = Timetable(expression=parse_expression("rate(1 day)"), immediate=True)
    timer = ScheduleTimer(timetable, clock, runs.due)
    assert await runs.at.get() == START
    await timer.close()


async def test_one_time_runs_once_and_the_timer_ends() -> None:
    clock, runs = VirtualClock(), Runs()
    timer = ScheduleTimer(
        Timetable(expression=parse_expression("at(2030-02-01T00:00:00)")), clock, runs.due
    )
    await clock.advance()
    assert await runs.at.get() == datetime(2030, 2, 1, tzinfo=UTC)
    await timer.wait()
    assert runs.at.empty()


async def test_what_was_missed_while_the_computer_slept_is_left_out() -> None:
    clock, runs = VirtualClock(), Runs()
    timer = ScheduleTimer(Timetable(expression=parse_expression("rate(1 minute)")), clock, runs.due)
    await clock.advance(skipping=timedelta(hours=8))
    woken = START + timedelta(hours=8)
    assert await runs.at.get() >= woken
    await clock.advance()
    assert await runs.at.get() > woken
    await timer.close()
