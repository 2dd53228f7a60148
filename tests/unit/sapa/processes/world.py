"""Where business processes are tested: connections of several users, channels and state in memory.

Events arrive at once and in order; that they may not is what other tests are about.
"""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from sapa.channels.channel import Event, Member, channel_name, user_channel
from sapa.channels.publisher import check_payload, event_content
from sapa.processes.context import Context
from sapa.processes.state import State, Stored
from sapa.refusals import ForbiddenChannelError


@dataclass
class InMemoryStates:
    """A `StateStore`; `meanwhile` happens once, between the next reading and its writing."""

    stored: dict[str, Stored] = field(default_factory=dict)
    meanwhile: Callable[[], object] | None = None

    def get(self, key: str) -> Stored | None:
        return self.stored.get(key)

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        version = self.stored[key].version + 1 if key in self.stored else 1
        self.stored[key] = Stored(text, version, expires_at)

    def replace(self, key: str, old: Stored | None, text: str, expires_at: int | None) -> bool:
        if self.meanwhile is not None:
            happens, self.meanwhile = self.meanwhile, None
            happens()
        if self.stored.get(key) != old:
            return False
        self.put(key, text, expires_at)
        return True


@dataclass
class World:
    """Everything that connections share; `now` is epoch milliseconds."""

    now: int = 1_700_000_000_000
    events: dict[str, list[Event]] = field(default_factory=dict)
    connections: list["Connection"] = field(default_factory=list)
    states: InMemoryStates = field(default_factory=InMemoryStates)
    requests: int = 0

    def connect(self, username: str) -> "Connection":
        """Open a connection of a user."""
        connection = Connection(self, username, f"{username}-{len(self.connections)}")
        self.connections.append(connection)
        return connection

    def publish(
        self, channel: str, payload: Mapping[str, Any], publisher: str, exclude: str | None = None
    ) -> int:
        """Send an event to those in a channel, as JSON does."""
        check_payload(channel_name(channel), payload)
        events = self.events.setdefault(channel, [])
        event = Event(
            channel=channel,
            sequence=len(events) + 1,
            sent_at=self.now,
            payload=json.loads(json.dumps(payload)),
            publisher=publisher,
        )
        events.append(event)
        for connection in self.connections:
            if connection.hears(channel) and connection.connection_id != exclude:
                connection.inbox.append(dict(event_content(event)))
        return event.sequence


@dataclass
class Connection:
    """A `ChannelAccess` of one connection; `inbox` has what came by itself."""

    world: World
    username: str
    connection_id: str
    channels: dict[str, int] = field(default_factory=dict)
    inbox: list[dict[str, Any]] = field(default_factory=list)

    @property
    def context(self) -> Context:
        """The context of a new message."""
        self.world.requests += 1
        return Context(
            username=self.username,
            connection_id=self.connection_id,
            endpoint="tested",
            request_id=f"r-{self.world.requests}",
            received_at=self.world.now,
            access=lambda: self,
        )

    @property
    def state(self) -> State:
        return State(
            namespace="tested",
            store=self.world.states,
            clock=lambda: self.world.now,
            pause=lambda seconds: None,
            chance=lambda: 0.5,
        )

    def hears(self, channel: str) -> bool:
        """Whether the channel's events come to this connection."""
        return channel in self.channels or channel == user_channel(self.username)

    def heard(self, channel: str) -> list[dict[str, Any]]:
        """The payloads that came from a channel."""
        return [
            {key: value for key, value in frame.items() if not key.startswith("$")}
            for frame in self.inbox
            if frame["$channel"] == channel
        ]

    def close(self) -> None:
        """Lose the connection and with it its channels."""
        self.world.connections.remove(self)

    def join(self, channel: str) -> bool:
        if channel_name(channel).startswith("user:"):
            raise ForbiddenChannelError(channel)
        return self.channels.setdefault(channel, self.world.now) == self.world.now

    def leave(self, channel: str) -> bool:
        return self.channels.pop(channel_name(channel), None) is not None

    def last_sequence(self, channel: str) -> int:
        return len(self.world.events.get(channel, []))

    def publish(self, channel: str, payload: Mapping[str, Any], *, to_self: bool) -> int:
        exclude = None if to_self else self.connection_id
        return self.world.publish(channel, payload, self.username, exclude)

    def members(self, channel: str) -> list[Member]:
        since: dict[str, int] = {}
        for one in self.world.connections:
            if channel in one.channels:
                since.setdefault(one.username, one.channels[channel])
        return [Member(username=name, since=since[name]) for name in sorted(since)]

    def history(self, channel: str, limit: int, before: int | None) -> list[Event]:
        events = self.world.events.get(channel_name(channel), [])
        return [one for one in events if before is None or one.sequence < before][-limit:]
