"""Fan-out: who gets a frame, what is cut into pages, what comes back and when it is given up."""

from dataclasses import dataclass, field

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.channels.fan_out import (
    HANDSHAKE_MILLISECONDS,
    MAX_ATTEMPTS,
    MAX_PARTS,
    FanOut,
    FanOutResult,
    split,
)
from sapa.channels.fan_out_task import FanOutTask, Recipient, Shards
from sapa.connections.sender import PostOutcome
from sapa.errors import StoreError, UndeliveredError
from tests.unit.sapa.fakes import (
    InMemoryFanOutQueue,
    InMemorySubscriptionReader,
    ScriptedBulkSender,
)

FAILED, GONE = PostOutcome.FAILED, PostOutcome.GONE
NOW = 1_700_000_000_000
EVENT = FanOutTask(channel="chat:lobby", content={"$channel": "chat:lobby", "$sequence": 1})


@dataclass
class Channel:
    """A fan-out to one channel, whose connections are given by shard."""

    by_shard: list[list[str]]
    page_size: int = 1000
    since: int = 0
    script: dict[str, list[PostOutcome]] = field(default_factory=dict)
    removed: list[tuple[str, str]] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    removal_fails: bool = False

    def __post_init__(self) -> None:
        self.subscriptions = InMemorySubscriptionReader(self.by_shard, since=self.since)
        self.queue = InMemoryFanOutQueue()
        self.sender = ScriptedBulkSender(self.script)
        self.fan_out = FanOut(
            subscriptions=self.subscriptions,
            queue=self.queue,
            sender=self.sender,
            remove_connection=self.remove_connection,
            clock=lambda: NOW,
            sleep=self.pauses.append,
            jitter=lambda: 0.5,
            page_size=self.page_size,
        )

    def remove_connection(self, connection_id: str, channel: str) -> None:
        if self.removal_fails:
            raise StoreError("connections", "InternalServerError")
        self.removed.append((connection_id, channel))

    def deliver(self, task: FanOutTask = EVENT, time_left: float = 20.0) -> FanOutResult:
        return self.fan_out.deliver(task, lambda: time_left)

    def deliver_all(self) -> int:
        """Deliver the event and whatever that puts into the queue; how many invocations it took."""
        waiting, invocations = [EVENT], 0
        while waiting:
            self.deliver(waiting.pop())
            invocations += 1
            waiting += self.queue.tasks
            self.queue.tasks.clear()
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
    channel = Channel(by_shard, page_size=page_size)
    channel.subscriptions.largest_page = largest_page
    channel.deliver_all()
    posted = [connection_id for connection_id, _ in channel.sender.posted]
    assert sorted(posted) == sorted(each for shard in by_shard for each in shard)
    assert all(len(posts) <= page_size for posts in channel.sender.rounds)


@given(first=st.integers(0, 100), length=st.integers(1, 5000))
def test_parts_cover_a_range_without_gap_or_overlap(first: int, length: int) -> None:
    cut = split(Shards(first, first + length, "c1"))
    assert len(cut) <= MAX_PARTS
    assert [each.first for each in cut] == [first, *(each.end for each in cut[:-1])]
    assert cut[-1].end == first + length
    assert [each.start for each in cut] == ["c1"] + [None] * (len(cut) - 1)


def test_a_large_channel_costs_more_invocations_and_not_longer_ones() -> None:
    channel = Channel(
        [[f"c{shard:04}-{number:03}" for number in range(390)] for shard in range(256)]
    )
    invocations = channel.deliver_all()
    assert len(channel.sender.posted) == 256 * 390
    assert max(map(len, channel.sender.rounds)) <= 1000
    # One that cuts, 32 that cut again, and one for each two shards.
    assert invocations == 1 + 32 + 128


def test_the_excluded_and_the_expired_get_nothing() -> None:
    channel = Channel([["c1", "c2", "c3"]])
    channel.subscriptions.expired.add("c3")
    task = FanOutTask(channel="chat:lobby", content={}, exclude="c1")
    assert channel.deliver(task) == FanOutResult(delivered=1)
    assert channel.sender.posted == [("c2", "{}")]


def test_an_empty_channel_is_done_at_once() -> None:
    channel = Channel([[]])
    assert channel.deliver() == FanOutResult()
    assert channel.queue.tasks == []


def test_a_passing_fault_is_tried_again_in_the_same_invocation() -> None:
    channel = Channel([["c1", "c2"]], script={"c1": [FAILED, FAILED]})
    assert channel.deliver() == FanOutResult(delivered=2)
    assert channel.sender.rounds == [["c1", "c2"], ["c1"], ["c1"]]
    assert channel.pauses[0] < channel.pauses[1]
    assert channel.queue.tasks == []


def test_the_slow_are_left_for_later() -> None:
    channel = Channel([["c1", "c2"]], script={"c1": [PostOutcome.SLOW]})
    assert channel.deliver() == FanOutResult(delivered=1, requeued=1)
    assert channel.sender.rounds == [["c1", "c2"]]
    assert channel.queue.tasks[0].recipients == (Recipient("c1", 0),)


def test_only_those_without_it_go_back_to_the_queue() -> None:
    channel = Channel([["c1", "c2", "c3"]], since=7, script={"c2": [FAILED] * 9})
    assert channel.deliver() == FanOutResult(delivered=2, requeued=1)
    [task] = channel.queue.tasks
    assert task == EVENT.again_for([Recipient("c2", 7)], 1)
    assert channel.queue.delays[0] >= 1


def test_without_time_everything_goes_back() -> None:
    channel = Channel([["c1", "c2"]])
    assert channel.deliver(time_left=0) == FanOutResult(requeued=2)
    assert channel.sender.rounds == []
    assert channel.queue.tasks[0].recipients == (Recipient("c1", 0), Recipient("c2", 0))


def test_an_invocation_ends_rather_than_pausing_too_long() -> None:
    channel = Channel([["c1"]], script={"c1": [FAILED]})
    assert channel.deliver(time_left=0.01) == FanOutResult(requeued=1)
    assert channel.pauses == []


def test_gone_connections_are_removed() -> None:
    channel = Channel([["c1", "c2"]], since=NOW - HANDSHAKE_MILLISECONDS, script={"c1": [GONE]})
    assert channel.deliver() == FanOutResult(delivered=1, gone=1)
    assert channel.removed == [("c1", "chat:lobby")]
    assert channel.queue.tasks == []


def test_a_connection_that_cannot_be_removed_does_not_fail_the_task() -> None:
    channel = Channel([["c1", "c2"]], since=NOW - HANDSHAKE_MILLISECONDS, script={"c1": [GONE]})
    channel.removal_fails = True
    assert channel.deliver() == FanOutResult(delivered=1, gone=1)


def test_a_410_during_the_handshake_is_tried_again() -> None:
    channel = Channel([["c1"]], since=NOW - HANDSHAKE_MILLISECONDS + 1, script={"c1": [GONE] * 3})
    assert channel.deliver() == FanOutResult(requeued=1)
    assert channel.removed == []
    assert channel.deliver(channel.queue.tasks[0]) == FanOutResult(delivered=1)


def test_delays_grow() -> None:
    channel = Channel([[]], script={"c1": [FAILED] * 99})
    task = EVENT.again_for([Recipient("c1", 0)], 0)
    for attempt in range(MAX_ATTEMPTS):
        assert channel.deliver(task) == FanOutResult(requeued=1)
        task = channel.queue.tasks[attempt]
        assert task.attempt == attempt + 1
    assert channel.queue.delays == sorted(set(channel.queue.delays))
    assert channel.queue.delays[-1] <= 900


def test_what_was_tried_often_enough_is_given_up() -> None:
    channel = Channel([[]], script={"c1": [FAILED] * 3, "c2": [FAILED] * 3})
    task = EVENT.again_for([Recipient("c1", 0), Recipient("c2", 0)], MAX_ATTEMPTS)
    with pytest.raises(UndeliveredError) as undelivered:
        channel.deliver(task)
    assert undelivered.value.recipients == 2
    assert channel.queue.tasks == []


def test_what_is_given_up_names_only_those_without_it() -> None:
    channel = Channel([[]], script={"c1": [FAILED] * 6})
    task = EVENT.again_for([Recipient("c1", 0), Recipient("c2", 0)], MAX_ATTEMPTS)
    assert channel.deliver(task) == FanOutResult(delivered=1, requeued=1)
    [left] = channel.queue.tasks
    assert left.recipients == (Recipient("c1", 0),)
    with pytest.raises(UndeliveredError):
        channel.deliver(left)


@pytest.mark.parametrize("outcome", [PostOutcome.LIMITED, PostOutcome.SLOW])
def test_a_member_that_never_reads_is_given_up_and_the_event_is_done(outcome: PostOutcome) -> None:
    channel = Channel([["c1", "c2"]], script={"c1": [outcome] * 99})
    assert channel.deliver() == FanOutResult(delivered=1, requeued=1)
    for attempt in range(MAX_ATTEMPTS - 1):
        assert channel.deliver(channel.queue.tasks[attempt]) == FanOutResult(requeued=1)
    assert channel.deliver(channel.queue.tasks[-1]) == FanOutResult(given_up=1)
    assert len(channel.queue.tasks) == MAX_ATTEMPTS
    assert [connection_id for connection_id, _ in channel.sender.posted] == ["c2"]


def test_giving_up_a_recipient_leaves_the_others_in_the_queue() -> None:
    script = {"c1": [PostOutcome.LIMITED] * 3, "c2": [FAILED] * 6}
    channel = Channel([[]], script=script)
    task = EVENT.again_for([Recipient("c1", 0), Recipient("c2", 0)], MAX_ATTEMPTS)
    assert channel.deliver(task) == FanOutResult(given_up=1, requeued=1)
    [left] = channel.queue.tasks
    assert left.recipients == (Recipient("c2", 0),)
    with pytest.raises(UndeliveredError):
        channel.deliver(left)
