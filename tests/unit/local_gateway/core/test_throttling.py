import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.model import Throttle
from local_gateway.core.throttling import ACCOUNT_THROTTLE, RouteThrottles, TokenBucket


def test_a_burst_passes_and_the_next_request_waits_for_the_rate() -> None:
    bucket = TokenBucket(Throttle(rate=2, burst=3))
    assert [bucket.take(1_000) for _ in range(4)] == [True, True, True, False]
    assert [bucket.take(at) for at in (1_499, 1_500, 1_501)] == [False, True, False]


def test_a_long_pause_fills_no_more_than_the_burst() -> None:
    bucket = TokenBucket(Throttle(rate=100, burst=2))
    assert bucket.take(0)
    assert [bucket.take(60_000) for _ in range(3)] == [True, True, False]


def test_a_clock_that_goes_back_adds_nothing() -> None:
    bucket = TokenBucket(Throttle(rate=1, burst=1))
    assert bucket.take(5_000)
    assert not bucket.take(1_000)
    assert not bucket.take(5_999)
    assert bucket.take(6_000)


@pytest.mark.parametrize("throttle", [Throttle(rate=0, burst=0), Throttle(rate=10, burst=0)])
def test_no_burst_means_no_request(throttle: Throttle) -> None:
    bucket = TokenBucket(throttle)
    assert not any(bucket.take(at) for at in (0, 1_000, 1_000_000))


@given(
    st.integers(1, 50),
    st.integers(1, 20),
    st.lists(st.integers(0, 500), min_size=1, max_size=60),
)
def test_never_more_than_burst_plus_rate(rate: int, burst: int, pauses: list[int]) -> None:
    bucket = TokenBucket(Throttle(rate=rate, burst=burst))
    at = taken = 0
    for pause in pauses:
        at += pause
        taken += bucket.take(at)
    assert taken <= burst + rate * at / 1000


def test_each_route_has_a_bucket_of_its_own() -> None:
    throttles = RouteThrottles(
        Throttle(rate=1, burst=2), {"POST /login": Throttle(rate=1, burst=1)}
    )
    assert [throttles.admits("POST /login", 0) for _ in range(2)] == [True, False]
    assert [throttles.admits("GET /a", 0) for _ in range(3)] == [True, True, False]
    assert throttles.admits("GET /b", 0)


def test_nothing_set_is_what_the_account_allows() -> None:
    throttles = RouteThrottles(None, {})
    admitted = [throttles.admits("$default", 0) for _ in range(ACCOUNT_THROTTLE.burst + 1)]
    assert admitted.count(True) == ACCOUNT_THROTTLE.burst
