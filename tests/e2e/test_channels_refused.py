"""What cannot be done with channels is told, over real sockets and HTTP; the socket goes on."""

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


def error_of(answer: Frame) -> tuple[str, list[str]]:
    """The code, and which fields are at fault."""
    error = answer["error"]
    assert error["message"]
    return error["code"], sorted(error.get("fields", {}))


@pytest.mark.parametrize("room", ["two words", "ümlaut", "a*", "line\n", "chat;x", "😀"])
@pytest.mark.parametrize("action", ["join", "say", "typing", "leave"])
def test_invalid_channel(bot: Bot, action: str, room: str) -> None:
    tab = bot.tab(bot.ana)
    assert error_of(tab.ask(action=action, room=room, text="x"))[0] == "invalid_channel"
    assert tab.ask(**{"$ping": 1}) == {"$pong": 1}


def test_more_channels_than_a_connection_may_be_in(bot: Bot) -> None:
    tab = bot.tab(bot.ana, "exchange")
    letters = "ABCDEFGHIJKLMNOPQRST"
    for first in "XY":
        assert "snapshot" in tab.ask(symbols=[first + letter for letter in letters])
    assert error_of(tab.ask(symbols=["Z" + letter for letter in letters]))[0] == "too_many_channels"
    dropped = tab.ask(action="unsubscribe", symbols=["X" + letter for letter in letters])
    assert len(dropped["unsubscribed"]) == 20
    assert "snapshot" in tab.ask(symbols=["WA"])


@pytest.mark.parametrize(
    "positions",
    [
        1,
        None,
        [],
        {"chat:lobby": "1"},
        {"chat:lobby": -1},
        {"chat:lobby": 1.5},
        {"chat:lobby": True},
        {"chat:lobby": 2**53},
        {f"chat:{number}": 0 for number in range(101)},
    ],
)
def test_resume_that_makes_no_sense(bot: Bot, positions: object) -> None:
    tab = bot.tab(bot.ana)
    assert error_of(tab.exchange({"$resume": positions})) == ("invalid_message", ["$resume"])


def resume(tab: ChannelClient, positions: dict[str, int]) -> tuple[dict[str, list[str]], Frame]:
    """The fields of the errors by code, and what comes at the end."""
    refused: dict[str, list[str]] = {}
    for channel in positions:
        tab.follow(channel)
    answer = tab.exchange({"$resume": positions})
    while "$resumed" not in answer:
        code, fields = error_of(answer)
        refused[code] = fields
        answer = tab.next_reply()
    return refused, answer["$resumed"]


def test_resume_tells_of_each_channel_what_becomes_of_it(bot: Bot) -> None:
    room, other = unique("room"), unique("room")
    tab, stranger = bot.tab(bot.ana), bot.tab(bot.ben)
    tab.ask(action="join", room=room)
    stranger.ask(action="join", room=other)
    wanted = [f"chat:{room}", f"chat:{other}", "two words", f"user:{bot.ana}", f"user:{bot.ben}"]
    refused, resumed = resume(tab, dict.fromkeys(wanted, 0))
    assert refused == {
        "invalid_channel": ["two words"],
        "forbidden_channel": sorted([f"chat:{other}", f"user:{bot.ben}"]),
    }
    assert resumed == {f"chat:{room}": 0, f"user:{bot.ana}": 0}


def test_event_for_nobody_is_accepted_and_kept(bot: Bot) -> None:
    room = unique("room")
    assert bot.publish(f"chat:{room}", text="anybody?") == 1
    history = bot.tab(bot.ana).ask(action="join", room=room)["history"]
    assert [event["text"] for event in history] == ["anybody?"]


@pytest.mark.parametrize(
    ("channel", "payload", "status", "fields"),
    [
        ("chat:x", {"text": "x" * 131_072}, 413, ["payload"]),
        ("two words", {"text": "x"}, 400, ["channel"]),
        ("", {"text": "x"}, 400, ["channel"]),
        ("c" * 129, {"text": "x"}, 400, ["channel"]),
        (1, {"text": "x"}, 400, ["channel"]),
        ("chat:x", "text", 400, ["payload"]),
        ("chat:x", None, 400, ["payload"]),
        ("chat:x", {"$sequence": 1}, 400, ["payload", "payload.$sequence"]),
        ("chat:x", {"number": float("nan")}, 400, ["payload"]),
    ],
)
def test_publish_that_is_refused(
    bot: Bot, channel: object, payload: object, status: int, fields: list[str]
) -> None:
    answer = bot.post(channel, payload)
    assert (answer.status, error_of(answer.json())[1]) == (status, fields)


def test_largest_event_that_is_accepted_is_delivered(bot: Bot) -> None:
    room = unique("room")
    tab = bot.tab(bot.ana)
    tab.ask(action="join", room=room)
    size = 131_072
    while bot.post(f"chat:{room}", {"text": "x" * size}).status == 413:
        size -= 16
    [sequence] = tab.hear(f"chat:{room}", 1)
    [event] = tab.heard[f"chat:{room}"]
    assert (sequence, event["text"]) == (1, "x" * size)
    assert 131_072 - size < 256


def test_simultaneous_moves_cannot_both_win(bot: Bot) -> None:
    table = unique("table")
    players = [bot.tab(name, "game") for name in (bot.ana, bot.ben)]
    tabs = [*players, bot.tab(bot.ana, "game")]
    for tab in tabs:
        tab.ask(action="join", table=table)
    numbers = [
        tab.tell(action="move", table=table, cell=cell) for cell, tab in enumerate(tabs, start=1)
    ]
    answers = [tab.reply(number) for tab, number in zip(tabs, numbers, strict=True)]
    boards = [answer["board"] for answer in answers if "board" in answer]
    refused = {error_of(answer)[0] for answer in answers if "error" in answer}
    assert refused <= {"refused", "state_conflict"}
    last = max(boards, key=lambda board: 9 - board.count("."))
    assert last.count("X") - last.count("O") in (0, 1)
    assert len(boards) == 9 - last.count("."), "each accepted move is on the board"
