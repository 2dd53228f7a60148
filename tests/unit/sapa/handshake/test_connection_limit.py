"""How many connections a user may have."""

from dataclasses import dataclass, field

from sapa.connections.connection import Connection
from sapa.errors import DeliveryError
from sapa.handshake.connection_limit import MAX_CLOSED, Admission
from tests.unit.sapa.channel_fakes import Hall
from tests.unit.sapa.fakes import RecordingSender


@dataclass
class Broken(RecordingSender):
    """Reaches nobody."""

    def close(self, connection_id: str) -> None:
        raise DeliveryError(connection_id, "ForbiddenException")


@dataclass
class Door:
    """Who is let in."""

    limit: int
    closes_oldest: bool = True
    hall: Hall = field(default_factory=Hall)
    sender: RecordingSender = field(default_factory=RecordingSender)
    reported: list[DeliveryError] = field(default_factory=list)
    opened: int = 0

    def open(self, username: str = "ana", lasts: int = 7_800) -> bool:
        """Open a connection; they are named by number."""
        self.opened += 1
        admission = Admission(
            membership=self.hall.membership(),
            connections=self.hall.connections,
            sender=lambda: self.sender,
            limit=self.limit,
            closes_oldest=self.closes_oldest,
            clock=lambda: 1_000,
            report=self.reported.append,
        )
        return admission.admit(
            Connection(
                connection_id=f"c{self.opened}",
                username=username,
                endpoint="reply",
                session_id="s",
                connected_at=self.opened,
                expires_at=1_000 + lasts,
            )
        )

    @property
    def stored(self) -> list[str]:
        """The connections that have a record."""
        return sorted(self.hall.connections.connections)


def test_without_limit_all_come_in() -> None:
    door = Door(limit=0)
    assert all(door.open() for _ in range(20))
    assert (len(door.stored), door.sender.closed) == (20, [])


def test_oldest_is_closed_for_one_too_many() -> None:
    door = Door(limit=2)
    assert [door.open() for _ in range(3)] == [True] * 3
    assert door.sender.closed == ["c1"]
    assert door.open("ben")
    assert door.sender.closed == ["c1"]


def test_newest_is_refused_and_leaves_nothing() -> None:
    door = Door(limit=2, closes_oldest=False)
    assert [door.open() for _ in range(3)] == [True, True, False]
    assert (door.stored, door.sender.closed) == (["c1", "c2"], [])
    assert not door.hall.channels_of("c3")
    assert door.open("ben")


def test_connections_whose_time_is_up_do_not_count() -> None:
    door = Door(limit=1, closes_oldest=False)
    assert door.open(lasts=0)
    assert door.open()


def test_gone_connection_is_forgotten_instead_of_closed() -> None:
    door = Door(limit=1)
    door.open()
    door.sender.gone.add("c1")
    assert door.open()
    assert door.stored == ["c2"]
    assert not door.hall.channels_of("c1")


def test_what_cannot_be_closed_does_not_keep_the_next_out() -> None:
    door = Door(limit=1, sender=Broken())
    assert door.open()
    assert door.open()
    assert [error.connection_id for error in door.reported] == ["c1"]


def test_handshake_closes_only_a_few() -> None:
    door = Door(limit=0)
    for _ in range(10):
        door.open()
    door.limit = 1
    door.open()
    assert door.sender.closed == ["c1", "c2", "c3"][:MAX_CLOSED]
