"""The table of `docs/scale.md` for one event, from its formulae.

`python -m tools.cost.scale [MICROSECONDS]`: processor time of a post, as `fan_out` measures it.
"""

import sys
from dataclasses import dataclass

from sapa.channels.fan_out import PAGE, SHARDS_PER_PAGE, split
from sapa.channels.fan_out_task import Shards
from sapa.stores.management_api import THREADS
from sapa.stores.subscriptions import MAX_SHARDS, needs_more
from tools.benchmarks.report import number
from tools.cost.prices import prices

# US dollars each.
MESSAGES, WRITES, READS, REQUESTS, INVOCATIONS, GB_SECOND, EGRESS = (
    prices()[name].each
    for name in (
        "messages",
        "write_units",
        "read_units",
        "queue_requests",
        "invocations",
        "gb_seconds",
        "egress_bytes",
    )
)

# Requests a second of an account, and how many at once.
ACCOUNT_RATE, ACCOUNT_BURST = 10_000, 5_000
MEMORY_GB = 1769 / 1024
# TLS, and a vCPU that is slower than the machine of the measurement.
ON_AWS = 2.0
# What `fan_out` measures, about.
MEASURED_POST_SECONDS = 100e-6
POST_LATENCY = 0.010
TASK_SECONDS = 0.03
SUBSCRIPTION_BYTES = 200
FRAME_BYTES = 200


@dataclass(frozen=True, slots=True)
class Event:
    """What one event of up to 1 KB to `members` connections takes."""

    members: int
    post_seconds: float

    @property
    def shards(self) -> int:
        """The channel's shards after growing to its size."""
        shards = 1
        while needs_more(self.members, shards):
            shards *= 2
        return min(shards, MAX_SHARDS)

    @property
    def tasks(self) -> int:
        """Messages in the queue, from the first to the leaves."""
        return _tasks(Shards(0, self.shards), self.members / self.shards)

    @property
    def environment_rate(self) -> float:
        """Posts a second of one execution environment."""
        return min(1 / self.post_seconds, THREADS / POST_LATENCY)

    @property
    def seconds(self) -> float:
        """To the last post: what the account lets through, or one environment can."""
        within_quota = max(0, self.members - ACCOUNT_BURST) / ACCOUNT_RATE
        leaf = min(self.members, PAGE) / self.environment_rate
        return max(within_quota, leaf)

    @property
    def dollars(self) -> dict[str, float]:
        """By service."""
        return {
            "API Gateway": self.members * MESSAGES,
            "egress": self.members * FRAME_BYTES * EGRESS,
            "DynamoDB": 2 * WRITES + self.members * SUBSCRIPTION_BYTES / 4096 * READS,
            "Lambda": self._lambda_dollars,
            "SQS": 3 * self.tasks * REQUESTS,
        }

    @property
    def _lambda_dollars(self) -> float:
        busy = self.members / self.environment_rate + self.tasks * TASK_SECONDS
        return busy * MEMORY_GB * GB_SECOND + self.tasks * INVOCATIONS


def _tasks(shards: Shards, members_per_shard: float) -> int:
    count = shards.end - shards.first
    if count > SHARDS_PER_PAGE:
        return 1 + sum(_tasks(part, members_per_shard) for part in split(shards))
    return -(-round(count * members_per_shard) // PAGE)


def table(post_seconds: float) -> str:
    """One event to channels of three sizes; `post_seconds` as measured, not as on AWS."""
    events = [Event(members, post_seconds * ON_AWS) for members in (1_000, 100_000, 1_000_000)]
    rows: dict[str, list[str]] = {
        "members": [f"{event.members:,}" for event in events],
        "shards": [f"{event.shards:,}" for event in events],
        "messages in the queue": [f"{event.tasks:,}" for event in events],
        "seconds to the last post, at least": [number(event.seconds) for event in events],
        "vCPU seconds": [number(event.members * event.post_seconds) for event in events],
        "execution environments that use up the account's rate": [
            number(ACCOUNT_RATE / event.environment_rate) for event in events
        ],
        "events a second at most, over all channels of that size": [
            number(ACCOUNT_RATE / event.members) for event in events
        ],
        **{
            f"{service}, $": [f"{event.dollars[service]:.2g}" for event in events]
            for service in events[0].dollars
        },
        "one event, $": [f"{sum(event.dollars.values()):.3g}" for event in events],
        "one event a minute for 30 days, $": [
            number(sum(event.dollars.values()) * 43_200) for event in events
        ],
    }
    lines = [f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items()]
    return "\n".join([lines[0], "|---|--:|--:|--:|", *lines[1:]])


def main() -> None:
    """Print the table."""
    print(table(float(sys.argv[1]) / 1e6 if len(sys.argv) > 1 else MEASURED_POST_SECONDS))


if __name__ == "__main__":
    main()
