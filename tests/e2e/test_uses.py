"""The seven uses over real sockets: several users and pages, a device, and a feed from outside."""

import json
import secrets
import string
import subprocess
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from typing import Any

import pytest
from websockets.sync.client import ClientConnection

from tests.e2e.client import log_in, open_socket
from tests.e2e.gateway_process import ROOT
from tests.e2e.targets import PASSWORD, Target, unique
from tools.scripts.feed import Publisher


class Page:
    """A socket whose replies and events are told apart."""

    def __init__(self, socket: ClientConnection, username: str) -> None:
        self.username = username
        self._socket = socket
        self._asked = 0
        self._waiting: list[dict[str, Any]] = []

    def ask(self, **inputs: object) -> dict[str, Any]:
        """Send a message and wait for its reply; what comes before is kept."""
        self._asked += 1
        self._socket.send(json.dumps({**inputs, "$id": self._asked}))
        return self._next(lambda frame: frame.get("$id") == self._asked)

    def hear(self, channel: str, **payload: object) -> dict[str, Any]:
        """Wait for an event of a channel with this in its payload; what comes before is kept.

        Who comes and goes is heard only by those who ask for `$presence`.
        """
        return self._next(
            lambda frame: (
                frame.get("$channel") == channel
                and payload.items() <= frame.items()
                and ("$presence" in frame) == ("$presence" in payload)
            )
        )

    def has_heard(self, channel: str) -> bool:
        """Whether an event of a channel came that nobody waited for."""
        return any(frame.get("$channel") == channel for frame in self._waiting)

    def _next(self, fits: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        found = next((frame for frame in self._waiting if fits(frame)), None)
        if found is not None:
            self._waiting.remove(found)
            return found
        while True:
            frame = json.loads(self._socket.recv(timeout=30))
            if fits(frame):
                return dict(frame)
            self._waiting.append(frame)


type Open = Callable[[str, str], Page]


@pytest.fixture(scope="module")
def tokens(target: Target) -> dict[str, str]:
    """The sessions of two users, by user name."""
    names = unique("ana"), unique("ben")
    target.create_users(*names)
    return {name: log_in(target.base_url, name, PASSWORD) for name in names}


@pytest.fixture
def ana(tokens: dict[str, str]) -> str:
    """A user's name."""
    return next(iter(tokens))


@pytest.fixture
def ben(tokens: dict[str, str]) -> str:
    """Another user's name."""
    return list(tokens)[1]


@pytest.fixture
def page(target: Target, tokens: dict[str, str]) -> Iterator[Open]:
    """Opens an endpoint for a user."""
    with ExitStack() as opened:

        def open_page(username: str, endpoint: str) -> Page:
            url = f"{target.socket_url}?endpoint={endpoint}"
            return Page(opened.enter_context(open_socket(url, tokens[username])), username)

        yield open_page


def test_exchange(target: Target, page: Open, ana: str) -> None:
    url = target.publish_url
    symbol = "".join(secrets.choice(string.ascii_uppercase) for _ in range(8))
    trader = page(ana, "exchange")
    assert trader.ask(symbols=[symbol]) == {"snapshot": {symbol: None}, "$id": 1}
    command = [sys.executable, "-m", "tools.scripts.feed", "--url", url, "--symbols", symbol]
    command += ["--interval", "0", "--count", "5", "--seed", "1"]
    fed = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True, timeout=60)
    prices = [float(line.split()[1]) for line in fed.stdout.splitlines()]
    heard = [trader.hear(f"price:{symbol}") for _ in prices]
    in_order = sorted(heard, key=lambda event: event["$sequence"])
    assert [event["price"] for event in in_order] == prices
    assert [event["$sequence"] for event in in_order] == [1, 2, 3, 4, 5]
    snapshot = page(ana, "exchange").ask(symbols=[symbol])["snapshot"]
    assert snapshot[symbol] == in_order[-1]


def test_game(page: Open, ana: str, ben: str) -> None:
    table = unique("t")
    players = [page(ana, "game"), page(ben, "game")]
    spectator = page(ana, "game")
    for player in [*players, spectator]:
        joined = player.ask(action="join", table=table)
    assert joined["players"] == {"X": ana, "O": ben}
    for number, cell in enumerate((1, 4, 2, 5, 3)):
        player = players[number % 2]
        refused = players[1 - number % 2].ask(action="move", table=table, cell=9)
        assert (refused["error"]["code"], refused["error"]["message"]) == (
            "refused",
            f"It is {player.username}'s turn.",
        )
        moved = player.ask(action="move", table=table, cell=cell)
        assert spectator.hear(f"game:{table}", change=moved["change"])["board"] == moved["board"]
    assert (moved["board"], moved["winner"]) == ("XXXOO....", "X")


def test_dialogue(page: Open, ana: str) -> None:
    first = page(ana, "dialogue")
    assert first.ask(message="start over")["message"].startswith("Welcome!")
    assert first.ask(message="tea")["message"].startswith("How large?")
    back = page(ana, "dialogue")
    assert back.ask(message="")["message"].startswith("How large?")


def test_notifications(target: Target, page: Open, ana: str, ben: str) -> None:
    sender = page(ana, "notify")
    pages = [page(ben, "reply"), page(ben, "chat")]
    sender.ask(text="Tea is ready", user=ben)
    for each in pages:
        assert each.hear(f"user:{ben}", notification="Tea is ready")["from"] == ana
    Publisher(target.publish_url)(f"user:{ben}", {"notification": "It is on its way."})
    for each in pages:
        each.hear(f"user:{ben}", notification="It is on its way.")
    sender.ask(text="for me")
    sender.hear(f"user:{ana}", notification="for me")
    assert not sender.has_heard(f"user:{ben}")


def test_social(page: Open, ana: str, ben: str) -> None:
    author, reader = page(ana, "social"), page(ben, "social")
    author.ask(action="feed")
    assert reader.ask(action="follow", user=ana)["following"] == [ana]
    post = author.ask(action="post", text="Hai!")["sequence"]
    assert reader.hear(f"posts:{ana}", text="Hai!")["$sequence"] == post
    reader.ask(action="react", user=ana, text="👍", post=post)
    author.hear(f"posts:{ana}", reaction="👍", post=post)
    back = page(ben, "social")
    feed = back.ask(action="feed")["feed"]
    assert [event.get("text") or event["reaction"] for event in feed] == ["Hai!", "👍"]
    author.ask(action="post", text="Again")
    back.hear(f"posts:{ana}", text="Again")


def test_chat(page: Open, ana: str, ben: str) -> None:
    room = unique("r")
    first, second = page(ana, "chat"), page(ben, "chat")
    first.ask(action="join", room=room)
    first.ask(action="say", room=room, text="Anybody?")
    joined = second.ask(action="join", room=room)
    assert [one["username"] for one in joined["members"]] == sorted([ana, ben])
    assert [one["text"] for one in joined["history"]] == ["Anybody?"]
    second.ask(action="typing", room=room)
    first.hear(f"typing:{room}", **{"from": ben})
    second.ask(action="say", room=room, text="Hai!")
    assert first.hear(f"chat:{room}", text="Hai!")["from"] == ben
    second.ask(action="leave", room=room)
    left = first.hear(f"chat:{room}", **{"$presence": {"left": ben}})
    assert "$sequence" not in left


def test_iot(page: Open, ana: str, ben: str) -> None:
    device = unique("pump")
    pump, dashboard = page(ben, "iot"), page(ana, "iot")
    pump.ask(action="report", device=device, metric="pressure", value=2.5)
    joined = dashboard.ask(action="join", device=device)
    assert joined["values"]["pressure"]["value"] == 2.5
    sent = dashboard.ask(action="command", device=device, command="open")
    assert pump.ask(action="join", device=device)["waiting"] == {sent["number"]: "open"}
    pump.ask(action="acknowledge", device=device, number=sent["number"])
    dashboard.hear(f"device:{device}", acknowledged=sent["number"])
    pump.ask(action="report", device=device, value=21.5)
    dashboard.hear(f"device:{device}", metric="temperature", value=21.5)
