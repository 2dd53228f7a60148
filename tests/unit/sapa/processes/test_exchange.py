"""The exchange."""

import pytest

from sapa.channels.channel import Event
from sapa.processes.exchange import ExchangeAction, exchange
from sapa.refusals import ChannelNameError
from tests.unit.sapa.processes.world import Connection, World


def test_snapshot_has_each_last_price_and_changes_follow_it(world: World) -> None:
    ana = world.connect("ana")
    for price in (100.0, 101.25):
        world.publish("price:SAPA", {"price": price}, "feed")
    snapshot = exchange(ana.context)["snapshot"]
    assert snapshot == {
        "SAPA": {
            "$channel": "price:SAPA",
            "$sequence": 2,
            "$sent_at": world.now,
            "price": 101.25,
        },
        "HALO": None,
    }
    world.publish("price:SAPA", {"price": 99.5}, "feed")
    world.publish("price:OTHER", {"price": 1}, "feed")
    [delta] = ana.inbox
    assert (delta["price"], delta["$sequence"]) == (99.5, snapshot["SAPA"]["$sequence"] + 1)


class Slow(Connection):
    """One whose history takes so long to read that a price comes before it."""

    def history(self, channel: str, limit: int, before: int | None) -> list[Event]:
        self.world.publish(channel, {"price": 7}, "feed")
        return super().history(channel, limit, before)


def test_price_between_joining_and_the_snapshot_is_in_both(world: World) -> None:
    ana = Slow(world, "ana", "a1")
    world.connections.append(ana)
    answer = exchange(ana.context, symbols=("SAPA",))
    assert ana.inbox == [answer["snapshot"]["SAPA"]]


def test_unsubscribing_ends_the_changes(world: World) -> None:
    ana = world.connect("ana")
    exchange(ana.context)
    answer = exchange(ana.context, ExchangeAction.UNSUBSCRIBE, ("SAPA",))
    assert answer == {"unsubscribed": ["SAPA"]}
    for symbol in ("SAPA", "HALO"):
        world.publish(f"price:{symbol}", {"price": 1}, "feed")
    assert [frame["$channel"] for frame in ana.inbox] == ["price:HALO"]


def test_impossible_symbol_is_refused(world: World) -> None:
    with pytest.raises(ChannelNameError):
        exchange(world.connect("ana").context, symbols=("not one",))
