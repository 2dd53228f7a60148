"""A connection that dies without a word: no message is lost, and none is said or shown twice."""

import json
import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.support.bot import Bot, local_bot, unique
from tests.support.browser import ChatPage, chromium, set_color_scheme

pytestmark = pytest.mark.local_only

WAITING = "Waiting for an answer…"


@pytest.fixture
def bot() -> Iterator[Bot]:
    """A bot of this test alone: it is stopped, and does not always continue."""
    with local_bot() as bot:
        yield bot


@pytest.fixture
def page(bot: Bot, tmp_path: Path) -> Iterator[ChatPage]:
    """The page, with the user logged in."""
    with chromium(tmp_path / "profile") as driver:
        set_color_scheme(driver, "light")
        page = ChatPage(driver, bot.base_url)
        page.open()
        page.log_in(bot.username, bot.password)
        page.wait_connected()
        yield page


def gateway_pid(bot: Bot) -> int:
    """The process that holds the sockets: `make run` becomes the gateway."""
    assert bot.program is not None
    pid = bot.program.pid
    children = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
    processes = {each: Path(f"/proc/{each}/cmdline").read_bytes() for each in map(int, children)}
    [gateway] = [each for each, command in processes.items() if b"local_gateway" in command]
    return gateway


@contextmanager
def stopped(bot: Bot) -> Iterator[None]:
    """The gateway's process does nothing, and its sockets stay open."""
    pid = gateway_pid(bot)
    os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(pid, signal.SIGCONT)


def pending(page: ChatPage) -> list[str]:
    """The messages that are marked as waiting."""
    return page.texts(".message.pending .content")


def events(bot: Bot, channel: str) -> list[dict[str, str]]:
    """What was published in a channel, in order."""
    stored = [item for item in bot.items("Messages") if item["channel"]["S"] == channel]
    stored.sort(key=lambda item: int(item["sequence"]["N"]))
    return [json.loads(item["payload"]["S"]) for item in stored]


def test_messages_are_sent_again_and_answered(bot: Bot, page: ChatPage) -> None:
    page.say("Hai!")
    page.wait_for_answers("Halo!")
    assert pending(page) == []
    with stopped(bot):
        page.say("Hai!")
        assert pending(page) == ["Hai!"], "at once"
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: page.state() not in {WAITING, "Connected"}, "the end of the connection")
        page.say("Hai!")
        assert pending(page) == ["Hai!", "Hai!"], "what is said without a connection waits too"
    page.wait_connected()
    page.wait_for_answers("Halo!", "Halo!", "Halo!")
    assert page.texts(".message.mine .content") == ["Hai!", "Hai!", "Hai!"]
    assert pending(page) == []


def test_chat_messages_arrive_and_are_shown_once_in_order(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    page.say("satu")
    page.wait(lambda: pending(page) == [], "the answer")
    with stopped(bot):
        page.say("dua")
        page.say("tiga")
        assert pending(page) == ["dua", "tiga"], "at once"
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: page.state() not in {WAITING, "Connected"}, "the end of the connection")
    # The gateway goes on with what it had received, and the page sends it again.
    page.wait_connected()
    page.wait(lambda: pending(page) == [], "the answers")
    page.say("empat")
    page.wait_for_conversation("satu", "dua", "tiga", "empat")
    page.wait(lambda: pending(page) == [], "the answer")
    assert page.conversation() == ["satu", "dua", "tiga", "empat"]
    assert [event["text"] for event in events(bot, f"chat:{room}")] == page.conversation()


def set_offline(page: ChatPage, *, offline: bool) -> None:
    """Take the browser's network away, or give it back."""
    limits = {"latency": 0, "downloadThroughput": -1, "uploadThroughput": -1}
    page.driver.execute_cdp_cmd("Network.emulateNetworkConditions", {"offline": offline, **limits})


def test_messages_survive_a_reload_before_they_are_sent(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    set_offline(page, offline=True)
    bot.close_sockets(page.username)
    page.wait(lambda: page.state() == "Offline", "the state to be Offline")
    page.say("satu")
    page.say("dua")
    assert pending(page) == ["satu", "dua"]
    set_offline(page, offline=False)
    page.driver.refresh()
    page.wait(lambda: len(events(bot, f"chat:{room}")) == 2, "both to arrive")
    page.wait(lambda: pending(page) == [], "the answers")
    assert [event["text"] for event in events(bot, f"chat:{room}")] == ["satu", "dua"]


def test_messages_are_sent_though_their_endpoint_is_left(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    set_offline(page, offline=True)
    bot.close_sockets(page.username)
    page.wait(lambda: page.state() == "Offline", "the state to be Offline")
    page.say("satu")
    page.say("dua")
    page.open("#reply")
    set_offline(page, offline=False)
    page.wait(lambda: len(events(bot, f"chat:{room}")) == 2, "both to arrive")
    page.wait_connected()
    page.wait(lambda: page.open_sockets() == 1, "the endpoint that was left to disconnect")


def test_button_beside_the_conversation_works_once(bot: Bot, page: ChatPage) -> None:
    device = unique("pump")
    page.go("iot")
    page.join("device", device)
    page.press_button("Command")
    page.wait(lambda: len(page.texts(".waiting li")) == 1, "the command")
    page.wait(lambda: pending(page) == [], "the answer")
    with stopped(bot):
        page.press_button("Acknowledge", within=".waiting")
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: page.state() not in {WAITING, "Connected"}, "the end of the connection")
    page.wait_connected()
    # It had arrived; sent again, it is not refused.
    page.wait_for_remark(f"{device} has done “open”")
    page.press_button("Command")
    page.wait(page.is_done, "the answer to what came later")
    assert page.texts(".fault-title") == []


def test_pause_that_ends_in_time_loses_and_repeats_nothing(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    with stopped(bot):
        page.say("satu")
        page.wait(lambda: page.state() == WAITING, WAITING)
    page.wait_connected()
    page.wait(lambda: pending(page) == [], "the answer")
    assert page.conversation() == ["satu"]
    assert page.opened_sockets() == 2, "of reply, and of chat"


def test_what_a_killed_server_leaves_open_waits(bot: Bot, page: ChatPage) -> None:
    page.go("chat")
    page.join("room", unique("room"))
    pid = gateway_pid(bot)
    os.kill(pid, signal.SIGSTOP)
    page.say("satu")
    page.press_button("Leave")
    assert len(pending(page)) == 2
    os.kill(pid, signal.SIGKILL)
    page.wait(lambda: page.shown("retry").is_displayed(), "the offer to connect")
    assert len(pending(page)) == 2
