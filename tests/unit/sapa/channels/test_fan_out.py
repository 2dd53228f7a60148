"""Fan-out: who gets a frame, what is cut into pages, what comes back and when it is given up."""

from collections.abc import Iterable
from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.fan_out import (
    HANDSHAKE_MILLISECONDS,
    MAX_ATTEMPTS,
    MAX_PARTS,
    Delivery,
    FanOut,
    parts,
)
from sapa.channels.fan_out_task import Dispatch, Recipient, Shards
from sapa.connections.sender import Outcome
from sapa.errors import EventError, UndeliveredError
from tests.unit.sapa.channels.publishing_fakes import (
    InMemoryQueue,
    InMemorySubscriptions,
    ScriptedSender,
)

FAILED, GONE = Outcome.FAILED, Outcome.GONE
NOW = 1_700_000_000_000
EVENT = Dispatch(channel="chat:lobby", content={"$channel": "chat:lobby", "$sequence": 1})


@dataclass
class Hall:
    """A fan-out and what it works with; the connections of the channel by shard."""

    by_shard: list[list[str]]
    page_size: int = 1000
    since: int = 0
    script: dict[str, list[Outcome]] = field(default_factory=dict)
    forgotten: list[tuple[str, str]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.subscriptions = InMemorySubscriptions(self.by_shard, since=self.since)
        self.queue = InMemoryQueue([])
        self.sender = ScriptedSender(self.script)
        self.fan_out = FanOut(
            subscriptions=self.subscriptions,
            queue=self.queue,
            sender=self.sender,
            forget=self.forget,
            clock=lambda: NOW,
            pause=self.pauses.append,
            chance=lambda: 0.5,
            page_size=self.page_size,
        )

    def forget(self, connection_ids: Iterable[str], channel: str) -> None:
        self.forgotten += [(one, channel) for one in connection_ids]

    def deliver(self, dispatch: Dispatch = EVENT, time_left: float = 20.0) -> Delivery:
        return self.fan_out.deliver(dispatch, lambda: time_left)

    def deliver_all(self) -> int:
        """Deliver the event and whatever that puts into the queue; how many invocations it took."""
        waiting, invocations = [EVENT], 0
        while waiting:
            self.deliver(waiting.pop())
            invocations += 1
            waiting += self.queue.dispatches
            self.queue.dispatches.clear()
        return invocations


@given(
    sizes=st.lists(st.integers(0, 9), min_size=1, max_size=70),
    page_size=st.integers(1, 6),
    largest_page=st.integers(1, 6),
)
def test_every_subscriber_gets_it_once_however_the_channel_is_cut(
    sizes: list[int], page_size: int, largest_page: int
) -> None:
    by_shard = [
        [f"c{shard}-{number}" for number in range(size)] for shard, size in enumerate(sizes)
    ]
    hall = Hall(by_shard, page_size=page_size)
    hall.subscriptions.largest_page = largest_page
    hall.deliver_all()
    posted = [connection_id for connection_id, _ in hall.sender.posted]
    assert sorted(posted) == sorted(one for shard in by_shard for one in shard)
    assert all(len(posts) <= page_size for posts in hall.sender.rounds)


@given(first=st.integers(0, 100), length=st.integers(1, 5000))
def test_parts_cover_a_range_without_gap_or_overlap(first: int, length: int) -> None:
    cut = parts(Shards(first, first + length, "c1"))
    assert len(cut) <= MAX_PARTS
    assert [one.first for one in cut] == [first, *(one.end for one in cut[:-1])]
    assert cut[-1].end == first + length
    assert [one.start for one in cut] == ["c1"] + [None] * (len(cut) - 1)


def test_a_large_channel_costs_more_invocations_and_not_longer_ones() -> None:
    hall = Hall([[f"c{shard:04}-{number:03}" for number in range(390)] for shard in range(256)])
    invocations = hall.deliver_all()
    assert len(hall.sender.posted) == 256 * 390
    assert max(map(len, hall.sender.rounds)) <= 1000
    # One that cuts, 32 that cut again, and one for each two shards.
    assert invocations == 1 + 32 + 128


def test_the_excluded_and_the_expired_get_nothing() -> None:
    hall = Hall([["c1", "c2", "c3"]])
    hall.subscriptions.expired.add("c3")
    dispatch = Dispatch(channel="chat:lobby", content={}, exclude="c1")
    assert hall.deliver(dispatch) == Delivery(delivered=1)
    assert hall.sender.posted == [("c2", "{}")]


def test_an_empty_channel_is_done_at_once() -> None:
    hall = Hall([[]])
    assert hall.deliver() == Delivery()
    assert hall.queue.dispatches == []


def test_a_passing_fault_is_tried_again_in_the_same_invocation() -> None:
    hall = Hall([["c1", "c2"]], script={"c1": [FAILED, FAILED]})
    assert hall.deliver() == Delivery(delivered=2)
    assert hall.sender.rounds == [["c1", "c2"], ["c1"], ["c1"]]
    assert hall.pauses[0] < hall.pauses[1]
    assert hall.queue.dispatches == []


def test_the_slow_are_left_for_later() -> None:
    hall = Hall([["c1", "c2"]], script={"c1": [Outcome.SLOW]})
    assert hall.deliver() == Delivery(delivered=1, requeued=1)
    assert hall.sender.rounds == [["c1", "c2"]]
    assert hall.queue.dispatches[0].recipients == (Recipient("c1", 0),)


def test_only_those_without_it_go_back_to_the_queue() -> None:
    hall = Hall([["c1", "c2", "c3"]], since=7, script={"c2": [FAILED] * 9})
    assert hall.deliver() == Delivery(delivered=2, requeued=1)
    [dispatch] = hall.queue.dispatches
    assert dispatch == EVENT.again_for([Recipient("c2", 7)], 1)
    assert hall.queue.delays[0] >= 1


def test_without_time_everything_goes_back() -> None:
    hall = Hall([["c1", "c2"]])
    assert hall.deliver(time_left=0) == Delivery(requeued=2)
    assert hall.sender.rounds == []
    assert hall.queue.dispatches[0].recipients == (Recipient("c1", 0), Recipient("c2", 0))


def test_an_invocation_ends_rather_than_pausing_too_long() -> None:
    hall = Hall([["c1"]], script={"c1": [FAILED]})
    assert hall.deliver(time_left=0.01) == Delivery(requeued=1)
    assert hall.pauses == []


def test_the_gone_are_forgotten() -> None:
    hall = Hall([["c1", "c2"]], since=NOW - HANDSHAKE_MILLISECONDS, script={"c1": [GONE]})
    assert hall.deliver() == Delivery(delivered=1, gone=1)
    assert hall.forgotten == [("c1", "chat:lobby")]
    assert hall.queue.dispatches == []


def test_a_410_during_the_handshake_is_tried_again() -> None:
    hall = Hall([["c1"]], since=NOW - HANDSHAKE_MILLISECONDS + 1, script={"c1": [GONE] * 3})
    assert hall.deliver() == Delivery(requeued=1)
    assert hall.forgotten == []
    assert hall.deliver(hall.queue.dispatches[0]) == Delivery(delivered=1)


def test_delays_grow() -> None:
    hall = Hall([[]], script={"c1": [FAILED] * 99})
    dispatch = EVENT.again_for([Recipient("c1", 0)], 0)
    for attempt in range(MAX_ATTEMPTS):
        assert hall.deliver(dispatch) == Delivery(requeued=1)
        dispatch = hall.queue.dispatches[attempt]
        assert dispatch.attempt == attempt + 1
    assert hall.queue.delays == sorted(set(hall.queue.delays))
    assert hall.queue.delays[-1] <= 900


def test_what_was_tried_often_enough_is_given_up() -> None:
    hall = Hall([[]], script={"c1": [FAILED] * 3, "c2": [FAILED] * 3})
    dispatch = EVENT.again_for([Recipient("c1", 0), Recipient("c2", 0)], MAX_ATTEMPTS)
    with pytest.raises(UndeliveredError) as undelivered:
        hall.deliver(dispatch)
    assert undelivered.value.recipients == 2
    assert hall.queue.dispatches == []


def test_what_is_given_up_names_only_those_without_it() -> None:
    hall = Hall([[]], script={"c1": [FAILED] * 6})
    dispatch = EVENT.again_for([Recipient("c1", 0), Recipient("c2", 0)], MAX_ATTEMPTS)
    assert hall.deliver(dispatch) == Delivery(delivered=1, requeued=1)
    [left] = hall.queue.dispatches
    assert left.recipients == (Recipient("c1", 0),)
    with pytest.raises(UndeliveredError):
        hall.deliver(left)


@pytest.mark.parametrize(
    "body",
    ["", "[]", "null", "{}", '{"channel":"a"}', '{"channel":"a","content":{},"recipients":[1]}'],
)
def test_a_body_that_is_not_ours_is_an_error(body: str) -> None:
    with pytest.raises(EventError):
        Dispatch.of_json(body)
