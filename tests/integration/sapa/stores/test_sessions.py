"""The session store and the fake of the unit tests keep the same promises."""

from collections.abc import Callable

import pytest

from sapa.errors import StoreError
from sapa.login.session import LoginSession, SessionStore
from sapa.stores.sessions import DynamoDBSessionStore
from tests.integration.sapa.conftest import Cloud, table
from tests.unit.sapa.fakes import InMemorySessionStore

SESSION = LoginSession(token_hash="ab" * 32, username="démo", session_id="s1", expires_at=99)


@pytest.fixture(params=["fake", "dynamodb"])
def sessions(request: pytest.FixtureRequest, cloud: Cloud) -> SessionStore:
    """A store of either kind."""
    if request.param == "fake":
        return InMemorySessionStore()
    return DynamoDBSessionStore(table("sessions"))


def test_session_is_kept_until_it_is_deleted(sessions: SessionStore) -> None:
    assert sessions.get(SESSION.token_hash) is None
    sessions.put(SESSION)
    assert sessions.get(SESSION.token_hash) == SESSION
    assert sessions.delete(SESSION.token_hash) == SESSION
    assert sessions.get(SESSION.token_hash) is None
    assert sessions.delete(SESSION.token_hash) is None


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    sessions = DynamoDBSessionStore(table("nothing"))
    calls: list[Callable[[], object]] = [
        lambda: sessions.put(SESSION),
        lambda: sessions.get("x"),
        lambda: sessions.delete("x"),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="table nothing: ResourceNotFoundException"):
            call()
