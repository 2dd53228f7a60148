"""The connection store and the fake of the unit tests keep the same promises."""

import pytest

from sapa.connections.connection import ClosedConnection, Connection, ConnectionStore
from sapa.errors import StoreError, TooManyChannelsError
from sapa.stores.connections import DynamoDBConnectionStore
from tests.integration.sapa.conftest import Cloud, table
from tests.unit.sapa.fakes import InMemoryConnectionStore


@pytest.fixture(params=["fake", "dynamodb"])
def connections(request: pytest.FixtureRequest, cloud: Cloud) -> ConnectionStore:
    """A store of either kind."""
    if request.param == "fake":
        return InMemoryConnectionStore()
    return DynamoDBConnectionStore(table("connections"), "by-username")


def connection(number: int, username: str = "demo", session_id: str = "s1") -> Connection:
    """A connection that is told apart by its number."""
    return Connection(
        connection_id=f"{number:015d}=",
        username=username,
        endpoint="reply",
        session_id=session_id,
        connected_at=number,
        expires_at=number + 7_200,
    )


def test_connections_are_found_by_user(connections: ConnectionStore) -> None:
    for number in range(3):
        connections.put(connection(number))
    connections.put(connection(3, session_id="s2"))
    connections.put(connection(4, username="other"))
    connections.delete(connection(2).connection_id)
    connections.delete(connection(2).connection_id)
    assert {each.connected_at for each in connections.of_user("demo")} == {0, 1, 3}


ONE = connection(1).connection_id


LOBBY = "chat:lobby.1/a"


def test_channels_of_a_connection_are_recorded_with_their_time(
    connections: ConnectionStore,
) -> None:
    connections.put(connection(1))
    assert connections.channel_since(ONE, LOBBY) == 0
    assert connections.add_channel(ONE, LOBBY, since=5, limit=2) == 5
    assert connections.add_channel(ONE, LOBBY, since=6, limit=2) == 5
    assert connections.channel_since(ONE, LOBBY) == 5
    assert not connections.replace_channel(ONE, LOBBY, since=7, earlier=4)
    assert connections.replace_channel(ONE, LOBBY, since=7, earlier=5)
    assert connections.remove_channel(ONE, LOBBY, 5) is None
    assert connections.remove_channel(ONE, LOBBY, 7) == 7
    assert connections.remove_channel(ONE, LOBBY) is None
    assert not connections.replace_channel(ONE, LOBBY, since=8, earlier=7)
    assert connections.add_channel(ONE, LOBBY, since=9, limit=2) == 9
    assert connections.remove_channel(ONE, LOBBY) == 9
    # The index does not have the channels.
    assert list(connections.of_user("demo")) == [connection(1)]


def test_channels_of_a_connection_are_counted(connections: ConnectionStore) -> None:
    connections.put(connection(1))
    assert connections.add_channel(ONE, "a", since=1, limit=2) == 1
    assert connections.add_channel(ONE, "b", since=2, limit=2) == 2
    assert connections.add_channel(ONE, "b", since=3, limit=2) == 2
    with pytest.raises(TooManyChannelsError, match="2 channels"):
        connections.add_channel(ONE, "c", since=4, limit=2)
    connections.remove_channel(ONE, "a")
    assert connections.add_channel(ONE, "c", since=5, limit=2) == 5


def test_closed_connection_has_its_channels_and_gets_no_more(
    connections: ConnectionStore,
) -> None:
    connections.put(connection(1))
    connections.add_channel(ONE, "a", since=1, limit=9)
    connections.add_channel(ONE, "b", since=2, limit=9)
    closed = ClosedConnection(subscriber=connection(1).subscriber(), channels={"a": 1, "b": 2})
    assert connections.mark_closed(ONE) == closed
    # The next removal finds the same, until the record is deleted.
    assert connections.mark_closed(ONE) == closed
    assert connections.add_channel(ONE, "c", since=3, limit=9) is None
    assert not connections.replace_channel(ONE, "a", since=3, earlier=1)
    assert connections.channel_since(ONE, "a") is None
    assert connections.remove_channel(ONE, "a") == 1
    connections.delete(ONE)
    assert connections.mark_closed(ONE) is None


def test_connection_that_is_not_there_is_in_nothing(connections: ConnectionStore) -> None:
    assert connections.add_channel(ONE, LOBBY, since=1, limit=9) is None
    assert not connections.replace_channel(ONE, LOBBY, since=2, earlier=1)
    assert connections.remove_channel(ONE, LOBBY) is None
    assert connections.remove_channel(ONE, LOBBY, 1) is None
    assert connections.channel_since(ONE, LOBBY) is None
    assert connections.mark_closed(ONE) is None
    assert list(connections.of_user("demo")) == []


def test_store_without_index_says_so(cloud: Cloud) -> None:
    store = DynamoDBConnectionStore(table("connections"))
    with pytest.raises(StoreError, match="no index"):
        list(store.of_user("demo"))


def test_repeated_call_is_not_taken_for_somebody_elses(cloud: Cloud) -> None:
    connections = DynamoDBConnectionStore(table("connections"))
    connections.put(connection(1))
    cloud.aws.repeated.add("UpdateItem")
    assert connections.add_channel(ONE, LOBBY, since=5, limit=1) == 5
    cloud.aws.repeated.add("UpdateItem")
    assert connections.replace_channel(ONE, LOBBY, since=6, earlier=5)


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    connections = DynamoDBConnectionStore(table("nothing"), "by-username")
    for call in (
        lambda: connections.put(connection(1)),
        lambda: connections.delete("x"),
        lambda: connections.add_channel("x", LOBBY, 1, 9),
        lambda: connections.replace_channel("x", LOBBY, 2, 1),
        lambda: connections.remove_channel("x", LOBBY),
        lambda: connections.channel_since("x", LOBBY),
        lambda: connections.mark_closed("x"),
        lambda: list(connections.of_user("demo")),
    ):
        with pytest.raises(StoreError, match="table nothing: ResourceNotFoundException"):
            call()
