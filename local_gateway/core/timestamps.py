"""When a request comes in, and how the events and responses of API Gateway spell times."""

from dataclasses import dataclass
from datetime import UTC, datetime
from functools import lru_cache

# strftime("%b") follows the locale of the process; AWS always writes English.
MONTHS = ("Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec")


@dataclass(frozen=True, slots=True)
class RequestStamp:
    """When a request or message comes in (`at`, epoch milliseconds) and the id it gets."""

    at: int
    request_id: str


def common_log_time(at: int) -> str:
    """`requestTime`: common log format in UTC, such as `09/Feb/2024:18:11:43 +0000`."""
    return _common_log_second(at // 1000)


@lru_cache(maxsize=16)
def _common_log_second(second: int) -> str:
    moment = datetime.fromtimestamp(second, tz=UTC)
    return f"{moment.day:02}/{MONTHS[moment.month - 1]}/{moment.year}:{moment:%H:%M:%S} +0000"


def iso_time(at: int) -> str:
    """ISO 8601 in UTC with milliseconds, such as `2024-02-09T18:11:43.042Z`."""
    moment = datetime.fromtimestamp(at // 1000, tz=UTC)
    return f"{moment:%Y-%m-%dT%H:%M:%S}.{at % 1000:03}Z"
