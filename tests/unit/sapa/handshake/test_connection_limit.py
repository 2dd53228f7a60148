"""How many connections a user may have."""

import json
from dataclasses import dataclass, replace

import pytest

from sapa.connections.connection import Connection
from sapa.errors import DeliveryError
from sapa.handshake.connection_limit import MAX_CLOSED
from tests.unit.sapa.fakes import FakeServices, RecordingSender


@dataclass
class Broken(RecordingSender):
    """Reaches nobody."""

    def close(self, connection_id: str) -> None:
        raise DeliveryError(connection_id, "ForbiddenException")


class Handshakes(FakeServices):
    """Opens connections under a limit; they are named by number."""

    def __init__(self, limit: int, policy: str = "close-oldest") -> None:
        super().__init__(
            tick=0, MAX_CONNECTIONS_PER_USER=str(limit), CONNECTION_LIMIT_POLICY=policy
        )
        self.opened = 0

    def open(self, username: str = "ana", lasts: int = 7_800) -> bool:
        """Open a connection."""
        self.opened += 1
        now = self.now // 1000
        return self.connection_limit.check_in(
            Connection(
                connection_id=f"c{self.opened}",
                username=username,
                endpoint="reply",
                session_id="s",
                connected_at=now + self.opened,
                expires_at=now + lasts,
            )
        )

    @property
    def stored(self) -> list[str]:
        """The connections that have a record."""
        return sorted(self.connection_store.connections)


def test_without_limit_all_come_in() -> None:
    handshakes = Handshakes(limit=0)
    assert all(handshakes.open() for _ in range(20))
    assert (len(handshakes.stored), handshakes.recording_sender.closed) == (20, [])


def test_oldest_is_closed_for_one_too_many() -> None:
    handshakes = Handshakes(limit=2)
    assert [handshakes.open() for _ in range(3)] == [True] * 3
    assert handshakes.recording_sender.closed == ["c1"]
    [(connection_id, frame)] = handshakes.recording_sender.posted
    assert (connection_id, json.loads(frame)["error"]["code"]) == ("c1", "too_many_connections")
    assert handshakes.open("ben")
    assert handshakes.recording_sender.closed == ["c1"]


def test_newest_is_refused_and_leaves_nothing() -> None:
    handshakes = Handshakes(limit=2, policy="refuse-newest")
    assert [handshakes.open() for _ in range(3)] == [True, True, False]
    assert (handshakes.stored, handshakes.recording_sender.closed) == (["c1", "c2"], [])
    assert "c3" not in handshakes.connection_store.connections
    assert handshakes.open("ben")


def test_connections_whose_time_is_up_do_not_count() -> None:
    handshakes = Handshakes(limit=1, policy="refuse-newest")
    assert handshakes.open(lasts=0)
    assert handshakes.open()


def test_gone_connection_is_removed_instead_of_closed() -> None:
    handshakes = Handshakes(limit=1)
    handshakes.open()
    handshakes.recording_sender.gone.add("c1")
    assert handshakes.open()
    assert handshakes.stored == ["c2"]
    assert not handshakes.subscription_store.contains("user:ana", "c1")


def test_what_cannot_be_closed_does_not_keep_the_next_out(
    caplog: pytest.LogCaptureFixture,
) -> None:
    handshakes = Handshakes(limit=1)
    handshakes.sender = Broken()
    assert handshakes.open()
    assert handshakes.open()
    [line] = [record for record in caplog.records if record.message == "connection not closed"]
    assert "c1" in str(vars(line)["error"])


def test_handshake_closes_only_a_few() -> None:
    handshakes = Handshakes(limit=0)
    for _ in range(10):
        handshakes.open()
    handshakes.connection_limit = replace(handshakes.connection_limit, limit=1)
    handshakes.open()
    assert handshakes.recording_sender.closed == ["c1", "c2", "c3"][:MAX_CLOSED]
