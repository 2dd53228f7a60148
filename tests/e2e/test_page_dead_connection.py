"""A connection that dies without a word: no message is lost in silence, and none is shown twice."""

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
NOTE = "The connection closed before an answer came, so this may not have arrived."


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


def notes(page: ChatPage) -> list[str]:
    """What stands below messages without an answer."""
    return page.texts(".message .note")


def test_message_that_finds_a_dead_connection_can_be_sent_again(bot: Bot, page: ChatPage) -> None:
    page.say("Hai!")
    page.wait_for_answers("Halo!")
    assert pending(page) == []
    with stopped(bot):
        page.say("Hai!")
        assert pending(page) == ["Hai!"], "at once"
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: page.state() not in {WAITING, "Connected"}, "the end of the connection")
        page.wait(lambda: notes(page) == [NOTE], "the note, without an offer that cannot be kept")
        assert pending(page) == []
    page.wait_connected()
    page.click(".note button", text="Send again")
    page.wait_for_answers("Halo!", "Halo!")
    assert page.texts(".message.mine .content") == ["Hai!", "Hai!"]
    assert notes(page) == []
    assert pending(page) == []


def test_chat_message_that_arrived_is_shown_once(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    page.say("satu")
    page.wait(lambda: pending(page) == [], "the answer")
    with stopped(bot):
        page.say("dua")
        page.say("tiga")
        assert pending(page) == ["dua", "tiga"], "at once"
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: len(notes(page)) == 2, "the notes")
    # The gateway goes on with what it had received, and the page gets it as events.
    page.wait_connected()
    page.wait(lambda: notes(page) == [], "the events to settle the messages")
    page.wait_for_conversation("satu", "dua", "tiga")
    page.say("empat")
    page.wait_for_conversation("satu", "dua", "tiga", "empat")
    page.wait(lambda: pending(page) == [], "the answer")
    assert page.conversation() == ["satu", "dua", "tiga", "empat"]


def test_button_beside_the_conversation_is_offered_again(bot: Bot, page: ChatPage) -> None:
    device = unique("pump")
    page.go("iot")
    page.join("device", device)
    page.press_button("Command")
    page.wait(lambda: len(page.texts(".waiting li")) == 1, "the command")
    page.wait(lambda: pending(page) == [], "the answer")
    with stopped(bot):
        page.press_button("Acknowledge", within=".waiting")
        page.wait(lambda: page.state() == WAITING, WAITING)
        page.wait(lambda: notes(page) == [NOTE], "the note")
    page.wait_connected()
    # It had arrived, so the event comes; sent again, it is refused.
    page.wait_for_remark(f"{device} has done “open”")
    page.click(".note button", text="Send again")
    page.wait(lambda: page.texts(".fault-title") == ["Not possible"], "the refusal")
    assert notes(page) == []
    assert pending(page) == []


def test_pause_that_ends_in_time_loses_and_repeats_nothing(bot: Bot, page: ChatPage) -> None:
    room = unique("room")
    page.enter(room)
    with stopped(bot):
        page.say("satu")
        page.wait(lambda: page.state() == WAITING, WAITING)
    page.wait_connected()
    page.wait(lambda: pending(page) == [], "the answer")
    assert page.conversation() == ["satu"]
    assert notes(page) == []
    assert page.opened_sockets() == 2, "of reply, and of chat"


def test_every_endpoint_marks_what_a_killed_server_leaves_open(bot: Bot, page: ChatPage) -> None:
    page.go("chat")
    page.join("room", unique("room"))
    pid = gateway_pid(bot)
    os.kill(pid, signal.SIGSTOP)
    page.say("satu")
    page.press_button("Leave")
    assert len(pending(page)) == 2
    os.kill(pid, signal.SIGKILL)
    page.wait(lambda: notes(page) == [NOTE, NOTE], "the notes")
    assert pending(page) == []
    assert page.texts(".note button") == [], "nothing can be sent now"
    assert page.shown("retry").is_displayed()
