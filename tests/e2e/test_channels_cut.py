"""Sockets end at any moment, and after 2 hours; nobody misses an event or gets it twice."""

import random
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress

import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.channel_bot import Bot
from tests.e2e.channel_client import PATIENCE, ChannelClient
from tests.e2e.recorded_ends import End, Recording
from tests.e2e.targets import Target, unique

# API Gateway's 2 hours are 30 seconds then, and its 10 minutes of silence 2.5 seconds.
WARP = 240
PING_SECONDS = 0.5
STEPS = 40


@pytest.fixture
def bot(target: Target) -> Iterator[Bot]:
    """The bot under test with two users."""
    found = Bot(target)
    yield found
    found.close()


@pytest.fixture(scope="module")
def hasty_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Bot, Recording]]:
    """A bot whose sockets end soon, and what its gateway writes down of them."""
    path = tmp_path_factory.mktemp("hasty") / "recording.jsonl"
    with Bot.started(f"--warp {WARP} --record {path}") as (found, _):
        yield found, Recording(path, WARP)


@pytest.fixture
def hasty(hasty_gateway: tuple[Bot, Recording]) -> Iterator[Bot]:
    """That bot with two users who are new."""
    bot, _ = hasty_gateway
    found = Bot(bot.target)
    yield found
    found.close()


@pytest.fixture
def recording(hasty_gateway: tuple[Bot, Recording]) -> Recording:
    """What the gateway has written down so far."""
    return hasty_gateway[1]


@contextmanager
def pinging(tabs: Sequence[ChannelClient]) -> Iterator[None]:
    """Tabs whose sockets are never quiet, whatever else they do; tabs may be added meanwhile."""
    done = threading.Event()

    def ping() -> None:
        while not done.wait(PING_SECONDS):
            for tab in list(tabs):
                with suppress(ConnectionClosed):
                    tab.tell(**{"$ping": 1})

    thread = threading.Thread(target=ping)
    thread.start()
    try:
        yield
    finally:
        done.set()
        thread.join()


def three_tabs_each(bot: Bot, room: str) -> list[ChannelClient]:
    """Two users, three tabs each, in a room."""
    tabs = [bot.tab(name) for name in (bot.ana, bot.ben) for _ in range(3)]
    for tab in tabs:
        tab.follow(f"chat:{room}")
        tab.ask_until_told(action="join", room=room)
    return tabs


def check(tabs: list[ChannelClient], channel: str, published: list[str]) -> None:
    """Every tab has each event once, whose numbers give the order in which it was accepted."""
    for tab in tabs:
        events = sorted(tab.heard[channel], key=lambda event: int(event["$sequence"]))
        assert [event["text"] for event in events] == published
        by_sequence = {event["$sequence"]: event for event in events}
        assert sorted(by_sequence) == list(range(1, len(published) + 1))
        assert all(again == by_sequence[again["$sequence"]] for again in tab.repeated)
        assert not tab.gaps


@pytest.mark.parametrize("seed", [1, 2])
def test_sockets_cut_at_any_moment_and_resumed_miss_nothing(bot: Bot, seed: int) -> None:
    dice, room = random.Random(seed), unique("room")  # noqa: S311 - the same each time
    channel, published = f"chat:{room}", list[str]()
    tabs = three_tabs_each(bot, room)
    away = list[ChannelClient]()
    for step in range(STEPS):
        match dice.choice(["publish", "publish", "cut", "return", "read"]):
            case "publish":
                published.append(f"event {step}")
                bot.publish(channel, text=published[-1])
            case "cut" if len(away) < len(tabs):
                away.append(dice.choice([tab for tab in tabs if tab not in away]))
                away[-1].cut()
            case "return" if away:
                away.pop(dice.randrange(len(away))).reopen()
            case _:
                present = [tab for tab in tabs if tab not in away]
                for tab in dice.sample(present, min(2, len(present))):
                    tab.read(0)
    for tab in away:
        tab.reopen()
    for tab in tabs:
        tab.hear(channel, len(published))
    check(tabs, channel, published)


def test_cut_between_a_join_and_the_first_event_loses_nothing(bot: Bot) -> None:
    device = unique("pump")
    channel = f"device:{device}"
    tab = bot.tab(bot.ana, "iot")
    tab.ask(action="join", device=device)
    assert tab.marks[channel].contiguous == 0
    tab.cut()
    bot.publish(channel, metric="flow", value=1)
    assert tab.reopen()["$resumed"] == {channel: 1}
    assert tab.hear(channel, 1) == [1]
    bot.publish(channel, metric="flow", value=2)
    assert tab.hear(channel, 2) == [1, 2]


def ends(bot: Bot, recording: Recording, tabs: list[ChannelClient]) -> list[End]:
    """How the sockets ended that the server has closed, once the functions know of each."""
    closed, start = sum(len(tab.closed) for tab in tabs), time.monotonic()
    while len(found := ended(bot, recording)) < closed:
        assert time.monotonic() - start < PATIENCE, f"{len(found)} of {closed} are known"
        tabs[0].keep(0.05)
    return found


def ended(bot: Bot, recording: Recording) -> list[End]:
    """How the sockets of the bot's users have ended so far."""
    return recording.ends(bot.ana) + recording.ends(bot.ben)


@pytest.mark.local_only
def test_sockets_that_are_never_quiet_end_after_two_hours_and_miss_nothing(
    hasty: Bot, recording: Recording
) -> None:
    room = unique("room")
    channel, published = f"chat:{room}", list[str]()
    with pinging(hasty.tabs):
        tabs = three_tabs_each(hasty, room)
        while not all(tab.closed for tab in tabs):
            published.append(f"event {len(published)}")
            hasty.publish(channel, text=published[-1])
            for tab in tabs:
                tab.keep(0.1)
        for tab in tabs:
            while len(tab.heard[channel]) < len(published):
                tab.keep(1)
    check(tabs, channel, published)
    found = ends(hasty, recording, tabs)
    assert {(end.code, end.reason) for end in found} == {(1001, "Going away")}
    assert all(end.age >= recording.limits.age_ms for end in found)
    assert all(end.silence < recording.limits.idle_ms for end in found), "silence has no part in it"


@pytest.mark.local_only
def test_silent_sockets_end_after_ten_minutes_and_miss_nothing(
    hasty: Bot, recording: Recording
) -> None:
    room = unique("room")
    channel, published = f"chat:{room}", ["before"]
    tabs = three_tabs_each(hasty, room)
    hasty.publish(channel, text="before")
    for tab in tabs:
        tab.wait_closed()
    published.append("meanwhile")
    hasty.publish(channel, text="meanwhile")
    for tab in tabs:
        tab.reopen()
        tab.hear(channel, len(published))
    check(tabs, channel, published)
    found = ends(hasty, recording, tabs)
    assert {(end.code, end.reason) for end in found} == {(1001, "Going away")}
    # A post is written down when it is answered, and silent is a socket from when its frame left:
    # at this warp a millisecond between the two is half a second.
    assert all(end.silence >= 0.8 * recording.limits.idle_ms for end in found)
    assert all(end.age < recording.limits.age_ms for end in found), "age has no part in it"
