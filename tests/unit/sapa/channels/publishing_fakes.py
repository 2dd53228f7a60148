"""In-memory doubles of the ports of publishing and fan-out."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field

from sapa.channels.channel import Event, Subscriber, Subscription
from sapa.channels.fan_out_task import Dispatch
from sapa.connections.sender import Outcome
from sapa.errors import QueueError, StoreError


@dataclass
class InMemoryChannelLog:
    """A `ChannelLog` that writes down what it is asked, in `steps`."""

    steps: list[str]
    sequences: dict[str, int] = field(default_factory=dict)
    kept: list[tuple[Event, int]] = field(default_factory=list)
    broken: bool = False

    def next_sequence(self, channel: str, now: int) -> int:
        self.steps.append("number")
        self.sequences[channel] = self.sequences.get(channel, 0) + 1
        return self.sequences[channel]

    def last_sequence(self, channel: str) -> int:
        return self.sequences.get(channel, 0)

    def latest(self, channel: str) -> tuple[int, int]:
        return self.last_sequence(channel), 0

    def append(self, event: Event, expires_at: int) -> None:
        if self.broken:
            raise StoreError("messages", "InternalServerError")
        self.steps.append("keep")
        self.kept.append((event, expires_at))

    def after(self, channel: str, sequence: int, now: int) -> Iterable[Event]:
        raise NotImplementedError

    def before(self, channel: str, sequence: int | None, limit: int, now: int) -> list[Event]:
        raise NotImplementedError


@dataclass
class InMemoryQueue:
    """An `EventQueue`; what is in it went through JSON, as in SQS."""

    steps: list[str]
    dispatches: list[Dispatch] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    broken: bool = False

    def send(self, dispatches: Sequence[Dispatch], delay_seconds: int = 0) -> None:
        if self.broken:
            raise QueueError("fan_out", "ServiceUnavailable")
        self.steps.append("queue")
        self.delays += [delay_seconds] * len(dispatches)
        self.dispatches += [Dispatch.of_json(one.to_json()) for one in dispatches]


@dataclass(frozen=True, slots=True)
class Page:
    """A `SubscriptionPage`."""

    subscriptions: list[Subscription]
    start: str | None


@dataclass
class InMemorySubscriptions:
    """A `SubscriptionReader` of one channel: connection ids by shard, read as DynamoDB does."""

    by_shard: list[list[str]]
    since: int = 0
    expired: set[str] = field(default_factory=set)
    largest_page: int = 1000

    def shards(self, channel: str) -> int:
        return len(self.by_shard)

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> Page:
        ids = sorted(one for one in self.by_shard[shard] if start is None or one > start)
        found = ids[: min(limit, self.largest_page)]
        # DynamoDB knows only after the last item that there is no more.
        is_last = len(ids) < min(limit, self.largest_page)
        subscriptions = [self._subscription(channel, one) for one in found]
        return Page(subscriptions, None if is_last else found[-1])

    def _subscription(self, channel: str, connection_id: str) -> Subscription:
        subscriber = Subscriber(
            connection_id=connection_id,
            username="ana",
            session_id="s1",
            expires_at=0 if connection_id in self.expired else 2**40,
        )
        return Subscription(channel=channel, subscriber=subscriber, since=self.since)


@dataclass
class ScriptedSender:
    """A `BulkSender`: each connection has its outcomes in order, and is reached after them."""

    script: dict[str, list[Outcome]] = field(default_factory=dict)
    posted: list[tuple[str, str]] = field(default_factory=list)
    rounds: list[list[str]] = field(default_factory=list)

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, Outcome]:
        self.rounds.append(list(connection_ids))
        return {one: self._post(frame, one) for one in connection_ids}

    def _post(self, frame: str, connection_id: str) -> Outcome:
        left = self.script.get(connection_id)
        if left:
            return left.pop(0)
        self.posted.append((connection_id, frame))
        return Outcome.DELIVERED
