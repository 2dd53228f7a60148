"""In-memory stores, senders and queues, and the bot's real services on them.

The stores are held to the same tests as the DynamoDB stores.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Any

from sapa.answers.asking import Answers
from sapa.channels.channel import ChannelEvent, Member, Subscription, SubscriptionPage
from sapa.channels.fan_out_task import FanOutTask
from sapa.connections.connection import (
    ClosedConnection,
    Connection,
    Subscriber,
)
from sapa.connections.sender import PostOutcome
from sapa.errors import (
    ConnectionGoneError,
    LoginError,
    QueueError,
    StoreError,
    TooManyChannelsError,
)
from sapa.lambda_events import ConnectionEvent
from sapa.login.session import LoginSession
from sapa.messages.once import Once, Record, Result
from sapa.processes.business_process import Context
from sapa.processes.state import StoredValue
from sapa.services import Services
from sapa.settings import Settings
from tests.support.answers import MemoryAnswerStore, MemoryQueue


@dataclass
class InMemorySessionStore:
    """A `SessionStore` that counts its reads."""

    sessions: dict[str, LoginSession] = field(default_factory=dict)
    reads: int = 0

    def put(self, session: LoginSession) -> None:
        self.sessions[session.token_hash] = session

    def get(self, token_hash: str) -> LoginSession | None:
        self.reads += 1
        return self.sessions.get(token_hash)

    def delete(self, token_hash: str) -> LoginSession | None:
        return self.sessions.pop(token_hash, None)


@dataclass
class InMemoryConnectionStore:
    """A `ConnectionStore`."""

    connections: dict[str, Connection] = field(default_factory=dict)
    channels: dict[str, dict[str, int]] = field(default_factory=dict)
    closed: set[str] = field(default_factory=set)

    def put(self, connection: Connection) -> None:
        self.connections[connection.connection_id] = connection
        self.channels[connection.connection_id] = {}

    def add_channel(self, connection_id: str, channel: str, since: int, limit: int) -> int | None:
        if not self._is_open(connection_id):
            return None
        channels = self.channels[connection_id]
        if channel not in channels and len(channels) >= limit:
            raise TooManyChannelsError(channel, limit)
        return channels.setdefault(channel, since)

    def replace_channel(self, connection_id: str, channel: str, since: int, earlier: int) -> bool:
        if self.channel_since(connection_id, channel) not in {earlier, since}:
            return False
        self.channels[connection_id][channel] = since
        return True

    def remove_channel(
        self, connection_id: str, channel: str, since: int | None = None
    ) -> int | None:
        channels = self.channels.get(connection_id, {})
        if since is not None and channels.get(channel) != since:
            return None
        return channels.pop(channel, None)

    def channel_since(self, connection_id: str, channel: str) -> int | None:
        if not self._is_open(connection_id):
            return None
        return self.channels[connection_id].get(channel, 0)

    def mark_closed(self, connection_id: str) -> ClosedConnection | None:
        if connection_id not in self.connections:
            return None
        self.closed.add(connection_id)
        subscriber = self.connections[connection_id].subscriber()
        return ClosedConnection(subscriber=subscriber, channels=dict(self.channels[connection_id]))

    def delete(self, connection_id: str) -> None:
        self.connections.pop(connection_id, None)
        self.channels.pop(connection_id, None)
        self.closed.discard(connection_id)

    def _is_open(self, connection_id: str) -> bool:
        return connection_id in self.connections and connection_id not in self.closed

    def of_user(self, username: str) -> Iterator[Connection]:
        return (each for each in self.connections.values() if each.username == username)


@dataclass
class InMemorySubscriptionStore:
    """A `SubscriptionStore`."""

    subscriptions: dict[tuple[str, str], Subscription] = field(default_factory=dict)

    def add(self, subscription: Subscription) -> None:
        key = (subscription.channel, subscription.subscriber.connection_id)
        stored = self.subscriptions.get(key, subscription)
        if stored.since <= subscription.since:
            self.subscriptions[key] = subscription

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        stored = self.subscriptions.get((channel, connection_id))
        if stored is None or since not in {None, stored.since}:
            return None
        return self.subscriptions.pop((channel, connection_id))

    def contains(self, channel: str, connection_id: str) -> bool:
        return (channel, connection_id) in self.subscriptions

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        subscriptions = list(self.subscriptions.values())
        return (each for each in subscriptions if each.channel == channel)


@dataclass
class InMemoryPresenceStore:
    """A `PresenceStore`; `since` is when a user came and has been there without a break."""

    present: dict[tuple[str, str], set[Subscription]] = field(default_factory=dict)
    since: dict[tuple[str, str], int] = field(default_factory=dict)

    def enter(self, subscription: Subscription, now: int) -> bool:
        key = _user_in_channel(subscription)
        others = _live(self.present.get(key, set()) - {subscription}, now)
        self.present[key] = {*others, subscription}
        if not others:
            self.since[key] = subscription.since
        return not others

    def exit(self, subscription: Subscription, now: int) -> frozenset[str] | None:
        key = _user_in_channel(subscription)
        if subscription not in self.present.get(key, set()):
            return None
        self.present[key].remove(subscription)
        return frozenset(each.subscriber.session_id for each in _live(self.present[key], now))

    def members(self, channel: str, now: int) -> Iterable[Member]:
        for (name, username), subscriptions in self.present.items():
            if name == channel and _live(subscriptions, now):
                yield Member(username=username, since=self.since[name, username])


def _user_in_channel(subscription: Subscription) -> tuple[str, str]:
    return subscription.channel, subscription.subscriber.username


def _live(subscriptions: Iterable[Subscription], now: int) -> set[Subscription]:
    return {each for each in subscriptions if each.subscriber.expires_at > now}


@dataclass
class InMemorySessionChannelStore:
    """A `SessionChannelStore`."""

    channels: dict[tuple[str, str], int] = field(default_factory=dict)

    def add(self, session_id: str, channel: str, expires_at: int) -> None:
        self.channels[session_id, channel] = expires_at

    def remove(self, session_id: str, channel: str) -> None:
        self.channels.pop((session_id, channel), None)

    def contains(self, session_id: str, channel: str, now: int) -> bool:
        return self.channels.get((session_id, channel), 0) > now


@dataclass
class InMemoryChannelLog:
    """A `ChannelLog`; each write appends to `steps`."""

    steps: list[str] = field(default_factory=list)
    sequences: dict[str, int] = field(default_factory=dict)
    kept: dict[str, dict[int, tuple[ChannelEvent, int]]] = field(default_factory=dict)
    taken_at: dict[str, int] = field(default_factory=dict)
    broken: bool = False

    def next_sequence(self, channel: str, now: int) -> int:
        self.steps.append("number")
        self.sequences[channel] = self.last_sequence(channel) + 1
        self.taken_at[channel] = now
        return self.sequences[channel]

    def last_sequence(self, channel: str) -> int:
        return self.sequences.get(channel, 0)

    def latest(self, channel: str) -> tuple[int, int]:
        return self.last_sequence(channel), self.taken_at.get(channel, 0)

    def append(self, event: ChannelEvent, expires_at: int) -> None:
        if self.broken:
            raise StoreError("messages", "InternalServerError")
        self.steps.append("keep")
        self.kept.setdefault(event.channel, {})[event.sequence] = (event, expires_at)

    def after(self, channel: str, sequence: int, now: int) -> Iterable[ChannelEvent]:
        return (each for each in self._live(channel, now) if each.sequence > sequence)

    def before(
        self, channel: str, sequence: int | None, limit: int, now: int
    ) -> list[ChannelEvent]:
        bound = 2**53 if sequence is None else sequence
        return [each for each in self._live(channel, now) if each.sequence < bound][-limit:]

    def _live(self, channel: str, now: int) -> list[ChannelEvent]:
        kept = sorted(self.kept.get(channel, {}).items())
        return [event for _, (event, expires_at) in kept if expires_at > now]


@dataclass
class InMemoryStateStore:
    """A `StateStore`; `meanwhile` happens once, between a read and the write that follows it."""

    values: dict[str, StoredValue] = field(default_factory=dict)
    meanwhile: Callable[[], object] | None = None

    def get(self, key: str) -> StoredValue | None:
        return self.values.get(key)

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        old = self.values.get(key)
        self.values[key] = StoredValue(text, old.version + 1 if old else 1, expires_at)

    def replace(self, key: str, old: StoredValue | None, text: str, expires_at: int | None) -> bool:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        if self.values.get(key) != old:
            return False
        self.put(key, text, expires_at)
        return True


@dataclass
class InMemoryFanOutQueue:
    """A `FanOutQueue`; its tasks went through JSON, as in SQS."""

    steps: list[str] = field(default_factory=list)
    tasks: list[FanOutTask] = field(default_factory=list)
    delays: list[int] = field(default_factory=list)
    broken: bool = False
    deliver: Callable[[FanOutTask], None] = lambda task: None

    def send(self, tasks: Sequence[FanOutTask], delay_seconds: int = 0) -> None:
        if self.broken:
            raise QueueError("fan_out", "ServiceUnavailable")
        self.steps.append("queue")
        self.delays += [delay_seconds] * len(tasks)
        for task in tasks:
            self.tasks.append(FanOutTask.from_json(task.to_json()))
            self.deliver(self.tasks[-1])


@dataclass
class InMemorySubscriptionReader:
    """A `SubscriptionReader` of one channel: connection ids by shard, read as DynamoDB does."""

    by_shard: list[list[str]]
    since: int = 0
    expired: set[str] = field(default_factory=set)
    largest_page: int = 1000

    def shards(self, channel: str) -> int:
        return len(self.by_shard)

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> SubscriptionPage:
        size = min(limit, self.largest_page)
        ids = sorted(each for each in self.by_shard[shard] if start is None or each > start)
        # After a full page DynamoDB does not know whether there is more.
        is_last = len(ids) < size
        subscriptions = [self._subscription(channel, each) for each in ids[:size]]
        return SubscriptionPage(subscriptions, None if is_last else ids[size - 1])

    def _subscription(self, channel: str, connection_id: str) -> Subscription:
        subscriber = Subscriber(
            connection_id=connection_id,
            username="ana",
            session_id="s1",
            expires_at=0 if connection_id in self.expired else 2**40,
        )
        return Subscription(channel=channel, subscriber=subscriber, since=self.since)


@dataclass
class RecordingSender:
    """A `MessageSender`; ids in `gone` are closed."""

    gone: set[str] = field(default_factory=set)
    posted: list[tuple[str, str]] = field(default_factory=list)
    closed: list[str] = field(default_factory=list)

    def post(self, connection_id: str, frame: str) -> None:
        self._check(connection_id)
        self.posted.append((connection_id, frame))

    def close(self, connection_id: str) -> None:
        self._check(connection_id)
        self.closed.append(connection_id)

    def _check(self, connection_id: str) -> None:
        if connection_id in self.gone:
            raise ConnectionGoneError(connection_id)


@dataclass
class ScriptedBulkSender:
    """A `BulkSender`: each connection has its outcomes in order, and is reached after them."""

    script: dict[str, list[PostOutcome]] = field(default_factory=dict)
    posted: list[tuple[str, str]] = field(default_factory=list)
    rounds: list[list[str]] = field(default_factory=list)

    def post_all(
        self, frame: str, connection_ids: Sequence[str], seconds: float
    ) -> Mapping[str, PostOutcome]:
        self.rounds.append(list(connection_ids))
        return {each: self._post(frame, each) for each in connection_ids}

    def _post(self, frame: str, connection_id: str) -> PostOutcome:
        left = self.script.get(connection_id)
        if left:
            return left.pop(0)
        self.posted.append((connection_id, frame))
        return PostOutcome.DELIVERED


@dataclass
class ScriptedCredentialChecker:
    """A `CredentialChecker` that grants everything, or refuses with `refusal`.

    `meanwhile` happens once, after a password was checked.
    """

    refusal: LoginError | None = None
    disabled: set[str] = field(default_factory=set)
    meanwhile: Callable[[], object] | None = None

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        if self.refusal is not None:
            raise self.refusal
        if self.meanwhile is not None:
            self.meanwhile()
        return username

    def is_enabled(self, username: str) -> bool:
        return username not in self.disabled


class InMemoryOnceStore:
    """An `OnceStore`; its records never expire."""

    def __init__(self) -> None:
        self.records: dict[str, tuple[Record, int]] = {}

    def claim(self, key: str, digest: str, now: int, until: int, expires_at: int) -> Record | None:
        record, claimed_until = self.records.get(key, (None, 0))
        is_dead = record is not None and record.result is None and claimed_until <= now
        if record is None or (is_dead and record.digest == digest):
            self.records[key] = Record(digest, None), until
            return None
        return record

    def complete(self, key: str, result: Result, expires_at: int) -> None:
        record, until = self.records[key]
        # As it comes back from a store.
        self.records[key] = Record(record.digest, Result.from_json(result.to_json())), until

    def release(self, key: str) -> None:
        self.records.pop(key, None)


class FakeServices(Services):
    """The bot's real services on stores in memory.

    `now` is epoch milliseconds; each look at the clock takes `tick` of them. Published events
    arrive at once, and in order, in the inboxes of the `clients`.
    """

    def __init__(self, *, tick: int = 1, **environment: str) -> None:
        super().__init__(Settings({"HISTORY_RETENTION_SECONDS": "3600", **environment}), self.time)
        self.now = 1_700_000_000_000
        self.tick = tick
        self.clients: dict[str, Client] = {}
        self.requests = 0
        self.sessions = self.session_store = InMemorySessionStore()
        self.connections = self.connection_store = InMemoryConnectionStore()
        self.subscriptions = self.subscription_store = InMemorySubscriptionStore()
        self.presence = self.presence_store = InMemoryPresenceStore()
        self.session_channels = self.session_channel_store = InMemorySessionChannelStore()
        self.channel_log = self.log = InMemoryChannelLog()
        self.fan_out_queue = self.queue = InMemoryFanOutQueue(deliver=self._deliver)
        self.state_store = self.states = InMemoryStateStore()
        self.sender = self.recording_sender = RecordingSender()
        self.answer_store = MemoryAnswerStore()
        self.answer_queue = MemoryQueue(self.time)
        self.answers = Answers(
            store=self.answer_store,
            queue=self.answer_queue,
            post=self._post_all,
            clock=self.time,
            new_id=lambda: f"a{len(self.answer_queue.messages) + 1}",
            limit=5,
            retention_seconds=3600,
        )
        self.once = Once(store=InMemoryOnceStore(), clock=self.time)
        self.credentials = ScriptedCredentialChecker()

    def time(self) -> int:
        """The time now; it goes on."""
        self.now += self.tick
        return self.now

    def connect(
        self, username: str, connection_id: str = "", session_id: str = "s", endpoint: str = "test"
    ) -> "Client":
        """Open a connection of a user."""
        connection_id = connection_id or f"{username}-{len(self.clients)}"
        client = Client(self, username, connection_id, session_id, endpoint)
        self.membership.connect(Connection.from_event(client.event))
        self.clients[connection_id] = client
        return client

    def _post_all(self, frame: str, connection_ids: Sequence[str]) -> None:
        for connection_id in connection_ids:
            self.recording_sender.posted.append((connection_id, frame))

    @property
    def announced(self) -> list[tuple[str, str, str]]:
        """The presence that was announced: channel, change, user name."""
        return [
            (task.channel, change, username)
            for task in self.queue.tasks
            for change, username in task.content.get("$presence", {}).items()
        ]

    def _deliver(self, task: FanOutTask) -> None:
        for subscription in self.subscription_store.of_channel(task.channel):
            connection_id = subscription.subscriber.connection_id
            client = self.clients.get(connection_id)
            if client and connection_id != task.exclude and "$presence" not in task.content:
                client.inbox.append(dict(task.content))


class Client:
    """A connection of a user; `inbox` has the events that reached it."""

    def __init__(
        self,
        services: FakeServices,
        username: str,
        connection_id: str,
        session_id: str = "s",
        endpoint: str = "test",
    ) -> None:
        self.services = services
        self.event = ConnectionEvent(
            connection_id=connection_id,
            request_id="r-1",
            connected_at=services.now,
            request_time=services.now,
            username=username,
            endpoint=endpoint,
            session_id=session_id,
        )
        self.inbox: list[dict[str, Any]] = []

    @property
    def context(self) -> Context:
        """The context of a new message."""
        self.services.requests += 1
        event = replace(
            self.event,
            request_id=f"r-{self.services.requests}",
            request_time=self.services.now,
        )
        return Context(event, self.services)

    @property
    def subscriber(self) -> Subscriber:
        """The connection as a possible member of channels."""
        return Connection.from_event(self.event).subscriber()

    @property
    def channels(self) -> set[str]:
        """The channels that the connection is subscribed to."""
        connection_id = self.event.connection_id
        subscriptions = self.services.subscription_store.subscriptions
        return {channel for channel, subscriber in subscriptions if subscriber == connection_id}

    def payloads(self, channel: str) -> list[dict[str, Any]]:
        """The payloads that came from a channel."""
        return [
            {key: value for key, value in event.items() if not key.startswith("$")}
            for event in self.inbox
            if event["$channel"] == channel
        ]

    def join(self, channel: str) -> bool:
        """Join a channel."""
        return self.services.membership.join(self.subscriber, channel)

    def leave(self, channel: str) -> bool:
        """Leave a channel."""
        return self.services.membership.leave(self.subscriber, channel)

    def may_resume(self, channel: str) -> bool:
        """Whether a resume of the channel is allowed."""
        return self.services.membership.may_resume(self.subscriber, channel)

    def close(self) -> None:
        """Close the connection."""
        self.services.remove_connection(self.event.connection_id)


def names(members: list[Member]) -> list[str]:
    """The users' names."""
    return [member.username for member in members]
