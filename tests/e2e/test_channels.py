"""Channels over real sockets: exactly the members get each event, whatever becomes of sockets."""

import json
import random
from collections.abc import Callable, Sequence

import pytest

from tests.support.bot import Bot, User, unique
from tests.support.client import ChannelClient

LARGEST_EVENT = 131_072
STEPS = 40

type Connect = Callable[[User], ChannelClient]


@pytest.fixture
def room() -> str:
    """A chat room that nobody has been in."""
    return unique("room")


@pytest.fixture
def join(connect: Connect, room: str) -> Callable[[User], ChannelClient]:
    """Opens sockets that join the room."""

    def joined(user: User) -> ChannelClient:
        client = connect(user)
        client.follow(f"chat:{room}")
        client.ask(action="join", room=room)
        return client

    return joined


def texts(client: ChannelClient, room: str) -> list[str]:
    """The messages in a room, by sequence number."""
    events = sorted(client.events[f"chat:{room}"], key=lambda event: int(event["$sequence"]))
    return [event["text"] for event in events]


def members(client: ChannelClient, room: str) -> list[str]:
    """The user names in a room that the client is in."""
    return [member["username"] for member in client.ask(action="join", room=room)["members"]]


def test_exactly_the_members_get_an_event(
    bot: Bot, room: str, ana: User, ben: User, connect: Connect, join: Connect
) -> None:
    clients = [join(user) for user in (ana, ana, ben, ben)]
    outside, elsewhere = connect(ana), connect(ben)
    elsewhere.ask(action="join", room=unique("other"))
    messages = [f"word {number}" for number in range(12)]
    for number, text in enumerate(messages):
        clients[number % 4].ask(action="say", room=room, text=text)
    for client in clients:
        assert client.wait_for_events(f"chat:{room}", 12) == list(range(1, 13))
        assert texts(client, room) == messages
    bot.wait_until_delivered([*clients, outside, elsewhere])
    assert {len(client.events[f"chat:{room}"]) for client in clients} == {12}
    assert not outside.events
    assert not elsewhere.events


def test_presence_is_announced_once_per_user_whatever_their_sockets_do(
    bot: Bot, room: str, ana: User, ben: User, join: Connect
) -> None:
    channel = f"chat:{room}"
    watcher, _, *sockets = (join(user) for user in (ana, ana, ben, ben, ben))
    watcher.wait_for(lambda: len(watcher.presence_of(channel)) == 2)
    sockets[0].cut()
    sockets[1].close()
    watcher.ask(action="say", room=room, text="Still there?")
    sockets[2].wait_for_events(channel, 1)
    bot.wait_until_delivered([watcher, sockets[2]])
    joined = [("joined", ana.name), ("joined", ben.name)]
    assert watcher.presence_of(channel) == joined
    assert members(watcher, room) == [ana.name, ben.name]
    sockets[2].cut()
    watcher.wait_for(lambda: ("left", ben.name) in watcher.presence_of(channel))
    assert members(watcher, room) == [ana.name]
    bot.wait_until_delivered([watcher])
    assert watcher.presence_of(channel) == [*joined, ("left", ben.name)]


def test_resume_brings_missed_events_in_order_and_the_members(
    bot: Bot, room: str, ana: User, ben: User, join: Connect
) -> None:
    channel = f"chat:{room}"
    away, staying = join(ben), join(ana)
    bot.publish(channel, text="1")
    away.wait_for_events(channel, 1)
    away.cut()
    staying.wait_for(lambda: ("left", ben.name) in staying.presence_of(channel))
    for text in ("2", "3", "4"):
        bot.publish(channel, text=text)
    # An event still on its way would come by itself, too, and earlier.
    bot.wait_until_delivered([staying])
    answer = away.resume()
    assert [event["text"] for event in away.events[channel]] == ["1", "2", "3", "4"]
    assert answer["$resumed"][channel] == 4
    usernames = [member["username"] for member in answer["$members"][channel]]
    assert usernames == sorted([ana.name, ben.name])


def test_sockets_cut_at_any_moment_and_resumed_miss_nothing(
    bot: Bot, room: str, ana: User, ben: User, join: Connect
) -> None:
    chance = random.Random(1)  # noqa: S311 - the same each time
    channel, published = f"chat:{room}", list[str]()
    clients = [join(user) for user in (ana, ben) for _ in range(3)]
    away = list[ChannelClient]()
    for step in range(STEPS):
        match chance.choice(["publish", "publish", "cut", "return", "read"]):
            case "publish":
                published.append(f"event {step}")
                bot.publish(channel, text=published[-1])
            case "cut" if len(away) < len(clients):
                away.append(chance.choice([client for client in clients if client not in away]))
                away[-1].cut()
            case "return" if away:
                away.pop(chance.randrange(len(away))).resume()
            case _:
                present = [client for client in clients if client not in away]
                for client in chance.sample(present, min(2, len(present))):
                    client.read(0)
    for client in away:
        client.resume()
    assert_complete(clients, channel, published)


def assert_complete(clients: Sequence[ChannelClient], channel: str, published: list[str]) -> None:
    """Every client has each event once; the numbers give the order of acceptance."""
    for client in clients:
        assert client.wait_for_events(channel, len(published)) == list(range(1, len(published) + 1))
        by_sequence = {event["$sequence"]: event for event in client.events[channel]}
        assert [by_sequence[number]["text"] for number in sorted(by_sequence)] == published
        assert all(again == by_sequence[again["$sequence"]] for again in client.repeated)
        assert not client.gaps


def test_event_from_the_bus_is_delivered(bot: Bot, room: str, ana: User, join: Connect) -> None:
    client = join(ana)
    detail = {"channel": f"chat:{room}", "payload": {"text": "from a service"}}
    entry = {"Source": "sapa", "DetailType": "publish", "Detail": json.dumps(detail)}
    assert bot.aws("events").put_events(Entries=[entry])["FailedEntryCount"] == 0
    client.wait_for_events(f"chat:{room}", 1)
    assert texts(client, room) == ["from a service"]


def test_only_signed_requests_publish(bot: Bot, room: str, ana: User, join: Connect) -> None:
    channel, client = f"chat:{room}", join(ana)
    refused = bot.post_event(channel, {"text": "unsigned"}, signed=False)
    assert (refused.status, refused.json()) == (403, {"message": "Forbidden"})
    answer = bot.post_event(channel, {"text": "signed"})
    assert (answer.status, answer.json()) == (202, {"channel": channel, "sequence": 1})
    client.wait_for_events(channel, 1)
    bot.wait_until_delivered([client])
    assert texts(client, room) == ["signed"]


def test_largest_event_that_is_accepted_is_delivered(
    bot: Bot, room: str, ana: User, join: Connect
) -> None:
    client, size = join(ana), LARGEST_EVENT
    while bot.post_event(f"chat:{room}", {"text": "x" * size}).status == 413:
        size -= 16
    client.wait_for_events(f"chat:{room}", 1)
    assert texts(client, room) == ["x" * size]
    assert LARGEST_EVENT - size < 256
