"""The exchange."""

from collections.abc import Callable
from dataclasses import dataclass

import pytest

from sapa.channels.channel import ChannelEvent
from sapa.errors import ChannelNameError
from sapa.processes.exchange import ExchangeAction, exchange
from tests.unit.sapa.fakes import FakeServices, InMemoryChannelLog


def test_snapshot_has_each_last_price_and_changes_follow_it(services: FakeServices) -> None:
    ana = services.connect("ana")
    for price in (100.0, 101.25):
        services.publisher.publish("price:SAPA", {"price": price}, publisher="feed")
    snapshot = exchange(ana.context)["snapshot"]
    assert snapshot == {
        "SAPA": {
            "$channel": "price:SAPA",
            "$sequence": 2,
            "$sent_at": services.now,
            "price": 101.25,
        },
        "HALO": None,
    }
    services.publisher.publish("price:SAPA", {"price": 99.5}, publisher="feed")
    services.publisher.publish("price:OTHER", {"price": 1}, publisher="feed")
    [delta] = ana.inbox
    assert (delta["price"], delta["$sequence"]) == (99.5, snapshot["SAPA"]["$sequence"] + 1)


@dataclass
class SlowLog(InMemoryChannelLog):
    """A log that takes so long to read that `meanwhile` happens first."""

    meanwhile: Callable[[], object] = lambda: None

    def before(
        self, channel: str, sequence: int | None, limit: int, now: int
    ) -> list[ChannelEvent]:
        self.meanwhile()
        return super().before(channel, sequence, limit, now)


def test_price_between_joining_and_the_snapshot_is_in_both(services: FakeServices) -> None:
    services.channel_log = log = SlowLog()
    log.meanwhile = lambda: services.publisher.publish("price:SAPA", {"price": 7}, publisher="feed")
    ana = services.connect("ana")
    answer = exchange(ana.context, symbols=("SAPA",))
    assert ana.inbox == [answer["snapshot"]["SAPA"]]


def test_unsubscribing_ends_the_changes(services: FakeServices) -> None:
    ana = services.connect("ana")
    exchange(ana.context)
    answer = exchange(ana.context, ExchangeAction.UNSUBSCRIBE, ("SAPA",))
    assert answer == {"unsubscribed": ["SAPA"]}
    for symbol in ("SAPA", "HALO"):
        services.publisher.publish(f"price:{symbol}", {"price": 1}, publisher="feed")
    assert [frame["$channel"] for frame in ana.inbox] == ["price:HALO"]


def test_impossible_symbol_is_refused(services: FakeServices) -> None:
    with pytest.raises(ChannelNameError):
        exchange(services.connect("ana").context, symbols=("not one",))
