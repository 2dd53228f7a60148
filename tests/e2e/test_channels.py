"""Channels over real sockets: who hears what, who is there, and what is refused."""

import json
from collections.abc import Iterator

import pytest

from tests.e2e.channel_bot import Bot
from tests.e2e.channel_client import ChannelClient, Frame
from tests.e2e.targets import Target, unique


@pytest.fixture(scope="module")
def users(target: Target) -> Bot:
    """The bot under test, with two users that only this file knows."""
    return Bot(target)


@pytest.fixture
def bot(users: Bot) -> Iterator[Bot]:
    """The same; its sockets are closed afterwards."""
    yield users
    users.close()


@pytest.fixture
def room() -> str:
    """A chat room that nobody has been in."""
    return unique("room")


def tabs_in(bot: Bot, room: str, *names: str) -> list[ChannelClient]:
    """Tabs in a room, joined one after the other."""
    found = []
    for name in names:
        tab = bot.tab(name)
        tab.follow(f"chat:{room}")
        tab.ask(action="join", room=room)
        found.append(tab)
    return found


def texts(tab: ChannelClient, room: str) -> list[str]:
    """What was said in a room, by sequence number."""
    events = sorted(tab.heard[f"chat:{room}"], key=lambda event: int(event["$sequence"]))
    return [event["text"] for event in events]


def test_exactly_the_members_hear_an_event(bot: Bot, room: str) -> None:
    tabs = tabs_in(bot, room, bot.ana, bot.ana, bot.ben, bot.ben)
    outside, elsewhere = bot.tab(bot.ana), bot.tab(bot.ben)
    elsewhere.ask(action="join", room=unique("other"))
    said = [f"word {number}" for number in range(12)]
    for number, text in enumerate(said):
        tabs[number % 4].ask(action="say", room=room, text=text)
    for tab in tabs:
        assert tab.hear(f"chat:{room}", 12) == list(range(1, 13))
        assert texts(tab, room) == said
    bot.settle([*tabs, outside, elsewhere])
    assert {len(tab.heard[f"chat:{room}"]) for tab in tabs} == {12}
    assert not outside.heard
    assert not elsewhere.heard


def test_who_left_before_an_event_was_accepted_does_not_get_it(bot: Bot, room: str) -> None:
    staying, leaving, other = tabs_in(bot, room, bot.ana, bot.ben, bot.ben)
    staying.ask(action="say", room=room, text="before")
    leaving.hear(f"chat:{room}", 1)
    assert leaving.ask(action="leave", room=room)["left"] is True
    staying.ask(action="say", room=room, text="after")
    for tab in (staying, other):
        tab.hear(f"chat:{room}", 2)
        assert texts(tab, room) == ["before", "after"]
    bot.settle([leaving])
    assert texts(leaving, room) == ["before"]


def test_presence_is_told_once_per_user_whatever_the_tabs_do(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    watcher, *tabs = tabs_in(bot, room, bot.ana, bot.ana, bot.ana, bot.ben, bot.ben, bot.ben)
    ben = tabs[2:]
    joined = [("joined", bot.ana), ("joined", bot.ben)]
    watcher.wait_for(lambda: len(watcher.told_of(channel)) == 2)
    ben[0].cut()
    ben[1].close()
    watcher.ask(action="say", room=room, text="Still there?")
    ben[2].hear(channel, 1)
    bot.settle([watcher, ben[2]])
    assert watcher.told_of(channel) == joined
    assert ben[2].told_of(channel) in ([], joined[1:])
    assert members(watcher, room) == [bot.ana, bot.ben]
    ben[2].cut()
    watcher.wait_for(lambda: ("left", bot.ben) in watcher.told_of(channel))
    assert members(watcher, room) == [bot.ana]
    bot.settle([watcher])
    assert watcher.told_of(channel) == [*joined, ("left", bot.ben)]


def members(tab: ChannelClient, room: str) -> list[str]:
    """Who is there, as the room tells somebody who is in it already."""
    return [one["username"] for one in tab.ask(action="join", room=room)["members"]]


def test_joining_twice_and_leaving_without_having_joined_change_nothing(
    bot: Bot, room: str
) -> None:
    (tab,) = tabs_in(bot, room, bot.ana)
    stranger = bot.tab(bot.ben)
    assert members(tab, room) == members(tab, room) == [bot.ana]
    assert stranger.ask(action="leave", room=room)["left"] is False
    tab.ask(action="say", room=room, text="once")
    tab.hear(f"chat:{room}", 1)
    bot.settle([tab, stranger])
    assert texts(tab, room) == ["once"]
    assert not tab.repeated
    assert tab.told_of(f"chat:{room}") == [("joined", bot.ana)]
    assert not stranger.presence


def test_resume_brings_what_was_missed_in_order_and_who_is_there(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    away, staying = tabs_in(bot, room, bot.ben, bot.ana)
    bot.publish(channel, text="1")
    away.hear(channel, 1)
    away.cut()
    staying.wait_for(lambda: ("left", bot.ben) in staying.told_of(channel))
    for text in ("2", "3", "4"):
        bot.publish(channel, text=text)
    # An event still on its way would come by itself, too, and earlier.
    bot.settle([staying])
    answer = away.reopen()
    assert [event["text"] for event in away.heard[channel]] == ["1", "2", "3", "4"]
    assert answer["$resumed"][channel] == 4
    there = [one["username"] for one in answer["$members"][channel]]
    assert there == sorted([bot.ana, bot.ben])
    bot.publish(channel, text="5")
    assert away.hear(channel, 5) == [1, 2, 3, 4, 5]


def test_gap_tells_what_is_not_kept(bot: Bot, room: str) -> None:
    typing = f"typing:{room}"
    tab, staying = tabs_in(bot, room, bot.ana, bot.ben)
    tab.follow(typing)
    tab.cut()
    staying.wait_for(lambda: ("left", bot.ana) in staying.told_of(typing))
    for _ in range(3):
        bot.publish(typing, **{"from": "a service"})
    # An event still on its way would come by itself, too.
    bot.settle([staying])
    assert tab.reopen()["$resumed"] == {typing: 3, f"chat:{room}": 0}
    assert tab.gaps == [(typing, 1, 3)]
    assert not tab.heard[typing]
    assert bot.publish(typing, **{"from": "a service"}) == 4
    assert tab.hear(typing, 1) == [4]


def test_gap_ends_where_retention_begins(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    (tab,) = tabs_in(bot, room, bot.ana)
    tab.cut()
    for number in range(1, 6):
        bot.publish(channel, text=str(number))
    for sequence in (1, 2, 3):
        bot.aws("dynamodb").update_item(
            TableName=bot.table("Messages"),
            Key={"channel": {"S": channel}, "sequence": {"N": str(sequence)}},
            UpdateExpression="SET expires_at = :past",
            ExpressionAttributeValues={":past": {"N": "1"}},
        )
    # What is missing below an event that is just sent may be on its way.
    bot.aws("dynamodb").update_item(
        TableName=bot.table("Messages"),
        Key={"channel": {"S": channel}, "sequence": {"N": "4"}},
        UpdateExpression="SET sent_at = :past",
        ExpressionAttributeValues={":past": {"N": "1"}},
    )
    assert tab.reopen()["$resumed"][channel] == 5
    assert tab.gaps == [(channel, 1, 3)]
    assert texts(tab, room) == ["4", "5"]


def resumed_by(tab: ChannelClient, *channels: str) -> Frame:
    """The first frame that answers a `$resume` of somebody who may not."""
    return tab.exchange({"$resume": dict.fromkeys(channels, 0)})


def test_resume_shows_nothing_to_who_was_never_let_in(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    (member,) = tabs_in(bot, room, bot.ana)
    bot.publish(channel, text="secret")
    stranger = bot.tab(bot.ben)
    other_login = bot.tab(bot.ana, token=bot.log_in(bot.ana))
    for tab in (stranger, other_login):
        error = resumed_by(tab, channel)["error"]
        assert error["code"] == "forbidden_channel"
        assert list(error["fields"]) == [channel]
    bot.publish(channel, text="another secret")
    member.hear(channel, 2)
    bot.settle([member, stranger, other_login])
    assert texts(member, room) == ["secret", "another secret"]
    for tab in (stranger, other_login):
        assert not tab.heard
        assert not tab.presence
    assert members(member, room) == [bot.ana]


def test_resume_after_leaving_is_refused(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    (tab,) = tabs_in(bot, room, bot.ben)
    tab.ask(action="leave", room=room)
    bot.publish(channel, text="after")
    tab.close()
    tab.open()
    assert resumed_by(tab, channel)["error"]["code"] == "forbidden_channel"
    assert not tab.heard[channel]


def test_resume_of_another_users_channel_is_refused(bot: Bot) -> None:
    tab = bot.tab(bot.ben)
    bot.publish(f"user:{bot.ana}", notification="for ana alone")
    assert resumed_by(tab, f"user:{bot.ana}")["error"]["code"] == "forbidden_channel"
    bot.settle([tab])
    assert not tab.heard


def test_event_from_the_bus_is_delivered(bot: Bot, room: str) -> None:
    (tab,) = tabs_in(bot, room, bot.ana)
    detail = {"channel": f"chat:{room}", "payload": {"text": "from a service"}}
    entry = {"Source": "sapa", "DetailType": "publish", "Detail": json.dumps(detail)}
    assert bot.aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    tab.hear(f"chat:{room}", 1)
    assert texts(tab, room) == ["from a service"]


def test_only_signed_requests_publish(bot: Bot, room: str) -> None:
    channel = f"chat:{room}"
    (tab,) = tabs_in(bot, room, bot.ana)
    assert bot.post(channel, {"text": "unsigned"}, signed=False).status == 403
    answer = bot.post(channel, {"text": "signed"})
    assert (answer.status, answer.json()) == (202, {"channel": channel, "sequence": 1})
    tab.hear(channel, 1)
    bot.settle([tab])
    assert texts(tab, room) == ["signed"]
