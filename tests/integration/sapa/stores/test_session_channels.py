"""The store of session channels and the fake of the unit tests keep the same promises."""

from collections.abc import Callable

import pytest

from sapa.channels.membership import SessionChannelStore
from sapa.errors import StoreError
from sapa.stores.session_channels import DynamoDBSessionChannelStore
from tests.integration.sapa.conftest import Cloud, table
from tests.unit.sapa.fakes import (
    InMemorySessionChannelStore,
)

NOW = 1_900_000_000


LOBBY = "chat:lobby"


@pytest.fixture(params=["fake", "dynamodb"])
def session_channels(request: pytest.FixtureRequest, cloud: Cloud) -> SessionChannelStore:
    """A store of either kind."""
    fake = request.param == "fake"
    return (
        InMemorySessionChannelStore()
        if fake
        else DynamoDBSessionChannelStore(table("session_channels"))
    )


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


def test_missing_table_is_a_store_error(cloud: Cloud) -> None:
    session_channels = DynamoDBSessionChannelStore(table("nothing"))
    calls: list[Callable[[], object]] = [
        lambda: session_channels.add("s", LOBBY, NOW),
        lambda: session_channels.remove("s", LOBBY),
        lambda: session_channels.contains("s", LOBBY, NOW),
    ]
    for call in calls:
        with pytest.raises(StoreError, match="table nothing"):
            call()
