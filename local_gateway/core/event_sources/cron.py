"""The six fields of AWS's cron expressions: minutes hours day-of-month month day-of-week year.

Source: EventBridge user guide, "Cron expressions" (eb-scheduled-rule-pattern).
"""

import calendar
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta

FIRST_YEAR, LAST_YEAR = 1970, 2199
_MONTHS = ("JAN", "FEB", "MAR", "APR", "MAY", "JUN", "JUL", "AUG", "SEP", "OCT", "NOV", "DEC")
_DAYS = ("SUN", "MON", "TUE", "WED", "THU", "FRI", "SAT")
_SATURDAY = 7


@dataclass(frozen=True, slots=True)
class _Field:
    """A field's name, its range, and words for its values from the lowest on."""

    name: str
    low: int
    high: int
    words: tuple[str, ...] = ()

    def values(self, text: str) -> frozenset[int]:
        """The values that a list of numbers, ranges and steps stands for."""
        values: set[int] = set()
        for part in text.split(","):
            values.update(self._part(part, text))
        return frozenset(values)

    def value(self, text: str) -> int:
        """A number or word."""
        word = text.upper()
        number = self.words.index(word) + self.low if word in self.words else None
        if number is None and text.isascii() and text.isdigit():
            number = int(text)
        if number is None or not self.low <= number <= self.high:
            raise self.error(text)
        return number

    def error(self, text: str) -> ValueError:
        """The error of a wrong field."""
        return ValueError(
            f"{text!r} is not a valid {self.name}: expected values from {self.low} to {self.high}"
        )

    def _part(self, part: str, text: str) -> range:
        span, slash, step_text = part.partition("/")
        step = 1
        if slash:
            if not (step_text.isascii() and step_text.isdigit() and int(step_text) > 0):
                raise self.error(text)
            step = int(step_text)
        if span == "*":
            return range(self.low, self.high + 1, step)
        first_text, dash, last_text = span.partition("-")
        first = self.value(first_text)
        if dash:
            last = self.value(last_text)
            if last < first:
                raise self.error(text)
        else:
            last = self.high if slash else first
        return range(first, last + 1, step)


_MINUTES = _Field("minute", 0, 59)
_HOURS = _Field("hour", 0, 23)
_DAY_OF_MONTH = _Field("day of the month", 1, 31)
_MONTH = _Field("month", 1, 12, _MONTHS)
_DAY_OF_WEEK = _Field("day of the week", 1, 7, _DAYS)
_YEAR = _Field("year", FIRST_YEAR, LAST_YEAR)


@dataclass(frozen=True, slots=True)
class Cron:
    """A cron expression; one of the two day fields is `?`."""

    minutes: frozenset[int]
    hours: frozenset[int]
    day_of_month: str
    months: frozenset[int]
    day_of_week: str
    years: frozenset[int]

    @classmethod
    def parse(cls, text: str) -> "Cron":
        """Read the six fields; raises `ValueError` with a sentence that says what is wrong."""
        fields = text.split()
        if len(fields) != 6:
            raise ValueError(
                f"cron({text}) has {len(fields)} fields, expected 6: "
                "minutes hours day-of-month month day-of-week year"
            )
        minutes, hours, day_of_month, month, day_of_week, year = fields
        if (day_of_month == "?") is (day_of_week == "?"):
            raise ValueError(f"cron({text}): exactly one of day-of-month and day-of-week must be ?")
        cron = cls(
            minutes=_MINUTES.values(minutes),
            hours=_HOURS.values(hours),
            day_of_month=day_of_month,
            months=_MONTH.values(month),
            day_of_week=day_of_week,
            years=_YEAR.values(year),
        )
        cron._days(2024, 1)
        return cron

    def times_from(self, start: datetime) -> Iterator[datetime]:
        """Every time that the expression names, from the minute of `start` on; all naive."""
        times = [
            time(hour, minute) for hour in sorted(self.hours) for minute in sorted(self.minutes)
        ]
        earliest = start.replace(second=0, microsecond=0, fold=0)
        for day in self._dates_from(earliest.date()):
            for clock in times:
                if (moment := datetime.combine(day, clock)) >= earliest:
                    yield moment

    def _dates_from(self, first: date) -> Iterator[date]:
        for year in sorted(year for year in self.years if year >= first.year):
            for month in sorted(self.months):
                if (year, month) >= (first.year, first.month):
                    for day in sorted(self._days(year, month)):
                        if (candidate := date(year, month, day)) >= first:
                            yield candidate

    def _days(self, year: int, month: int) -> set[int]:
        last = calendar.monthrange(year, month)[1]
        if self.day_of_week == "?":
            return _days_of_month(self.day_of_month, year, month, last)
        return _days_of_week(self.day_of_week, year, month, last)


def _days_of_month(text: str, year: int, month: int, last: int) -> set[int]:
    """`L` is the last day, `LW` the last weekday, `15W` the weekday nearest to the 15th."""
    if text == "L":
        return {last}
    if text == "LW":
        return {_nearest_weekday(date(year, month, last), last)}
    if text.endswith("W"):
        day = _DAY_OF_MONTH.value(text[:-1])
        return {_nearest_weekday(date(year, month, day), last)} if day <= last else set()
    return {day for day in _DAY_OF_MONTH.values(text) if day <= last}


def _nearest_weekday(day: date, last: int) -> int:
    """The day itself, or Friday before or Monday after it, never in another month."""
    saturday, sunday = 5, 6
    if day.weekday() == saturday:
        return day.day - 1 if day.day > 1 else day.day + 2
    if day.weekday() == sunday:
        return day.day + 1 if day.day < last else day.day - 2
    return day.day


def _days_of_week(text: str, year: int, month: int, last: int) -> set[int]:
    """`L` is Saturday, `6L` the month's last Friday, `3#2` its second Tuesday; 1 is Sunday."""
    first = _aws_weekday(date(year, month, 1))
    if text == "L":
        text = str(_SATURDAY)
    if match := re.fullmatch(r"(\w+)#([1-5])", text):
        day = 1 + (_DAY_OF_WEEK.value(match[1]) - first) % 7 + 7 * (int(match[2]) - 1)
        return {day} if day <= last else set()
    if text.upper() not in _DAYS and text.endswith("L"):
        wanted = _DAY_OF_WEEK.value(text[:-1])
        final = date(year, month, last)
        return {(final - timedelta(days=(_aws_weekday(final) - wanted) % 7)).day}
    wanted_days = _DAY_OF_WEEK.values(text)
    return {day for day in range(1, last + 1) if (first + day - 2) % 7 + 1 in wanted_days}


def _aws_weekday(day: date) -> int:
    """1 is Sunday, 7 is Saturday."""
    return day.isoweekday() % 7 + 1
