"""When schedules are due: rates, cron in time zones, one time, start and end."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.event_sources.schedule import Rate, Timetable, parse_expression

SINCE = datetime(2024, 3, 1, 12, 0, 10, tzinfo=UTC)
BERLIN = ZoneInfo("Europe/Berlin")


def due(timetable: Timetable, count: int, moment: datetime = SINCE) -> list[str]:
    found: list[str] = []
    while len(found) < count:
        later = timetable.next_after(moment, SINCE)
        if later is None:
            break
        assert later > moment
        found.append(f"{later:%m-%d %H:%M:%S}")
        moment = later
    return found


def timetable(text: str, zone: ZoneInfo | None = None) -> Timetable:
    return Timetable(expression=parse_expression(text), zone=zone or UTC)


def test_rate_counts_from_the_schedules_beginning() -> None:
    assert due(timetable("rate(5 minutes)"), 2) == ["03-01 12:05:10", "03-01 12:10:10"]
    assert due(timetable("rate(1 day)"), 1) == ["03-02 12:00:10"]
    assert due(timetable("rate(2 hours)"), 1, SINCE + timedelta(hours=5)) == ["03-01 18:00:10"]


def test_immediate_rate_begins_at_once() -> None:
    at_once = Timetable(expression=parse_expression("rate(1 hour)"), immediate=True)
    before = SINCE - timedelta(milliseconds=1)
    assert due(at_once, 2, before) == ["03-01 12:00:10", "03-01 13:00:10"]


def test_start_is_the_first_time_of_a_rate() -> None:
    start = datetime(2024, 3, 3, 8, tzinfo=UTC)
    later = Timetable(
        expression=parse_expression("rate(1 hour)"),
        start=start,
        end=start + timedelta(hours=1),
        immediate=True,
    )
    assert due(later, 3) == ["03-03 08:00:00", "03-03 09:00:00"]


def test_start_counts_for_cron_too() -> None:
    start = datetime(2024, 3, 3, 8, tzinfo=UTC)
    later = Timetable(expression=parse_expression("cron(0 8 * * ? *)"), start=start)
    assert due(later, 1) == ["03-03 08:00:00"]


def test_cron_in_a_time_zone() -> None:
    jakarta = timetable("cron(0 9 * * ? *)", ZoneInfo("Asia/Jakarta"))
    assert due(jakarta, 2) == ["03-02 02:00:00", "03-03 02:00:00"]


def test_time_that_the_clocks_skip_is_skipped() -> None:
    # On 31 March 2024 two o'clock in Berlin is followed by three o'clock.
    before = datetime(2024, 3, 30, tzinfo=UTC)
    night = timetable("cron(30 2 * * ? *)", BERLIN)
    assert due(night, 2, before) == ["03-30 01:30:00", "04-01 00:30:00"]


def test_time_that_the_clocks_show_twice_counts_once() -> None:
    # On 27 October 2024 three o'clock in Berlin is followed by two o'clock.
    before = datetime(2024, 10, 26, 12, tzinfo=UTC)
    night = timetable("cron(30 2 * * ? *)", BERLIN)
    assert due(night, 2, before) == ["10-27 00:30:00", "10-28 01:30:00"]
    between = datetime(2024, 10, 27, 1, 10, tzinfo=UTC)
    assert due(night, 1, between) == ["10-28 01:30:00"]


def test_one_time_is_in_the_schedules_time_zone_and_comes_once() -> None:
    once = timetable("at(2024-07-01T09:00:00)", BERLIN)
    assert due(once, 2) == ["07-01 07:00:00"]
    assert once.next_after(datetime(2024, 7, 1, 7, tzinfo=UTC), SINCE) is None


@given(
    minutes=st.integers(1, 100_000),
    passed=st.timedeltas(timedelta(0), timedelta(days=3650)),
)
def test_rate_never_drifts(minutes: int, passed: timedelta) -> None:
    period = timedelta(minutes=minutes)
    moment = SINCE + passed
    later = Timetable(expression=Rate(period)).next_after(moment, SINCE)
    assert later is not None
    assert moment < later <= moment + period
    assert (later - SINCE) % period == timedelta(0)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("rate(1 minutes)", "write 1 minute"),
        ("rate(5 minute)", "write 5 minutes"),
        ("rate(0 minutes)", "expected a positive number"),
        ("rate(1.5 hours)", "expected a positive number"),
        ("rate(10 seconds)", "minute(s), hour(s) or day(s)"),
        ("rate(99999999999999 days)", "too large"),
        ("rate 5 minutes", "expected rate(…), cron(…) or at(…)"),
        ("every(5 minutes)", "expected rate(…), cron(…) or at(…)"),
        ("cron(0 10 * * *)", "has 5 fields, expected 6"),
        ("cron(0 10 * * * *)", "exactly one of day-of-month and day-of-week must be ?"),
        ("cron(0 25 * * ? *)", "'25' is not a valid hour: expected values from 0 to 23"),
        ("at(2024-02-30T00:00:00)", "expected a time such as"),
        ("at(2024-02-28)", "expected a time such as"),
        ("at(2024-02-28T10:00:00Z)", "expected a time such as"),
    ],
)
def test_wrong_expressions_say_what_is_wrong(text: str, message: str) -> None:
    with pytest.raises(ValueError) as raised:  # noqa: PT011 - the text is what is tested
        parse_expression(text)
    assert message in str(raised.value)


def test_cron_of_a_year_that_is_over_is_never_due() -> None:
    assert due(timetable("cron(0 12 1 1 ? 2020)"), 1) == []
