"""Somebody who comes back after a while."""

import json
from dataclasses import dataclass, field
from typing import Any

from sapa.channels.channel import Event
from sapa.channels.resume import Resumer
from sapa.connections.connection import Connection
from tests.unit.sapa.channel_fakes import Hall, InMemoryLog

LOBBY = "chat:lobby"
RETENTION = 86_400


@dataclass
class Desk:
    """Ana, who was in some channels with `c1` and comes back with `c2`."""

    hall: Hall = field(default_factory=Hall)
    log: InMemoryLog = field(default_factory=InMemoryLog)

    def __post_init__(self) -> None:
        self.membership = self.hall.membership()
        for connection_id, username in (("c1", "ana"), ("c2", "ana"), ("c3", "ben")):
            self.connect(connection_id, username)

    def connect(self, connection_id: str, username: str) -> None:
        """Open a connection."""
        self.membership.connect(
            Connection(
                connection_id=connection_id,
                username=username,
                endpoint="chat",
                session_id=f"session of {username}",
                connected_at=self.hall.now // 1000,
                expires_at=self.hall.now // 1000 + 7_800,
            )
        )

    def join(self, connection_id: str, username: str, channel: str = LOBBY) -> None:
        """Let a connection into a channel."""
        session = f"session of {username}"
        subscriber = self.hall.subscriber(connection_id, username, session)
        self.membership.join(subscriber, channel)

    def lose(self, connection_id: str) -> None:
        """Cut a connection."""
        self.membership.forget(connection_id)

    def publish(
        self, *texts: str, channel: str = LOBBY, kept: bool = True, lasts: int = RETENTION
    ) -> None:
        """Accept events; those that are not `kept` have only a number."""
        for text in texts:
            now = self.hall.clock()
            event = Event(
                channel=channel,
                sequence=self.log.next_sequence(channel, now // 1000),
                sent_at=now,
                payload={"text": text},
                publisher="ben",
            )
            if kept:
                self.log.append(event, now // 1000 + lasts)

    def resume(self, positions: dict[str, int], username: str = "ana") -> list[dict[str, Any]]:
        """What ana's, or another's, second connection is told."""
        resumer = Resumer(
            membership=self.membership,
            log=self.log,
            keeps=lambda channel: not channel.startswith("typing:"),
            clock=self.hall.clock,
        )
        connection_id = {"ana": "c2", "ben": "c3"}[username]
        subscriber = self.hall.subscriber(connection_id, username, f"session of {username}")
        return [json.loads(frame) for frame in resumer.frames(subscriber, positions, "r1")]


def returning() -> Desk:
    """Ana was in the lobby with her first connection, which is cut."""
    desk = Desk()
    desk.join("c1", "ana")
    desk.publish("one", "two")
    desk.lose("c1")
    return desk


def sequences(frames: list[dict[str, Any]], channel: str = LOBBY) -> list[int]:
    """The numbers of a channel's events, as they come."""
    return [frame["$sequence"] for frame in frames if frame.get("$channel") == channel]
