"""How many connections a user may have."""

import json
from dataclasses import dataclass, replace

import pytest

from sapa.connections.connection import HANDSHAKE_SECONDS, Connection
from sapa.errors import DeliveryError, StoreError
from sapa.handshake.connection_limit import MAX_CLOSED
from tests.unit.sapa.fakes import Client, FakeServices, RecordingSender


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
        self.is_logged_in = True

    def refusal(self, username: str = "ana", lasts: int = 7_800) -> str | None:
        """Open a connection; why it was refused, if it was."""
        self.opened += 1
        now = self.now // 1000
        connection = Connection(
            connection_id=f"c{self.opened}",
            username=username,
            endpoint="reply",
            session_id="s",
            connected_at=now + self.opened,
            expires_at=now + lasts,
        )
        return self.connection_limit.check_in(connection, lambda: self.is_logged_in)

    def open(self, username: str = "ana", lasts: int = 7_800) -> bool:
        """Open a connection."""
        return self.refusal(username, lasts) is None

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
    assert [handshakes.refusal() for _ in range(3)] == [None, None, "too_many_connections"]
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
    handshakes.now += HANDSHAKE_SECONDS * 1000 + 1000
    assert handshakes.open()
    assert handshakes.stored == ["c2"]
    assert not handshakes.subscription_store.contains("user:ana", "c1")


def test_connection_whose_handshake_may_still_run_keeps_its_record() -> None:
    handshakes = Handshakes(limit=1)
    handshakes.open()
    handshakes.recording_sender.gone.add("c1")
    handshakes.now += HANDSHAKE_SECONDS * 1000
    assert handshakes.open()
    assert handshakes.stored == ["c1", "c2"]
    assert handshakes.subscription_store.contains("user:ana", "c1")


def test_handshake_of_an_ended_session_is_refused_closes_nothing_and_leaves_nothing() -> None:
    handshakes = Handshakes(limit=1)
    handshakes.open()
    handshakes.is_logged_in = False
    assert handshakes.refusal() == "no_session"
    assert (handshakes.stored, handshakes.recording_sender.closed) == (["c1"], [])
    assert not handshakes.subscription_store.contains("user:ana", "c2")


def test_handshake_whose_session_cannot_be_read_leaves_nothing() -> None:
    handshakes = Handshakes(limit=0)

    def fail() -> bool:
        raise StoreError("sessions", "InternalServerError")

    client = Connection.from_event(Client(handshakes, "ana", "c1").event)
    with pytest.raises(StoreError):
        handshakes.connection_limit.check_in(client, fail)
    assert handshakes.stored == []


def test_a_page_learns_that_a_handshake_would_be_refused() -> None:
    handshakes = Handshakes(limit=1, policy="refuse-newest")
    assert not handshakes.connection_limit.refuses("ana")
    handshakes.open()
    assert handshakes.connection_limit.refuses("ana")
    assert not handshakes.connection_limit.refuses("ben")
    for free in (Handshakes(limit=1), Handshakes(limit=0, policy="refuse-newest")):
        free.open()
        assert not free.connection_limit.refuses("ana")


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
