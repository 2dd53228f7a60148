"""Messages of one connection run at the same time: any order of their steps ends well.

Each call of a store is a step. A schedule says whose step is next, so that every run of a test is
the same run.
"""

import threading
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, cast

from hypothesis import given, settings
from hypothesis import strategies as st

from sapa.channels.membership import Membership
from sapa.channels.publisher import Publisher
from sapa.connections.connection import Connection
from tests.unit.sapa.channel_fakes import Hall, InMemoryLog
from tests.unit.sapa.channels.publishing_fakes import InMemoryQueue

USERS = {"c0": "ana", "c1": "ana", "c2": "ben"}
CHANNELS = ["chat:lobby", "game:1"]
OWN = {"user:ana", "user:ben"}
PATIENCE = 10


@dataclass
class Turns:
    """Runs jobs in threads, one step of one job at a time."""

    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: dict[int, threading.Semaphore] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def step(self) -> None:
        """The end of a step; does nothing outside of a job."""
        mine = self.go.get(threading.get_ident())
        if mine is not None:
            self.back.release()
            assert mine.acquire(timeout=PATIENCE)

    def run(self, jobs: Sequence[Callable[[], object]], schedule: Sequence[int]) -> None:
        """Run all jobs; when the schedule is at its end, one after the other."""
        alive = [self._start(job) for job in jobs]
        turns = iter(schedule)
        while alive:
            _, mine = alive[next(turns, 0) % len(alive)]
            mine.release()
            assert self.back.acquire(timeout=PATIENCE)
            alive = [one for one in alive if one[0].ident in self.go]
        assert self.failures == []

    def _start(self, job: Callable[[], object]) -> tuple[threading.Thread, threading.Semaphore]:
        mine, known = threading.Semaphore(0), threading.Event()

        def main() -> None:
            self.go[threading.get_ident()] = mine
            known.set()
            assert mine.acquire(timeout=PATIENCE)
            try:
                job()
            except BaseException as failure:
                self.failures.append(failure)
            del self.go[threading.get_ident()]
            self.back.release()

        thread = threading.Thread(target=main, daemon=True)
        thread.start()
        assert known.wait(PATIENCE)
        return thread, mine


class Stepwise:
    """A store each call of which is a step."""

    def __init__(self, store: object, step: Callable[[], None]) -> None:
        self._store, self._step = store, step

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = cast("Callable[..., object]", getattr(self._store, name))

        def call(*arguments: object) -> object:
            self._step()
            return method(*arguments)

        return call


def stepwise(hall: Hall, turns: Turns) -> Membership:
    """The rules on stores that can be interrupted."""

    def store(real: object) -> Any:
        return Stepwise(real, turns.step)

    def announce(channel: str, happening: str, username: str) -> None:
        turns.step()
        hall.announce(channel, happening, username)

    return Membership(
        connections=store(hall.connections),
        subscriptions=store(hall.subscriptions),
        presence=store(hall.presence),
        permits=store(hall.permits),
        announce=announce,
        clock=hall.clock,
        max_channels=50,
        permit_seconds=60,
    )


def publishing(hall: Hall, turns: Turns, log: InMemoryLog) -> Publisher:
    """A publisher that can be interrupted between number, history and queue."""
    interrupted: Any = Stepwise(log, turns.step)
    return Publisher(
        log=interrupted, queue=InMemoryQueue([]), clock=hall.clock, retention_seconds=60
    )


def check(hall: Hall) -> None:
    """What has to be true whenever nothing is under way."""
    subscriptions = set(hall.subscriptions.subscriptions.values())
    own = {one.subscriber.connection_id for one in subscriptions if one.channel in OWN}
    assert own == set(hall.connections.connections)
    assert hall.connections.gone == set()
    joined = {one for one in subscriptions if one.channel not in OWN}
    noted = hall.connections.channels.items()
    assert {(one.subscriber.connection_id, one.channel, one.since) for one in joined} == {
        (name, channel, since) for name, channels in noted for channel, since in channels.items()
    }
    present = {one for there in hall.presence.there.values() for one in there}
    assert present == joined
    balance: Counter[tuple[str, str]] = Counter()
    for channel, happening, username in hall.announced:
        balance[channel, username] += 1 if happening == "joined" else -1
    there = {(one.channel, one.subscriber.username) for one in joined}
    assert {place for place, count in balance.items() if count == 1} == there
    assert set(balance.values()) <= {0, 1}
    membership = hall.membership()
    for channel in CHANNELS:
        users = [member.username for member in membership.members(channel)]
        assert users == sorted({name for place, name in there if place == channel})


Action = tuple[str, str, str]
ACTIONS = st.tuples(
    st.sampled_from(["join", "join", "leave", "forget", "publish"]),
    st.sampled_from(sorted(USERS)),
    st.sampled_from(CHANNELS),
)


def job(
    hall: Hall, membership: Membership, publisher: Publisher, action: Action
) -> Callable[[], object]:
    """What one function does for one message or disconnect."""
    what, connection_id, channel = action
    subscriber = hall.subscriber(connection_id, USERS[connection_id])
    match what:
        case "join":
            return lambda: membership.join(subscriber, channel)
        case "leave":
            return lambda: membership.leave(subscriber, channel)
        case "publish":
            return lambda: publisher.publish(channel, {"text": "Hai!"}, publisher="ana")
        case _:
            return lambda: membership.forget(connection_id)


@settings(max_examples=200, deadline=None)
@given(
    before=st.lists(ACTIONS, max_size=6),
    at_once=st.lists(ACTIONS, min_size=2, max_size=4),
    schedule=st.lists(st.integers(0, 3), max_size=40),
)
def test_any_interleaving_ends_consistent(
    before: list[Action], at_once: list[Action], schedule: list[int]
) -> None:
    hall, turns, log = Hall(), Turns(), InMemoryLog()
    membership, publisher = stepwise(hall, turns), publishing(hall, turns, log)
    for connection_id, username in USERS.items():
        subscriber = hall.subscriber(connection_id, username)
        membership.connect(
            Connection(
                connection_id=connection_id,
                username=username,
                endpoint="chat",
                session_id="s",
                connected_at=hall.now // 1000,
                expires_at=subscriber.expires_at,
            )
        )
    for action in before:
        job(hall, membership, publisher, action)()
        check(hall)
    turns.run([job(hall, membership, publisher, action) for action in at_once], schedule)
    check(hall)
    for channel in CHANNELS:
        published = [what for what, _, name in (*before, *at_once) if name == channel]
        kept = [event.sequence for event in log.after(channel, 0, 0)]
        assert kept == list(range(1, published.count("publish") + 1))
