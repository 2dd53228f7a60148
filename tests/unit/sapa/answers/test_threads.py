"""The threads of a writer: a process that waits and is closed, and listeners apart."""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import pytest

from sapa.answers.answer import Listener
from sapa.answers.threads import ThreadedPosts, ThreadedSource
from sapa.errors import ConnectionGoneError, DeliveryError, StoreError

TIMEOUT = 10


def taken(source: ThreadedSource, count: int) -> list[object]:
    """Take so many parts, or all that there are."""
    items: list[object] = []
    while len(items) < count and not source.has_ended:
        source.wait(TIMEOUT, for_parts=True)
        items += source.take(count - len(items))
    return items


def test_parts_arrive_in_order_and_then_the_end() -> None:
    source = ThreadedSource(iter(range(1_000)))
    assert taken(source, 2_000) == list(range(1_000))
    assert source.has_ended
    assert source.failure is None
    assert source.join(TIMEOUT)


def test_a_process_that_raises_is_heard_after_its_parts() -> None:
    def process() -> Iterator[object]:
        yield "a"
        raise SystemExit(3)

    source = ThreadedSource(process())
    assert taken(source, 5) == ["a"]
    source.wait(TIMEOUT, for_parts=True)
    assert isinstance(source.failure, SystemExit)


def test_a_process_waits_until_its_parts_are_taken() -> None:
    yielded = 0

    def process() -> Iterator[object]:
        nonlocal yielded
        while True:
            yielded += 1
            yield yielded

    source = ThreadedSource(process())
    assert taken(source, 10) == list(range(1, 11))
    source.close()
    assert source.join(TIMEOUT)
    assert yielded < 1_000


def test_a_closed_process_frees_what_it_holds() -> None:
    freed = threading.Event()

    def process() -> Iterator[object]:
        try:
            while True:
                yield "x"
        finally:
            freed.set()

    source = ThreadedSource(process())
    taken(source, 1)
    source.close()
    assert freed.wait(TIMEOUT)
    assert source.join(TIMEOUT)
    assert source.take(10) == []


def test_a_process_that_does_not_yield_is_not_waited_for() -> None:
    go_on = threading.Event()

    def process() -> Iterator[object]:
        yield "a"
        go_on.wait(TIMEOUT)
        yield "b"

    source = ThreadedSource(process())
    taken(source, 1)
    source.close()
    assert not source.join(0.01)
    go_on.set()
    assert source.join(TIMEOUT)


def test_a_process_that_swallows_its_end_ends_all_the_same() -> None:
    def process() -> Iterator[object]:
        while True:
            try:
                yield "x"
            except GeneratorExit:
                yield "not yet"

    source = ThreadedSource(process())
    taken(source, 1)
    source.close()
    assert source.join(TIMEOUT)


@dataclass
class Sender:
    """A `MessageSender` whose posts to some connections wait, fail or find nobody."""

    posted: dict[str, list[str]] = field(default_factory=dict)
    gone: set[str] = field(default_factory=set)
    failing: set[str] = field(default_factory=set)
    held: dict[str, threading.Event] = field(default_factory=dict)

    def post(self, connection_id: str, frame: str) -> None:
        if connection_id in self.held:
            assert self.held[connection_id].wait(TIMEOUT)
        if connection_id in self.gone:
            raise ConnectionGoneError(connection_id)
        if connection_id in self.failing:
            raise DeliveryError(connection_id, "LimitExceededException")
        self.posted.setdefault(connection_id, []).append(frame)

    def close(self, connection_id: str) -> None:
        raise AssertionError(connection_id)


def listeners(*names: str) -> list[Listener]:
    return [Listener(name, 2_000_000_000, 0) for name in names]


def no_frames(listener: Listener) -> Sequence[str]:
    return []


# The connections that were removed.
removed: list[str] = []
FRAMES = [str(number) for number in range(200)]


def test_each_listener_gets_the_frames_in_order() -> None:
    sender = Sender()
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("a", "b"), no_frames)
    for frame in FRAMES:
        posts.send(frame)
    posts.drain(TIMEOUT)
    assert sender.posted == {"a": FRAMES, "b": FRAMES}


def test_a_new_listener_gets_what_it_missed_first() -> None:
    sender = Sender()
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("a"), no_frames)
    posts.send("1")
    posts.listen(listeners("a", "b"), lambda _: ["missed"])
    posts.send("2")
    posts.send_to("b", "own")
    posts.drain(TIMEOUT)
    assert sender.posted == {"a": ["1", "2"], "b": ["missed", "2", "own"]}


def test_a_listener_that_does_not_read_slows_nobody_else() -> None:
    sender = Sender(held={"slow": threading.Event()})
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("slow", "fast"), no_frames)
    for frame in FRAMES:
        posts.send(frame)
    while posts.backlog:
        pass
    assert sender.posted == {"fast": FRAMES}
    sender.held["slow"].set()
    posts.drain(TIMEOUT)
    assert sender.posted["slow"] == FRAMES


@pytest.mark.parametrize("sender", [Sender(gone={"bad"}), Sender(failing={"bad"})])
def test_a_listener_that_cannot_be_reached_is_given_up(sender: Sender) -> None:
    removed.clear()
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("bad", "good"), no_frames)
    posts.send("1")
    lost: list[Listener] = []
    while not lost:
        lost += posts.lost()
    assert lost == listeners("bad")
    posts.drain(TIMEOUT)
    assert sender.posted == {"good": ["1"]}
    assert ("bad" in removed) == ("bad" in sender.gone)


def test_a_listener_far_behind_is_given_up() -> None:
    sender = Sender(held={"slow": threading.Event()})
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("slow"), no_frames)
    for _ in range(3):
        for frame in FRAMES:
            posts.send(frame)
    assert posts.lost() == listeners("slow")
    assert posts.backlog == 0
    sender.failing.add("slow")
    sender.held["slow"].set()
    for thread in threading.enumerate():
        if thread.name == "post slow":
            thread.join(TIMEOUT)
    assert posts.lost() == [], "it was given up already"


def test_a_listener_that_leaves_gets_nothing_more() -> None:
    sender = Sender()
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("a"), no_frames)
    posts.listen([], no_frames)
    posts.send("1")
    posts.drain(TIMEOUT)
    assert sender.posted == {}


def test_frames_for_somebody_else_are_dropped() -> None:
    sender = Sender()
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("a"), no_frames)
    posts.send_to("b", "1")
    posts.send("2")
    posts.drain(TIMEOUT)
    assert sender.posted == {"a": ["2"]}
    assert posts.delivered == 1
    assert posts.milliseconds >= 0


def test_a_listener_that_takes_too_long_is_not_waited_for() -> None:
    sender = Sender(held={"slow": threading.Event()})
    posts = ThreadedPosts(sender, removed.append)
    posts.listen(listeners("slow"), no_frames)
    posts.send("1")
    posts.drain(0)
    assert sender.posted == {}
    sender.held["slow"].set()


def test_a_connection_that_cannot_be_removed_is_left_for_others() -> None:
    def remove(_: str) -> None:
        raise StoreError("Connections", "simulated")

    posts = ThreadedPosts(Sender(gone={"bad"}), remove)
    posts.listen(listeners("bad"), no_frames)
    posts.send("1")
    lost: list[Listener] = []
    while not lost:
        lost += posts.lost()
    assert lost == listeners("bad")
