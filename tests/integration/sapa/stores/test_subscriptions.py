"""The subscription store and the fake of the unit tests keep the same promises."""

from collections.abc import Callable

import boto3
import pytest

from sapa.channels.channel import Subscription
from sapa.channels.membership import SubscriptionStore
from sapa.connections.connection import Subscriber
from sapa.errors import StoreError
from sapa.stores.subscriptions import DynamoDBSubscriptionStore
from tests.integration.sapa.conftest import Cloud, table
from tests.unit.sapa.fakes import (
    InMemorySubscriptionStore,
)

NOW = 1_900_000_000


LOBBY = "chat:lobby"


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


@pytest.fixture(params=["fake", "dynamodb"])
def store(request: pytest.FixtureRequest, cloud: Cloud) -> SubscriptionStore:
    """A store of either kind."""
    return InMemorySubscriptionStore() if request.param == "fake" else dynamodb_subscriptions()


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


def test_large_channel_is_spread_and_finds_everybody_again(cloud: Cloud) -> None:
    store = DynamoDBSubscriptionStore(
        subscriptions=table("subscriptions"),
        channels=table("channels"),
        members_per_shard=2,
    )
    everybody = [subscription(f"c{number}", since=number) for number in range(20)]
    for each in everybody:
        store.add(each)
    assert store.shards(LOBBY) == 16
    # A connection that joined when there were fewer shards stays where it was put.
    assert all(store.contains(LOBBY, f"c{number}") for number in range(20))
    assert sorted(store.of_channel(LOBBY), key=lambda each: each.since) == everybody
    assert [store.remove(LOBBY, each.subscriber.connection_id) for each in everybody] == everybody
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


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    store = DynamoDBSubscriptionStore(subscriptions=table("nothing"), channels=table("nothing"))
    calls: list[Callable[[], object]] = [
        lambda: store.add(subscription("c1", channel="user:ana")),
        lambda: store.add(subscription("c1")),
        lambda: store.remove("user:ana", "c1"),
        lambda: store.contains("user:ana", "c1"),
        lambda: list(store.of_channel("user:ana")),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="table nothing"):
            call()
