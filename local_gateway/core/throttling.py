"""Throttling of a stage or route by a token bucket.

Source: developer guide, websocket-api-protect ("throttling"): a rate in requests per second and
a burst, the bucket's size.
"""

from local_gateway.core.model import Throttle

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
