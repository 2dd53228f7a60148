"""How fast messages may come."""

from collections import deque
from dataclasses import dataclass

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.connections.rate_limits import RateLimits, TokenBuckets


@dataclass
class Time:
    """A clock that is set."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


def limits(time: Time, connection: float = 2, user: float = 3) -> RateLimits:
    """So many messages a second."""
    return RateLimits(connections=TokenBuckets(connection), users=TokenBuckets(user), clock=time)


def test_burst_of_a_second_passes_then_the_rate() -> None:
    time = Time()
    limited = limits(time)
    assert [limited.retry_after_ms("c", "ana") for _ in range(3)] == [0, 0, 500]
    time.now += 0.25
    assert limited.retry_after_ms("c", "ana") == 250
    time.now += 0.25
    assert limited.retry_after_ms("c", "ana") == 0
    time.now += 3_600
    assert [limited.retry_after_ms("c", "ana") for _ in range(3)] == [0, 0, 500]


def test_connections_of_a_user_share_the_users_rate() -> None:
    limited = limits(Time())
    assert [limited.retry_after_ms(f"c{number}", "ana") for number in range(4)] == [0, 0, 0, 334]
    assert limited.retry_after_ms("c9", "ben") == 0


def test_what_is_refused_uses_nothing_up() -> None:
    time = Time()
    limited = limits(time, connection=1, user=100)
    assert limited.retry_after_ms("c", "ana") == 0
    assert {limited.retry_after_ms("c", "ana") for _ in range(50)} == {1_000}
    time.now += 1
    assert limited.retry_after_ms("c", "ana") == 0


def test_rate_of_zero_is_no_limit() -> None:
    limited = limits(Time(), connection=0, user=0)
    assert {limited.retry_after_ms("c", "ana") for _ in range(1_000)} == {0}


def test_less_than_one_a_second_still_lets_one_through() -> None:
    limited = limits(Time(), connection=0.1)
    assert [limited.retry_after_ms("c", "ana") for _ in range(2)] == [0, 10_000]


def test_clock_that_goes_back_gives_nothing() -> None:
    buckets = TokenBuckets(1)
    buckets.bucket("c", 10).tokens -= 1
    assert buckets.bucket("c", 5).tokens == pytest.approx(0)


def test_memory_is_bounded_and_the_busy_stay() -> None:
    buckets = TokenBuckets(1, max_buckets=2)
    buckets.bucket("busy", 0).tokens -= 1
    for number in range(100):
        buckets.bucket(f"c{number}", 0).tokens -= 1
        assert buckets.bucket("busy", 0).tokens < 1
    buckets.bucket("another", 0)
    buckets.bucket("last", 0)
    assert buckets.bucket("busy", 0).tokens == 1


@given(st.lists(st.floats(0, 2), max_size=200), st.integers(1, 5))
def test_no_second_lets_more_through_than_twice_the_rate(gaps: list[float], rate: int) -> None:
    time = Time()
    limited = limits(time, connection=rate, user=1_000)
    passed: deque[float] = deque()
    for gap in gaps:
        time.now += gap / rate
        if limited.retry_after_ms("c", "ana") == 0:
            passed.append(time.now)
        while passed and passed[0] <= time.now - 1:
            passed.popleft()
        assert len(passed) <= 2 * rate + 1
