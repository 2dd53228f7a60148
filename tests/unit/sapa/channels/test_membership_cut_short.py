"""What a join, a leave and a removal that end half-way leave behind, and who removes it."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sapa.channels.channel import Subscription
from sapa.errors import QueueError, StoreError
from tests.unit.sapa.fakes import (
    Client,
    FakeServices,
    InMemoryConnectionStore,
    InMemoryPresenceStore,
    InMemorySessionChannelStore,
    InMemorySubscriptionStore,
    names,
)

LOBBY = "chat:lobby"


@pytest.fixture
def services() -> FakeServices:
    return FakeServices()


@dataclass
class BrokenSubscriptions(InMemorySubscriptionStore):
    """Stores only the users' channels."""

    def add(self, subscription: Subscription) -> None:
        if subscription.channel == LOBBY:
            raise StoreError("subscriptions", "InternalServerError")
        super().add(subscription)


class BrokenSessionChannels(InMemorySessionChannelStore):
    """Stores nothing."""

    def add(self, session_id: str, channel: str, expires_at: int) -> None:
        raise StoreError("session_channels", "InternalServerError")


@pytest.mark.parametrize("broken", ["subscriptions", "session_channels", "queue"])
def test_join_that_fails_half_way_leaves_nothing(services: FakeServices, broken: str) -> None:
    match broken:
        case "subscriptions":
            services.subscriptions = services.subscription_store = BrokenSubscriptions()
        case "session_channels":
            services.session_channels = BrokenSessionChannels()
        case "queue":
            services.queue.broken = True
    ana = services.connect("ana")
    with pytest.raises((StoreError, QueueError)):
        ana.join(LOBBY)
    assert services.membership.members(LOBBY) == []
    assert ana.channels == {"user:ana"}
    assert services.announced == []


@pytest.mark.parametrize("wrote_its_subscription", [False, True])
def test_join_whose_function_died_is_taken_over(
    services: FakeServices, wrote_its_subscription: bool
) -> None:
    ana = services.connect("ana", "c1")
    since = services.now + 5
    services.connection_store.add_channel("c1", LOBBY, since, 50)
    died = Subscription(channel=LOBBY, subscriber=ana.subscriber, since=since)
    services.presence.enter(died, services.now // 1000)
    if wrote_its_subscription:
        services.subscription_store.add(died)
    assert ana.join(LOBBY) is not wrote_its_subscription
    assert names(services.membership.members(LOBBY)) == ["ana"]
    ana.close()
    assert services.membership.members(LOBBY) == []
    assert services.subscription_store.subscriptions == {}


def test_leave_removes_what_a_dead_function_left(services: FakeServices) -> None:
    ana = services.connect("ana", "c1")
    services.connection_store.add_channel("c1", LOBBY, 5, 50)
    services.presence.enter(Subscription(channel=LOBBY, subscriber=ana.subscriber, since=5), 0)
    assert ana.leave(LOBBY)
    assert services.membership.members(LOBBY) == []
    assert services.connection_store.channel_since("c1", LOBBY) == 0


@dataclass
class FlakyPresence(InMemoryPresenceStore):
    """Fails so often."""

    failures: int = 0

    def exit(self, subscription: Subscription, now: int) -> frozenset[str] | None:
        if self.failures:
            self.failures -= 1
            raise StoreError("presence", "InternalServerError")
        return super().exit(subscription, now)


def test_removal_that_fails_half_way_is_finished_by_the_next(services: FakeServices) -> None:
    services.presence = presence = FlakyPresence()
    ana = services.connect("ana")
    for channel in (LOBBY, "game:1"):
        ana.join(channel)
    presence.failures = 1
    with pytest.raises(StoreError):
        ana.close()
    assert not ana.join("chat:other")
    ana.close()
    assert services.connection_store.connections == {}
    assert services.subscription_store.subscriptions == {}
    members = services.membership.members
    assert members(LOBBY) == members("game:1") == []


def test_orphaned_subscription_is_removed_from_the_channel_that_met_it(
    services: FakeServices,
) -> None:
    ana = Client(services, "ana", "c1")
    orphan = Subscription(channel=LOBBY, subscriber=ana.subscriber, since=5)
    services.presence.enter(orphan, 0)
    services.subscription_store.add(orphan)
    services.membership.remove_connection("c1")
    assert ana.channels == {LOBBY}
    services.membership.remove_connection("c1", LOBBY)
    assert ana.channels == set()
    assert services.membership.members(LOBBY) == []


def test_removal_without_anything_left_is_fine(services: FakeServices) -> None:
    services.membership.remove_connection("c1", LOBBY)
    orphan = Subscription(
        channel="user:ana", subscriber=Client(services, "ana", "c1").subscriber, since=5
    )
    services.subscription_store.add(orphan)
    services.membership.remove_connection("c1", "user:ana")
    assert services.subscription_store.subscriptions == {}
    assert services.announced == []


@dataclass
class Overtaken(InMemorySubscriptionStore):
    """Something happens while a subscription is written."""

    meanwhile: Callable[[], object] = lambda: None

    def add(self, subscription: Subscription) -> None:
        self.meanwhile()
        super().add(subscription)


def test_join_that_a_removal_overtakes_is_undone(services: FakeServices) -> None:
    services.subscriptions = services.subscription_store = store = Overtaken()
    ana = services.connect("ana", "c1")
    store.meanwhile = lambda: services.connection_store.mark_closed("c1")
    assert not ana.join(LOBBY)
    assert ana.channels == {"user:ana"}
    assert services.membership.members(LOBBY) == []


def test_join_that_a_leave_overtakes_is_undone_and_not_resumed(services: FakeServices) -> None:
    services.subscriptions = services.subscription_store = store = Overtaken()
    ana = services.connect("ana", "c1")
    store.meanwhile = lambda: services.connection_store.remove_channel("c1", LOBBY)
    assert not ana.join(LOBBY)
    assert ana.channels == {"user:ana"}
    assert not ana.may_resume(LOBBY)


def test_entry_that_somebody_else_takes_over_first_is_left_to_them(services: FakeServices) -> None:
    class TakenOver(InMemoryConnectionStore):
        def replace_channel(
            self, connection_id: str, channel: str, since: int, earlier: int
        ) -> bool:
            return False

    services.connections = services.connection_store = TakenOver()
    ana = services.connect("ana", "c1")
    services.connection_store.add_channel("c1", LOBBY, 5, 50)
    assert not ana.join(LOBBY)
    assert ana.channels == {"user:ana"}
