"""How many messages a client may send: token buckets in the execution environment's memory.

A message must not cost a read, so nothing is shared between environments: the limits are exact
for each of them, and a client whose messages run in several at once gets as much in each.
"""

import math
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field

MAX_BUCKETS = 10_000


@dataclass(slots=True)
class Bucket:
    """The messages that may come at once."""

    tokens: float
    filled_at: float


@dataclass(slots=True)
class TokenBuckets:
    """A bucket for each key that holds `per_second` tokens and gets as many each second.

    A rate of 0 is no limit. Beyond `max_buckets` the least recently used bucket is dropped: a
    bucket that is full again is the same as no bucket.
    """

    per_second: float
    max_buckets: int = MAX_BUCKETS
    _buckets: OrderedDict[str, Bucket] = field(default_factory=OrderedDict)

    def bucket(self, key: str, now: float) -> Bucket:
        """The bucket of `key`, filled up to `now` (seconds)."""
        size = max(1.0, self.per_second)
        bucket = self._buckets.setdefault(key, Bucket(size, now))
        self._buckets.move_to_end(key)
        if len(self._buckets) > self.max_buckets:
            self._buckets.popitem(last=False)
        elapsed = max(0.0, now - bucket.filled_at)
        bucket.tokens = min(size, bucket.tokens + elapsed * self.per_second)
        bucket.filled_at = now
        return bucket


@dataclass(frozen=True, slots=True, kw_only=True)
class RateLimits:
    """Limits for each connection and each user; `clock` gives seconds that never go back."""

    connections: TokenBuckets
    users: TokenBuckets
    clock: Callable[[], float]

    def retry_after_ms(self, connection_id: str, username: str) -> int:
        """0 lets a message pass and counts it; else it has to wait so long and does not count."""
        now = self.clock()
        limited = [
            (buckets.bucket(key, now), buckets.per_second)
            for buckets, key in ((self.connections, connection_id), (self.users, username))
            if buckets.per_second
        ]
        wait = max([(1.0 - bucket.tokens) / rate for bucket, rate in limited], default=0.0)
        if wait > 0:
            return math.ceil(wait * 1000)
        for bucket, _ in limited:
            bucket.tokens -= 1.0
        return 0
