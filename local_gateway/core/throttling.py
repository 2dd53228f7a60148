"""Throttling of a stage's routes by token buckets.

Source: developer guide, websocket-api-protect and http-api-throttling: a rate in requests per
second and a burst, the bucket's size.
"""

from collections.abc import Mapping

from local_gateway.core.model import Throttle

# What an account allows where a stage sets nothing (developer guide, limits).
ACCOUNT_THROTTLE = Throttle(rate=10_000, burst=5_000)

_MILLISECONDS = 1000


class TokenBucket:
    """A bucket that starts full and refills with time; times are epoch milliseconds."""

    def __init__(self, throttle: Throttle) -> None:
        # Counted in thousandths of a token, so that whole rates need no fractions.
        self._capacity = throttle.burst * _MILLISECONDS
        self._rate = throttle.rate
        self._level: float = self._capacity
        self._seen: int | None = None

    def take(self, at: int) -> bool:
        """Take one token for a request at `at`; false when there is none.

        A clock that goes back adds nothing.
        """
        if self._seen is not None and at > self._seen:
            self._level = min(self._capacity, self._level + (at - self._seen) * self._rate)
        self._seen = at if self._seen is None else max(self._seen, at)
        if self._level < _MILLISECONDS:
            return False
        self._level -= _MILLISECONDS
        return True


class RouteThrottles:
    """A bucket for each route of a stage, by route key; `default` is for routes without one."""

    def __init__(self, default: Throttle | None, throttles: Mapping[str, Throttle]) -> None:
        self._default = default or ACCOUNT_THROTTLE
        self._throttles = throttles
        self._buckets: dict[str, TokenBucket] = {}

    def admits(self, route_key: str, at: int) -> bool:
        """Take a token for one request at `at`; false when the route is throttled."""
        bucket = self._buckets.get(route_key)
        if bucket is None:
            throttle = self._throttles.get(route_key, self._default)
            bucket = self._buckets[route_key] = TokenBucket(throttle)
        return bucket.take(at)
