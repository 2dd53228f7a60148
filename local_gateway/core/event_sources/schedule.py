"""Schedule expressions: `rate(…)`, `cron(…)` and `at(…)`, and when they are due.

Source: EventBridge user guide, "Setting a schedule pattern for scheduled rules"
(eb-scheduled-rule-pattern); EventBridge Scheduler user guide, "Schedule types" (schedule-types).
"""

import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo

from local_gateway.core.event_sources.cron import Cron

_UNITS = {
    "minute": timedelta(minutes=1),
    "hour": timedelta(hours=1),
    "day": timedelta(days=1),
}
_RATE = re.compile(r"(\d+) (minute|hour|day)(s?)")
_AT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d")


@dataclass(frozen=True, slots=True)
class Rate:
    """Repeatedly, every `period`; a day is always 24 hours."""

    period: timedelta


@dataclass(frozen=True, slots=True)
class At:
    """Once, at a time of the schedule's time zone."""

    time: datetime


type Expression = Rate | Cron | At


@dataclass(frozen=True, slots=True, kw_only=True)
class Timetable:
    """An expression in its time zone, between `start` and `end` (aware, both included).

    `immediate`: a rate without a start begins at once, not after its first period.
    """

    expression: Expression
    zone: tzinfo = UTC
    start: datetime | None = None
    end: datetime | None = None
    immediate: bool = False

    def next_after(self, moment: datetime, since: datetime) -> datetime | None:
        """The first time after `moment`, in UTC; None when there is none.

        `since` is when the schedule came into being, from which rates count. Both are aware.
        """
        if self.start is not None and moment < self.start:
            moment = self.start - timedelta(microseconds=1)
        due = self._next(moment, since)
        return due if due is not None and (self.end is None or due <= self.end) else None

    def _next(self, moment: datetime, since: datetime) -> datetime | None:
        match self.expression:
            case Rate(period):
                first = self.start or (since if self.immediate else since + period)
                if moment < first:
                    return first.astimezone(UTC)
                passed = (moment - first) // period + 1
                return (first + passed * period).astimezone(UTC)
            case At(time):
                due = time.replace(tzinfo=self.zone).astimezone(UTC)
                return due if due > moment else None
            case cron:
                return self._next_of_cron(cron, moment)

    def _next_of_cron(self, cron: Cron, moment: datetime) -> datetime | None:
        """A local time that does not exist is skipped; a time that occurs twice counts once."""
        for local in cron.times_from(moment.astimezone(self.zone).replace(tzinfo=None)):
            due = local.replace(tzinfo=self.zone).astimezone(UTC)
            exists = due.astimezone(self.zone).replace(tzinfo=None, fold=0) == local
            if exists and due > moment:
                return due
        return None


def parse_expression(text: str) -> Expression:
    """Read an expression; raises `ValueError` with a sentence that says what is wrong."""
    kind, separator, rest = text.strip().partition("(")
    if not separator or not rest.endswith(")"):
        raise ValueError(f"{text!r}: expected rate(…), cron(…) or at(…)")
    inner = rest[:-1].strip()
    match kind:
        case "rate":
            return _rate(inner)
        case "cron":
            return Cron.parse(inner)
        case "at":
            return _at(inner)
        case _:
            raise ValueError(f"{text!r}: expected rate(…), cron(…) or at(…)")


def _rate(inner: str) -> Rate:
    match = _RATE.fullmatch(inner)
    if match is None or int(match[1]) == 0:
        raise ValueError(
            f"rate({inner}): expected a positive number and minute(s), hour(s) or day(s)"
        )
    if (match[1] == "1") is bool(match[3]):
        word = match[2] if match[1] == "1" else f"{match[2]}s"
        raise ValueError(f"rate({inner}): write {match[1]} {word}")
    try:
        return Rate(int(match[1]) * _UNITS[match[2]])
    except OverflowError:
        raise ValueError(f"rate({inner}): the number is too large") from None


def _at(inner: str) -> At:
    try:
        if _AT.fullmatch(inner):
            return At(datetime.fromisoformat(inner))
    except ValueError:
        pass
    raise ValueError(f"at({inner}): expected a time such as at(2030-01-31T09:00:00)")
