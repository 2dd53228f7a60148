"""The page changes sockets before the 2 hours are over: in a real browser, unnoticed."""

import json
import time
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from local_gateway.core.websocket.stage import Limits
from local_gateway.recording.reader import load_recording
from tests.support.bot import PASSWORD, Bot, local_bot, unique
from tests.support.browser import ChatPage, chromium, set_color_scheme
from tests.support.client import ask, log_in, open_socket

pytestmark = pytest.mark.local_only

# API Gateway's 2 hours are 50 seconds then, and the 5 minutes before them 2 seconds.
WARP = 144
# So that all events fit into the 500 bubbles that the page keeps.
PAUSE_SECONDS = 0.2
RENEWED_AT_MS = 115 * 60_000 / WARP
LIFETIME_MS = Limits().warped(WARP).age_ms

# Notes every state of the connection that the page shows, however short.
WATCH_STATE = """
    const label = document.getElementById("state-label");
    const states = [label.textContent];
    window.states = states;
    new MutationObserver(() => states.push(label.textContent))
      .observe(label, { childList: true, characterData: true, subtree: true });
"""


@dataclass(frozen=True, slots=True)
class Recording:
    """The recording that the gateway writes."""

    path: Path

    def contexts(self, username: str) -> list[dict[str, Any]]:
        """The request contexts of all events of a user's sockets so far."""
        contexts = (
            invocation.event.get("requestContext", {})
            for invocation in load_recording(self.path).invocations
        )
        return [
            context
            for context in contexts
            if context.get("authorizer", {}).get("username") == username
        ]

    def ends(self, username: str) -> list[dict[str, Any]]:
        """The request contexts of the user's `$disconnect` events so far."""
        contexts = self.contexts(username)
        return [context for context in contexts if context["eventType"] == "DISCONNECT"]

    def sent_twice(self, username: str, channel: str) -> set[int]:
        """The events of a channel that went to more than one socket of a user."""
        connections = {context["connectionId"] for context in self.contexts(username)}
        sent: dict[int, set[str]] = defaultdict(set)
        for call in load_recording(self.path).calls:
            if call.status == 200 and call.data and call.connection_id in connections:
                frame = json.loads(call.data)
                if frame.get("$channel") == channel and "$sequence" in frame:
                    sent[frame["$sequence"]].add(call.connection_id)
        return {sequence for sequence, connections in sent.items() if len(connections) > 1}


@pytest.fixture(scope="module")
def recording(tmp_path_factory: pytest.TempPathFactory) -> Recording:
    """The gateway's recording of this file's tests."""
    return Recording(tmp_path_factory.mktemp("warped") / "recording.jsonl")


@pytest.fixture(scope="module")
def bot(recording: Recording) -> Iterator[Bot]:
    """A bot whose sockets end soon."""
    with local_bot(f"--warp {WARP} --record {recording.path}") as bot:
        assert bot.program is not None
        page = bot.program.wait_for(r"^\s+Page\s+(\S+)")[1]
        assert page == f"{bot.base_url}/?warp={WARP}", "the page is opened with the same warp"
        # The first handshake of all takes longer than the change may.
        token = log_in(bot.base_url, bot.username, bot.password)
        with open_socket(bot.socket_url, token) as socket:
            ask(socket, {"$ping": 1})
        yield bot


@pytest.fixture
def pages(bot: Bot, tmp_path: Path) -> Iterator[tuple[ChatPage, ChatPage]]:
    """Ana's and Ben's pages, each in a browser of their own."""
    with chromium(tmp_path / "ana") as first, chromium(tmp_path / "ben") as second:
        pages = ChatPage(first, bot.base_url), ChatPage(second, bot.base_url)
        for name, page in zip(("ana", "ben"), pages, strict=True):
            set_color_scheme(page.driver, "light")
            page.open(f"?warp={WARP}#chat")
            page.log_in(bot.create_user(name), PASSWORD)
            page.wait_connected()
        yield pages


def watch(*pages: ChatPage) -> None:
    """From now on, note the states of the connections."""
    for page in pages:
        page.driver.execute_script(WATCH_STATE)


def states(page: ChatPage) -> list[str]:
    """The states of the connection since then."""
    states: list[str] = page.driver.execute_script("return window.states")
    return states


def has_changed(page: ChatPage, sockets: int) -> bool:
    """Whether the page has opened so many sockets, and closed all but the last one."""
    return page.opened_sockets() >= sockets and page.open_sockets() == 1


def test_every_event_is_shown_once_across_handovers_and_kills(
    bot: Bot, recording: Recording, pages: tuple[ChatPage, ChatPage]
) -> None:
    # One socket's life long: Ana's is killed and the next one changed, Ben's the other way round.
    (ana, ben), room = pages, unique("room")
    channel, published = f"chat:{room}", list[str]()
    for page in pages:
        page.join("room", room)

    def publish_until_changed(changing: ChatPage, sockets: int) -> None:
        while not has_changed(changing, sockets):
            published.append(f"event {len(published)}")
            bot.publish(channel, text=published[-1])
            for page in pages:
                page.wait_for_message(published[-1])
            time.sleep(PAUSE_SECONDS)

    def kill(page: ChatPage, sockets: int) -> None:
        bot.close_sockets(page.username)
        publish_until_changed(page, sockets)
        page.wait_connected()
        assert states(page) != ["Connected"], "what the server closes is missed"

    watch(*pages)
    kill(ana, sockets=2)
    watch(ana)
    publish_until_changed(ben, sockets=2)
    assert states(ben) == ["Connected"], "nobody noticed"
    kill(ben, sockets=3)
    publish_until_changed(ana, sockets=3)
    assert states(ana) == ["Connected"], "nobody noticed"
    for page in pages:
        page.wait_for_conversation(*published)
        assert page.texts(".gap") == []
    assert any(recording.sent_twice(page.username, channel) for page in pages), (
        "frames came on both sockets"
    )
    ana.wait(lambda: all(len(recording.ends(page.username)) == 2 for page in pages), "four ends")
    (killed_first, changed), (changed_first, killed) = (
        recording.ends(page.username) for page in pages
    )
    assert age(killed_first) < RENEWED_AT_MS > age(killed)
    handed_over = [changed, changed_first]
    assert all(age(end) >= RENEWED_AT_MS for end in handed_over), "no sooner than needed"
    # On a busy machine, the cut may come before the page has waited for last words.
    by_the_page = [end for end in handed_over if age(end) < LIFETIME_MS]
    assert {(end["disconnectStatusCode"], end["disconnectReason"]) for end in by_the_page} == {
        (1000, "Connection Closed Normally")
    }


def age(context: dict[str, Any]) -> int:
    """How many milliseconds after its handshake a socket ended."""
    return int(context["requestTimeEpoch"] - context["connectedAt"])
