"""AWS's cron expressions: the syntax of every field, and times against a plain search."""

import calendar
from datetime import datetime, timedelta
from itertools import islice

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from local_gateway.core.event_sources.cron import Cron

START = datetime(2024, 1, 1)  # noqa: DTZ001 - cron times have no zone; a Monday


def times(text: str, count: int, start: datetime = START) -> list[str]:
    return [
        f"{time:%a %Y-%m-%d %H:%M}" for time in islice(Cron.parse(text).times_from(start), count)
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0 10 * * ? *", ["Mon 2024-01-01 10:00", "Tue 2024-01-02 10:00"]),
        ("15 12 * * ? *", ["Mon 2024-01-01 12:15", "Tue 2024-01-02 12:15"]),
        ("0 18 ? * MON-FRI *", ["Mon 2024-01-01 18:00", "Tue 2024-01-02 18:00"]),
        ("0 8 1 * ? *", ["Mon 2024-01-01 08:00", "Thu 2024-02-01 08:00"]),
        ("0/15 * * * ? *", ["Mon 2024-01-01 00:00", "Mon 2024-01-01 00:15"]),
        ("10/25 0 * * ? *", ["Mon 2024-01-01 00:10", "Mon 2024-01-01 00:35"]),
        ("*/30 5 * * ? *", ["Mon 2024-01-01 05:00", "Mon 2024-01-01 05:30"]),
        ("0-4/2 1 * * ? *", ["Mon 2024-01-01 01:00", "Mon 2024-01-01 01:02"]),
        ("0 0 L * ? *", ["Wed 2024-01-31 00:00", "Thu 2024-02-29 00:00"]),
        ("0 0 LW * ? *", ["Wed 2024-01-31 00:00", "Thu 2024-02-29 00:00", "Fri 2024-03-29 00:00"]),
        ("0 0 6W * ? *", ["Fri 2024-01-05 00:00", "Tue 2024-02-06 00:00"]),
        ("0 0 1W 6 ? *", ["Mon 2024-06-03 00:00", "Mon 2025-06-02 00:00"]),
        ("0 0 31W * ? *", ["Wed 2024-01-31 00:00", "Fri 2024-03-29 00:00"]),
        ("0 0 ? * L *", ["Sat 2024-01-06 00:00", "Sat 2024-01-13 00:00"]),
        ("0 0 ? * 6L *", ["Fri 2024-01-26 00:00", "Fri 2024-02-23 00:00"]),
        ("0 0 ? * FRIL *", ["Fri 2024-01-26 00:00", "Fri 2024-02-23 00:00"]),
        ("0 0 ? * 3#2 *", ["Tue 2024-01-09 00:00", "Tue 2024-02-13 00:00"]),
        ("0 0 ? * 2#5 *", ["Mon 2024-01-29 00:00", "Mon 2024-04-29 00:00"]),
        ("0 0 ? * 1,SAT *", ["Sat 2024-01-06 00:00", "Sun 2024-01-07 00:00"]),
        ("0 0 29 2 ? *", ["Thu 2024-02-29 00:00", "Tue 2028-02-29 00:00"]),
        ("0 0 1 jan,JUL ? 2025-2026", ["Wed 2025-01-01 00:00", "Tue 2025-07-01 00:00"]),
        ("0 0 31 2 ? *", []),
        ("0 0 1 1 ? 1970-2023", []),
    ],
)
def test_expression_names_these_times(text: str, expected: list[str]) -> None:
    assert times(text, max(len(expected), 1)) == expected


@pytest.mark.parametrize(
    "text",
    [
        "",
        "0 10 * * ?",
        "0 10 * * * *",
        "0 10 ? * ? *",
        "60 10 * * ? *",
        "-1 10 * * ? *",
        "5-1 10 * * ? *",
        "0 24 * * ? *",
        "0 10 0 * ? *",
        "0 10 32W * ? *",
        "0 10 W * ? *",
        "0 10 * 13 ? *",
        "0 10 * FOO ? *",
        "0 10 ? * 8 *",
        "0 10 ? * 3#6 *",
        "0 10 ? * 9L *",
        "0 10 ? * #2 *",
        "0 10 * * ? 1969",
        "0 10 * * ? 2200",
        "0/0 10 * * ? *",
        "0/x 10 * * ? *",
        "1,,2 10 * * ? *",
        "² 10 * * ? *",
    ],
)
def test_wrong_expressions_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r"\w"):
        Cron.parse(text)


NAMES = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
LISTS = st.lists(st.integers(0, 23), min_size=1, max_size=3)
MINUTES = st.one_of(
    st.just("*/20"), st.just("7"), st.lists(st.integers(0, 59), min_size=1).map(sorted)
)
DAYS = st.one_of(
    st.tuples(st.sampled_from(["*", "L", "LW", "1W", "15W", "30W", "1-3", "10/7"]), st.just("?")),
    st.tuples(
        st.just("?"), st.sampled_from(["*", "L", "MON-WED", "2#1", "6L", "SUN", "7,1", "3/2"])
    ),
)


def joined(values: object) -> str:
    return ",".join(map(str, values)) if isinstance(values, list) else str(values)


def has_minute(text: str, minute: int) -> bool:
    return minute % 20 == 0 if text == "*/20" else str(minute) in text.split(",")


def has_day_of_month(text: str, day: datetime) -> bool:
    last = calendar.monthrange(day.year, day.month)[1]
    weekdays = [n for n in range(1, last + 1) if day.replace(day=n).weekday() < 5]
    match text:
        case "*":
            return True
        case "L":
            return day.day == last
        case "LW":
            return day.day == weekdays[-1]
        case "1-3":
            return day.day <= 3
        case "10/7":
            return day.day in (10, 17, 24, 31)
        case _:
            wanted = int(text[:-1])
            nearest = min(weekdays, key=lambda n: abs(n - wanted))
            return wanted <= last and day.day == nearest


def has_day_of_week(text: str, day: datetime) -> bool:
    name = NAMES[day.isoweekday() % 7]
    week = (day.day - 1) // 7
    next_week = (day + timedelta(days=7)).month
    return {
        "*": True,
        "L": name == "SAT",
        "MON-WED": name in ("MON", "TUE", "WED"),
        "2#1": name == "MON" and week == 0,
        "6L": name == "FRI" and next_week != day.month,
        "SUN": name == "SUN",
        "7,1": name in ("SAT", "SUN"),
        "3/2": name in ("TUE", "THU", "SAT"),
    }[text]


@settings(max_examples=60, deadline=None)
@given(
    minutes=MINUTES.map(joined),
    hours=LISTS.map(joined),
    days=DAYS,
    start=st.datetimes(datetime(2023, 1, 1), datetime(2032, 1, 1)),  # noqa: DTZ001
)
def test_next_times_are_those_of_a_search_minute_by_minute(
    minutes: str, hours: str, days: tuple[str, str], start: datetime
) -> None:
    of_month, of_week = days
    end = start + timedelta(days=35)
    cron = Cron.parse(f"{minutes} {hours} {of_month} * {of_week} *")
    found = []
    for time in cron.times_from(start):
        if time >= end:
            break
        found.append(time)
    expected = []
    minute = start.replace(second=0, microsecond=0)
    while minute < end:
        day = minute.replace(hour=0, minute=0)
        fits_day = (
            has_day_of_week(of_week, day) if of_month == "?" else has_day_of_month(of_month, day)
        )
        if not fits_day:
            minute = day + timedelta(days=1)
            continue
        if str(minute.hour) not in hours.split(","):
            minute = minute.replace(minute=0) + timedelta(hours=1)
            continue
        if has_minute(minutes, minute.minute):
            expected.append(minute)
        minute += timedelta(minutes=1)
    assert found == expected
