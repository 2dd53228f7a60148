"""The DynamoDB stores of channels and the fakes of the unit tests keep the same promises."""

from collections.abc import Callable

import boto3
import pytest

from sapa.channels.channel import Member, Subscription
from sapa.channels.membership import PresenceStore, SessionChannelStore, SubscriptionStore
from sapa.connections.connection import Connection, Subscriber
from sapa.errors import StoreError
from sapa.services import services
from sapa.stores.connections import DynamoDBConnectionStore
from sapa.stores.presence import DynamoDBPresenceStore
from sapa.stores.session_channels import DynamoDBSessionChannelStore
from sapa.stores.subscriptions import DynamoDBSubscriptionStore
from sapa.stores.table import Table
from tests.integration.sapa.conftest import Cloud
from tests.unit.sapa.fakes import (
    InMemoryPresenceStore,
    InMemorySessionChannelStore,
    InMemorySubscriptionStore,
)

NOW = 1_900_000_000
LOBBY = "chat:lobby"
BOTH = ["fake", "dynamodb"]
CONNECTION = Connection(
    connection_id="c1",
    username="ana",
    endpoint="chat",
    session_id="s",
    connected_at=NOW,
    expires_at=NOW + 60,
)


def table(name: str) -> Table:
    """A table in moto."""
    return Table(services().dynamodb, name)


def dynamodb_subscriptions() -> DynamoDBSubscriptionStore:
    """The subscriptions in moto."""
    return DynamoDBSubscriptionStore(
        subscriptions=table("subscriptions"), channels=table("channels")
    )


def subscription(
    connection_id: str, username: str = "ana", channel: str = LOBBY, since: int = 1, left: int = 60
) -> Subscription:
    """A place in a channel that lasts for `left` more seconds."""
    subscriber = Subscriber(
        connection_id=connection_id, username=username, session_id="s", expires_at=NOW + left
    )
    return Subscription(channel=channel, subscriber=subscriber, since=since)


@pytest.fixture(params=BOTH)
def store(request: pytest.FixtureRequest, cloud: Cloud) -> SubscriptionStore:
    """A store of either kind."""
    return InMemorySubscriptionStore() if request.param == "fake" else dynamodb_subscriptions()


@pytest.fixture(params=BOTH)
def presence(request: pytest.FixtureRequest, cloud: Cloud) -> PresenceStore:
    """A store of either kind."""
    fake = request.param == "fake"
    return InMemoryPresenceStore() if fake else DynamoDBPresenceStore(table("presence"))


@pytest.fixture(params=BOTH)
def session_channels(request: pytest.FixtureRequest, cloud: Cloud) -> SessionChannelStore:
    """A store of either kind."""
    fake = request.param == "fake"
    return (
        InMemorySessionChannelStore()
        if fake
        else DynamoDBSessionChannelStore(table("session_channels"))
    )


@pytest.mark.parametrize("channel", [LOBBY, "user:démo@example.com#1"])
def test_subscription_is_kept_until_it_is_removed(store: SubscriptionStore, channel: str) -> None:
    one, other = subscription("c1", channel=channel), subscription("c2", channel=channel)
    assert not store.contains(channel, "c1")
    store.add(one)
    store.add(other)
    store.add(one)
    assert store.contains(channel, "c1")
    assert sorted(store.of_channel(channel), key=_connection_id) == [one, other]
    assert store.remove(channel, "c1") == one
    assert store.remove(channel, "c1") is None
    assert not store.contains(channel, "c1")
    assert list(store.of_channel(channel)) == [other]


def _connection_id(one: Subscription) -> str:
    return one.subscriber.connection_id


def test_later_subscription_takes_the_place_of_an_earlier_one(store: SubscriptionStore) -> None:
    earlier, later = subscription("c1", since=5), subscription("c1", since=6)
    store.add(earlier)
    store.add(later)
    store.add(earlier)
    assert list(store.of_channel(LOBBY)) == [later]
    assert store.remove(LOBBY, "c1", 5) is None
    assert store.contains(LOBBY, "c1")
    assert store.remove(LOBBY, "c1", 6) == later
    assert store.remove(LOBBY, "c1", 6) is None


def test_connection_can_be_in_many_channels(store: SubscriptionStore) -> None:
    for number in range(30):
        store.add(subscription("c1", channel=f"room:{number}"))
    assert all(store.contains(f"room:{number}", "c1") for number in range(30))
    assert list(store.of_channel("room")) == []


def test_user_is_present_from_the_first_connection_to_the_last(presence: PresenceStore) -> None:
    first, second = subscription("c1", since=5), subscription("c2", since=9)
    assert presence.enter(first, NOW)
    assert not presence.enter(second, NOW)
    assert presence.enter(subscription("c3", "ben", since=7), NOW)
    members = sorted(presence.members(LOBBY, NOW), key=lambda member: member.username)
    assert members == [Member(username="ana", since=5), Member(username="ben", since=7)]
    assert not presence.exit(first, NOW)
    assert Member(username="ana", since=5) in list(presence.members(LOBBY, NOW))
    assert presence.exit(second, NOW)
    assert not presence.exit(second, NOW)
    assert [one.username for one in presence.members(LOBBY, NOW)] == ["ben"]
    assert presence.enter(subscription("c2", since=20), NOW)
    assert Member(username="ana", since=20) in list(presence.members(LOBBY, NOW))


def test_leaving_takes_out_one_subscription_not_the_next(presence: PresenceStore) -> None:
    old, new = subscription("c1", since=5), subscription("c1", since=6)
    assert presence.enter(old, NOW)
    assert not presence.enter(new, NOW)
    assert not presence.exit(old, NOW)
    assert [one.username for one in presence.members(LOBBY, NOW)] == ["ana"]
    assert presence.exit(new, NOW)


def test_connections_whose_time_is_up_do_not_count(presence: PresenceStore) -> None:
    assert presence.enter(subscription("c1", since=5, left=10), NOW)
    assert presence.enter(subscription("c2", since=9), NOW + 10)
    assert list(presence.members(LOBBY, NOW + 10)) == [Member(username="ana", since=9)]
    assert presence.exit(subscription("c2", since=9), NOW + 10)
    assert list(presence.members(LOBBY, NOW + 10)) == []


def test_leaving_where_nobody_was_changes_nothing(presence: PresenceStore) -> None:
    assert not presence.exit(subscription("c1"), NOW)
    assert list(presence.members(LOBBY, NOW)) == []


def test_presence_item_outlives_the_latest_connection(cloud: Cloud) -> None:
    store = DynamoDBPresenceStore(table("presence"))
    store.enter(subscription("c1", left=7_000), NOW)
    store.enter(subscription("c2", left=10), NOW)
    [item] = boto3.client("dynamodb").scan(TableName="presence")["Items"]
    assert int(item["expires_at"]["N"]) >= NOW + 7_000
    store.exit(subscription("c1", left=7_000), NOW)
    store.exit(subscription("c2", left=10), NOW)
    assert boto3.client("dynamodb").scan(TableName="presence")["Count"] == 0


def test_session_channel_is_there_until_it_expires_or_is_removed(
    session_channels: SessionChannelStore,
) -> None:
    assert not session_channels.contains("s", LOBBY, NOW)
    session_channels.add("s", LOBBY, NOW + 1)
    assert session_channels.contains("s", LOBBY, NOW)
    assert not session_channels.contains("s", LOBBY, NOW + 1)
    assert not session_channels.contains("s", "chat:other", NOW)
    assert not session_channels.contains("other", LOBBY, NOW)
    session_channels.remove("s", LOBBY)
    session_channels.remove("s", LOBBY)
    assert not session_channels.contains("s", LOBBY, NOW)


def test_large_channel_is_spread_and_finds_everybody_again(cloud: Cloud) -> None:
    store = DynamoDBSubscriptionStore(
        subscriptions=table("subscriptions"),
        channels=table("channels"),
        members_per_shard=2,
    )
    everybody = [subscription(f"c{number}", since=number) for number in range(20)]
    for one in everybody:
        store.add(one)
    assert store.shards(LOBBY) == 16
    # A connection that joined when there were fewer shards stays where it was put.
    assert all(store.contains(LOBBY, f"c{number}") for number in range(20))
    assert sorted(store.of_channel(LOBBY), key=lambda one: one.since) == everybody
    assert [store.remove(LOBBY, one.subscriber.connection_id) for one in everybody] == everybody
    assert list(store.of_channel(LOBBY)) == []


def test_pages_of_a_shard_follow_one_another(cloud: Cloud) -> None:
    store = dynamodb_subscriptions()
    for number in range(5):
        store.add(subscription(f"c{number}"))
    first = store.page(LOBBY, 0, None, 3)
    second = store.page(LOBBY, 0, first.start, 3)
    assert (len(first.subscriptions), len(second.subscriptions)) == (3, 2)
    assert (first.start, second.start) == ("c2", None)


def test_connections_of_a_user_are_not_counted(cloud: Cloud) -> None:
    store = dynamodb_subscriptions()
    store.add(subscription("c1", channel="user:ana"))
    store.remove("user:ana", "c1")
    assert boto3.client("dynamodb").scan(TableName="channels")["Count"] == 0


def test_repeated_call_is_not_taken_for_somebody_elses(cloud: Cloud) -> None:
    store = dynamodb_subscriptions()
    cloud.aws.repeated.add("PutItem")
    store.add(subscription("c1"))
    assert list(store.of_channel(LOBBY)) == [subscription("c1")]
    cloud.aws.repeated.add("UpdateItem")
    assert DynamoDBPresenceStore(table("presence")).enter(subscription("c1"), NOW)
    connections = DynamoDBConnectionStore(table("connections"))
    connections.put(CONNECTION)
    cloud.aws.repeated.add("UpdateItem")
    assert connections.add_channel("c1", LOBBY, since=5, limit=1) == 5
    cloud.aws.repeated.add("UpdateItem")
    assert connections.replace_channel("c1", LOBBY, since=6, earlier=5)


def test_missing_tables_are_store_errors(cloud: Cloud) -> None:
    nothing = table("nothing")
    lost = DynamoDBSubscriptionStore(subscriptions=nothing, channels=nothing)
    presence = DynamoDBPresenceStore(nothing)
    session_channels = DynamoDBSessionChannelStore(nothing)
    calls: list[Callable[[], object]] = [
        lambda: lost.add(subscription("c1", channel="user:ana")),
        lambda: lost.add(subscription("c1")),
        lambda: lost.remove("user:ana", "c1"),
        lambda: lost.contains("user:ana", "c1"),
        lambda: list(lost.of_channel("user:ana")),
        lambda: presence.enter(subscription("c1"), NOW),
        lambda: presence.exit(subscription("c1"), NOW),
        lambda: list(presence.members(LOBBY, NOW)),
        lambda: session_channels.add("s", LOBBY, NOW),
        lambda: session_channels.remove("s", LOBBY),
        lambda: session_channels.contains("s", LOBBY, NOW),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="table nothing"):
            call()
