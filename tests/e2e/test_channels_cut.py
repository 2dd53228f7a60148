"""Sockets end at any moment, and after 2 hours; nobody misses an event or gets it twice."""

import random
from collections.abc import Iterator

import pytest

from tests.e2e.channel_bot import Bot, unique
from tests.e2e.channel_client import ChannelClient
from tests.e2e.conftest import Target

# API Gateway's 2 hours are 14 seconds then, and its 10 minutes of silence a little over one.
WARP = 500
STEPS = 40


@pytest.fixture
def bot(target: Target) -> Iterator[Bot]:
    """The bot under test with two users."""
    assert target.aws_endpoint_url is not None
    found = Bot(target.base_url, target.aws_endpoint_url)
    yield found
    found.close()


@pytest.fixture(scope="module")
def hasty() -> Iterator[Bot]:
    """A bot whose sockets end soon."""
    with Bot.started(f"--warp {WARP}") as (found, _):
        yield found


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


def test_two_hour_cut_is_a_1001_after_which_nothing_is_missing(hasty: Bot) -> None:
    room = unique("room")
    channel, published = f"chat:{room}", list[str]()
    tabs = three_tabs_each(hasty, room)
    while not all(tab.closed for tab in tabs):
        published.append(f"event {len(published)}")
        hasty.publish(channel, text=published[-1])
        for tab in tabs:
            tab.keep(0)
    for tab in tabs:
        while len(tab.heard[channel]) < len(published):
            tab.keep(1)
    assert {code for tab in tabs for code in tab.closed} == {1001}
    check(tabs, channel, published)
