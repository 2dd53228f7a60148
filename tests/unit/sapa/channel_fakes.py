"""In-memory doubles of the ports of membership, history and state.

They are held to the same tests as the DynamoDB stores.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from sapa.channels.channel import Event, Member, Subscriber, Subscription
from sapa.channels.membership import Membership
from sapa.connections.connection import CONNECTION_SECONDS, Connection
from sapa.processes.state import Stored
from tests.unit.sapa.fakes import InMemoryConnectionStore


@dataclass
class InMemorySubscriptionStore:
    """A `SubscriptionStore`."""

    subscriptions: dict[tuple[str, str], Subscription] = field(default_factory=dict)

    def add(self, subscription: Subscription) -> None:
        key = (subscription.channel, subscription.subscriber.connection_id)
        there = self.subscriptions.get(key, subscription)
        if there.since <= subscription.since:
            self.subscriptions[key] = subscription

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        there = self.subscriptions.get((channel, connection_id))
        if there is None or since not in {None, there.since}:
            return None
        return self.subscriptions.pop((channel, connection_id))

    def holds(self, channel: str, connection_id: str) -> bool:
        return (channel, connection_id) in self.subscriptions

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        found = list(self.subscriptions.values())
        return (one for one in found if one.channel == channel)


@dataclass
class InMemoryPresenceStore:
    """A `PresenceStore`: who is there, and since when somebody has been without a break."""

    there: dict[tuple[str, str], set[Subscription]] = field(default_factory=dict)
    since: dict[tuple[str, str], int] = field(default_factory=dict)

    def enter(self, subscription: Subscription, now: int) -> bool:
        key = _place(subscription)
        others = _live(self.there.get(key, set()) - {subscription}, now)
        self.there[key] = {*others, subscription}
        if not others:
            self.since[key] = subscription.since
        return not others

    def exit(self, subscription: Subscription, now: int) -> bool:
        key = _place(subscription)
        if subscription not in self.there.get(key, set()):
            return False
        self.there[key].remove(subscription)
        return not _live(self.there[key], now)

    def members(self, channel: str, now: int) -> Iterable[Member]:
        for (name, username), there in self.there.items():
            if name == channel and _live(there, now):
                yield Member(username=username, since=self.since[name, username])


def _place(subscription: Subscription) -> tuple[str, str]:
    return subscription.channel, subscription.subscriber.username


def _live(there: Iterable[Subscription], now: int) -> set[Subscription]:
    return {one for one in there if one.subscriber.expires_at > now}


@dataclass
class InMemoryPermitStore:
    """A `PermitStore`."""

    permits: dict[tuple[str, str], int] = field(default_factory=dict)

    def grant(self, session_id: str, channel: str, expires_at: int) -> None:
        self.permits[session_id, channel] = expires_at

    def revoke(self, session_id: str, channel: str) -> None:
        self.permits.pop((session_id, channel), None)

    def holds(self, session_id: str, channel: str, now: int) -> bool:
        return self.permits.get((session_id, channel), 0) > now


@dataclass
class InMemoryLog:
    """A `ChannelLog`."""

    sequences: dict[str, int] = field(default_factory=dict)
    kept: dict[str, dict[int, tuple[Event, int]]] = field(default_factory=dict)
    taken_at: dict[str, int] = field(default_factory=dict)

    def next_sequence(self, channel: str, now: int) -> int:
        self.sequences[channel] = self.last_sequence(channel) + 1
        self.taken_at[channel] = now
        return self.sequences[channel]

    def last_sequence(self, channel: str) -> int:
        return self.sequences.get(channel, 0)

    def latest(self, channel: str) -> tuple[int, int]:
        return self.last_sequence(channel), self.taken_at.get(channel, 0)

    def append(self, event: Event, expires_at: int) -> None:
        self.kept.setdefault(event.channel, {})[event.sequence] = (event, expires_at)

    def after(self, channel: str, sequence: int, now: int) -> Iterable[Event]:
        return (one for one in self._live(channel, now) if one.sequence > sequence)

    def before(self, channel: str, sequence: int | None, limit: int, now: int) -> list[Event]:
        bound = 2**53 if sequence is None else sequence
        return [one for one in self._live(channel, now) if one.sequence < bound][-limit:]

    def _live(self, channel: str, now: int) -> list[Event]:
        kept = sorted(self.kept.get(channel, {}).items())
        return [event for _, (event, expires_at) in kept if expires_at > now]


@dataclass
class InMemoryStateStore:
    """A `StateStore`."""

    values: dict[str, Stored] = field(default_factory=dict)

    def get(self, key: str) -> Stored | None:
        return self.values.get(key)

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        old = self.values.get(key)
        self.values[key] = Stored(text, old.version + 1 if old else 1, expires_at)

    def replace(self, key: str, old: Stored | None, text: str, expires_at: int | None) -> bool:
        if self.values.get(key) != old:
            return False
        self.put(key, text, expires_at)
        return True


@dataclass
class Hall:
    """A membership in memory; `now` is epoch milliseconds, each look at the clock takes one."""

    max_channels: int = 50
    now: int = 1_700_000_000_000
    connections: InMemoryConnectionStore = field(default_factory=InMemoryConnectionStore)
    subscriptions: InMemorySubscriptionStore = field(default_factory=InMemorySubscriptionStore)
    presence: InMemoryPresenceStore = field(default_factory=InMemoryPresenceStore)
    permits: InMemoryPermitStore = field(default_factory=InMemoryPermitStore)
    announced: list[tuple[str, str, str]] = field(default_factory=list)

    def clock(self) -> int:
        self.now += 1
        return self.now

    def announce(self, channel: str, happening: str, username: str) -> None:
        self.announced.append((channel, happening, username))

    def channels_of(self, connection_id: str) -> set[str]:
        """What a connection is subscribed to."""
        return {
            channel for channel, one in self.subscriptions.subscriptions if one == connection_id
        }

    def membership(self) -> Membership:
        """The rules on these stores."""
        return Membership(
            connections=self.connections,
            subscriptions=self.subscriptions,
            presence=self.presence,
            permits=self.permits,
            announce=self.announce,
            clock=self.clock,
            max_channels=self.max_channels,
            permit_seconds=3_600,
        )

    def subscriber(self, connection_id: str, username: str, session_id: str = "s") -> Subscriber:
        """A connection of now."""
        return Subscriber(
            connection_id=connection_id,
            username=username,
            session_id=session_id,
            expires_at=self.now // 1000 + CONNECTION_SECONDS,
        )


def connect(hall: Hall, connection_id: str, username: str, session_id: str = "s") -> Membership:
    """Open a connection."""
    membership = hall.membership()
    subscriber = hall.subscriber(connection_id, username, session_id)
    membership.connect(
        Connection(
            connection_id=connection_id,
            username=username,
            endpoint="chat",
            session_id=session_id,
            connected_at=hall.now // 1000,
            expires_at=subscriber.expires_at,
        )
    )
    return membership


def names(members: list[Member]) -> list[str]:
    """Who they are."""
    return [one.username for one in members]
