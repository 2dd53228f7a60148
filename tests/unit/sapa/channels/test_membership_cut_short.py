"""What a join, a leave and a forgetting that end half-way leave, and who takes it out."""

from dataclasses import dataclass

import pytest

from sapa.channels.channel import Subscription
from sapa.errors import QueueError, StoreError
from tests.unit.sapa.channel_fakes import (
    Hall,
    InMemoryPermitStore,
    InMemoryPresenceStore,
    InMemorySubscriptionStore,
    connect,
    names,
)

LOBBY = "chat:lobby"


@pytest.fixture
def hall() -> Hall:
    """Nobody is connected."""
    return Hall()


@dataclass
class BrokenSubscriptions(InMemorySubscriptionStore):
    """Takes no channel but the user's."""

    def add(self, subscription: Subscription) -> None:
        if subscription.channel == LOBBY:
            raise StoreError("subscriptions", "InternalServerError")
        super().add(subscription)


class BrokenPermits(InMemoryPermitStore):
    """Grants nothing."""

    def grant(self, session_id: str, channel: str, expires_at: int) -> None:
        raise StoreError("session_channels", "InternalServerError")


@dataclass
class Silent(Hall):
    """Announces nothing."""

    def announce(self, channel: str, happening: str, username: str) -> None:
        raise QueueError("fan_out", "ServiceUnavailable")


@pytest.mark.parametrize(
    "hall", [Hall(subscriptions=BrokenSubscriptions()), Hall(permits=BrokenPermits()), Silent()]
)
def test_join_that_fails_half_way_leaves_nothing(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    with pytest.raises((StoreError, QueueError)):
        membership.join(hall.subscriber("c1", "ana"), LOBBY)
    assert membership.members(LOBBY) == []
    assert not hall.subscriptions.holds(LOBBY, "c1")
    assert hall.announced == []


@pytest.mark.parametrize("wrote_its_subscription", [False, True])
def test_join_whose_function_died_is_taken_over(hall: Hall, wrote_its_subscription: bool) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    hall.connections.enter("c1", LOBBY, hall.now + 5, 50)
    died = Subscription(channel=LOBBY, subscriber=ana, since=hall.now + 5)
    hall.presence.enter(died, hall.now // 1000)
    if wrote_its_subscription:
        hall.subscriptions.add(died)
    assert membership.join(ana, LOBBY) is not wrote_its_subscription
    assert names(membership.members(LOBBY)) == ["ana"]
    membership.forget("c1")
    assert membership.members(LOBBY) == []
    assert hall.subscriptions.subscriptions == {}


def test_leave_takes_out_what_a_dead_function_left(hall: Hall) -> None:
    membership = connect(hall, "c1", "ana")
    ana = hall.subscriber("c1", "ana")
    hall.connections.enter("c1", LOBBY, 5, 50)
    hall.presence.enter(Subscription(channel=LOBBY, subscriber=ana, since=5), 0)
    assert membership.leave(ana, LOBBY)
    assert membership.members(LOBBY) == []
    assert hall.connections.since("c1", LOBBY) == 0


@dataclass
class FlakyPresence(InMemoryPresenceStore):
    """Fails as often as it is told to."""

    failures: int = 0

    def exit(self, subscription: Subscription, now: int) -> bool:
        if self.failures:
            self.failures -= 1
            raise StoreError("presence", "InternalServerError")
        return super().exit(subscription, now)


def test_forgetting_that_fails_half_way_is_finished_by_the_next() -> None:
    presence = FlakyPresence()
    hall = Hall(presence=presence)
    membership = connect(hall, "c1", "ana")
    for channel in (LOBBY, "game:1"):
        membership.join(hall.subscriber("c1", "ana"), channel)
    presence.failures = 1
    with pytest.raises(StoreError):
        membership.forget("c1")
    assert not membership.join(hall.subscriber("c1", "ana"), "chat:other")
    membership.forget("c1")
    assert hall.connections.connections == {}
    assert hall.subscriptions.subscriptions == {}
    assert membership.members(LOBBY) == membership.members("game:1") == []


def test_stray_subscription_goes_with_the_channel_it_was_found_in(hall: Hall) -> None:
    membership = hall.membership()
    stray = Subscription(channel=LOBBY, subscriber=hall.subscriber("c1", "ana"), since=5)
    hall.presence.enter(stray, 0)
    hall.subscriptions.add(stray)
    membership.forget("c1")
    assert hall.channels_of("c1") == {LOBBY}
    membership.forget("c1", LOBBY)
    assert hall.channels_of("c1") == set()
    assert membership.members(LOBBY) == []
