"""The presence store and the fake of the unit tests keep the same promises."""

from collections.abc import Callable

import boto3
import pytest

from sapa.channels.channel import Member
from sapa.channels.membership import PresenceStore
from sapa.errors import StoreError
from sapa.stores.presence import DynamoDBPresenceStore
from tests.integration.sapa.conftest import Cloud, table
from tests.integration.sapa.stores.test_subscriptions import LOBBY, NOW, subscription
from tests.unit.sapa.fakes import (
    InMemoryPresenceStore,
)


@pytest.fixture(params=["fake", "dynamodb"])
def presence(request: pytest.FixtureRequest, cloud: Cloud) -> PresenceStore:
    """A store of either kind."""
    fake = request.param == "fake"
    return InMemoryPresenceStore() if fake else DynamoDBPresenceStore(table("presence"))


def test_user_is_present_from_the_first_connection_to_the_last(presence: PresenceStore) -> None:
    first, second = subscription("c1", since=5), subscription("c2", since=9)
    assert presence.enter(first, NOW)
    assert not presence.enter(second, NOW)
    assert presence.enter(subscription("c3", "ben", since=7), NOW)
    members = sorted(presence.members(LOBBY, NOW), key=lambda member: member.username)
    assert members == [Member(username="ana", since=5), Member(username="ben", since=7)]
    assert presence.exit(first, NOW) == {"s"}
    assert Member(username="ana", since=5) in list(presence.members(LOBBY, NOW))
    assert presence.exit(second, NOW) == frozenset()
    assert presence.exit(second, NOW) is None
    assert [each.username for each in presence.members(LOBBY, NOW)] == ["ben"]
    assert presence.enter(subscription("c2", since=20), NOW)
    assert Member(username="ana", since=20) in list(presence.members(LOBBY, NOW))


def test_leaving_takes_out_one_subscription_not_the_next(presence: PresenceStore) -> None:
    old, new = subscription("c1", since=5), subscription("c1", since=6)
    assert presence.enter(old, NOW)
    assert not presence.enter(new, NOW)
    assert presence.exit(old, NOW) == {"s"}
    assert [each.username for each in presence.members(LOBBY, NOW)] == ["ana"]
    assert presence.exit(new, NOW) == frozenset()


def test_connections_whose_time_is_up_do_not_count(presence: PresenceStore) -> None:
    assert presence.enter(subscription("c1", since=5, left=10), NOW)
    assert presence.enter(subscription("c2", since=9), NOW + 10)
    assert list(presence.members(LOBBY, NOW + 10)) == [Member(username="ana", since=9)]
    assert presence.exit(subscription("c2", since=9), NOW + 10) == frozenset()
    assert list(presence.members(LOBBY, NOW + 10)) == []


def test_leaving_where_nobody_was_changes_nothing(presence: PresenceStore) -> None:
    assert presence.exit(subscription("c1"), NOW) is None
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


def test_repeated_call_is_not_taken_for_somebody_elses(cloud: Cloud) -> None:
    cloud.aws.repeated.add("UpdateItem")
    assert DynamoDBPresenceStore(table("presence")).enter(subscription("c1"), NOW)


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    presence = DynamoDBPresenceStore(table("nothing"))
    calls: list[Callable[[], object]] = [
        lambda: presence.enter(subscription("c1"), NOW),
        lambda: presence.exit(subscription("c1"), NOW),
        lambda: list(presence.members(LOBBY, NOW)),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="table nothing"):
            call()
