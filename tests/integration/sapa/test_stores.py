"""The DynamoDB stores and the fakes of the unit tests keep the same promises."""

import pytest

from sapa.adapters.dynamodb import DynamoDBConnectionStore, DynamoDBSessionStore
from sapa.channel_services import dynamodb
from sapa.connections import Connection, ConnectionStore, connections_of_session
from sapa.errors import StoreError
from sapa.sessions import LoginSession, SessionStore
from tests.integration.sapa.conftest import Cloud
from tests.unit.sapa.fakes import InMemoryConnectionStore, InMemorySessionStore

SESSION = LoginSession(token_hash="ab" * 32, username="démo", session_id="s1", expires_at=99)


@pytest.fixture(params=["fake", "dynamodb"])
def sessions(request: pytest.FixtureRequest, cloud: Cloud) -> SessionStore:
    """A store of either kind."""
    if request.param == "fake":
        return InMemorySessionStore()
    return DynamoDBSessionStore(dynamodb(), "sessions")


@pytest.fixture(params=["fake", "dynamodb"])
def connections(request: pytest.FixtureRequest, cloud: Cloud) -> ConnectionStore:
    """A store of either kind."""
    if request.param == "fake":
        return InMemoryConnectionStore()
    return DynamoDBConnectionStore(dynamodb(), "connections", "by-username")


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


def test_session_is_kept_until_it_is_deleted(sessions: SessionStore) -> None:
    assert sessions.get(SESSION.token_hash) is None
    sessions.put(SESSION)
    assert sessions.get(SESSION.token_hash) == SESSION
    assert sessions.delete(SESSION.token_hash) == SESSION
    assert sessions.get(SESSION.token_hash) is None
    assert sessions.delete(SESSION.token_hash) is None


def test_connections_are_found_by_user(connections: ConnectionStore) -> None:
    for number in range(3):
        connections.put(connection(number))
    connections.put(connection(3, session_id="s2"))
    connections.put(connection(4, username="other"))
    found = connections_of_session(connections, "demo", "s1", now=7_201)
    assert found == [connection(2)]
    assert connections.exists(connection(2).connection_id)
    connections.delete(connection(2).connection_id)
    connections.delete(connection(2).connection_id)
    assert not connections.exists(connection(2).connection_id)
    assert {each.connected_at for each in connections.of_user("demo")} == {0, 1, 3}


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    client = dynamodb()
    sessions = DynamoDBSessionStore(client, "nothing")
    connections = DynamoDBConnectionStore(client, "nothing", "by-username")
    for call in (
        lambda: sessions.put(SESSION),
        lambda: sessions.get("x"),
        lambda: sessions.delete("x"),
        lambda: connections.put(connection(1)),
        lambda: connections.delete("x"),
        lambda: connections.exists("x"),
        lambda: list(connections.of_user("demo")),
    ):
        with pytest.raises(StoreError, match="table nothing: ResourceNotFoundException"):
            call()


def test_store_without_index_says_so(cloud: Cloud) -> None:
    store = DynamoDBConnectionStore(dynamodb(), "connections")
    with pytest.raises(StoreError, match="no index"):
        list(store.of_user("demo"))
