"""The channel log on DynamoDB."""

from typing import Any

import pytest

from sapa.channels.channel import ChannelEvent, ChannelLog
from sapa.errors import StoreError
from sapa.services import services
from sapa.stores.channel_log import DynamoDBChannelLog
from tests.integration.sapa.conftest import Cloud, table

LATER = 2_000_000_000


NOW = 1_900_000_000


def event(sequence: int, payload: dict[str, Any] | None = None) -> ChannelEvent:
    return ChannelEvent(
        channel="chat:lobby",
        sequence=sequence,
        sent_at=NOW * 1000 + sequence,
        payload=payload or {"message": "Hai 👋", "price": 1.5, "none": None},
        publisher="ana",
    )


@pytest.fixture
def log(cloud: Cloud) -> ChannelLog:
    return services().channel_log


def test_numbers_begin_at_one_in_each_channel(log: ChannelLog) -> None:
    assert log.last_sequence("a") == 0
    assert log.latest("a") == (0, 0)
    assert [log.next_sequence(channel, 7) for channel in "aaba"] == [1, 2, 1, 3]
    assert log.latest("a") == (3, 7)
    assert (log.last_sequence("a"), log.last_sequence("b")) == (3, 1)


def test_kept_events_come_back_in_order(log: ChannelLog) -> None:
    for sequence in (2, 10, 9, 1):
        log.append(event(sequence), LATER)
    assert list(log.after("chat:lobby", 1, NOW)) == [event(2), event(9), event(10)]
    assert list(log.after("chat:lobby", 10, NOW)) == []
    assert log.before("chat:lobby", None, 3, NOW) == [event(2), event(9), event(10)]
    assert log.before("chat:lobby", 10, 2, NOW) == [event(2), event(9)]
    assert log.before("chat:other", None, 5, NOW) == []


def test_what_has_expired_is_not_read_though_it_is_still_there(log: ChannelLog) -> None:
    for sequence in range(1, 6):
        log.append(event(sequence), NOW if sequence < 4 else LATER)
    assert list(log.after("chat:lobby", 0, NOW)) == [event(4), event(5)]
    assert log.before("chat:lobby", None, 5, NOW) == [event(4), event(5)]


def test_a_history_of_many_pages_is_read_to_its_end(log: ChannelLog) -> None:
    for sequence in range(1, 13):
        log.append(event(sequence, {"text": "x" * 130_000}), LATER)
    assert [each.sequence for each in log.after("chat:lobby", 0, NOW)] == list(range(1, 13))
    assert len(log.before("chat:lobby", None, 11, NOW)) == 11


def test_a_log_that_cannot_be_reached_is_a_store_error(cloud: Cloud) -> None:
    log = DynamoDBChannelLog(channels=table("none"), messages=table("nothing"))
    for call in (
        lambda: log.next_sequence("a", 7),
        lambda: log.last_sequence("a"),
        lambda: log.append(event(1), LATER),
        lambda: list(log.after("a", 0, NOW)),
        lambda: log.before("a", None, 1, NOW),
    ):
        with pytest.raises(StoreError, match="ResourceNotFoundException"):
            call()
