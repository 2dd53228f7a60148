"""Frames that the server sends by itself, in real browsers: two users, several tabs."""

import secrets
import string
import sys
from collections.abc import Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.support.bot import PASSWORD, Bot, unique
from tests.support.browser import ChatPage, chromium, set_color_scheme
from tests.support.programs import run

type Pages = tuple[ChatPage, ChatPage]


@pytest.fixture(scope="module")
def browsers(
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[webdriver.Chrome, webdriver.Chrome]]:
    """A browser for each of the two."""
    with (
        chromium(tmp_path_factory.mktemp("ana")) as first,
        chromium(tmp_path_factory.mktemp("ben")) as second,
    ):
        yield first, second


@pytest.fixture(scope="module")
def usernames(bot: Bot) -> tuple[str, str]:
    """Two users of this file's tests alone."""
    return bot.create_user("ana"), bot.create_user("ben")


@pytest.fixture
def pages(
    bot: Bot, usernames: tuple[str, str], browsers: tuple[webdriver.Chrome, webdriver.Chrome]
) -> Pages:
    """Ana's and Ben's pages, freshly loaded and logged in."""
    first, second = (ChatPage.opened(browser, bot.base_url) for browser in browsers)
    for username, page in zip(usernames, (first, second), strict=True):
        page.log_in(username, PASSWORD)
        page.wait_connected()
    return first, second


def test_chat_shows_members_messages_and_typing(pages: Pages) -> None:
    (ana, ben), room = pages, unique("room")
    ana.enter(room)
    ana.say("Hai!")
    ben.enter(room)
    assert ben.conversation() == ["Hai!"], "earlier messages come with the join"
    ana.wait_for_remark(f"{ben.username} joined chat:{room}")
    assert ana.members() == [f"{ana.username} (you)", ben.username]
    ben.shown("chat-input").send_keys("Halo!")
    writers = [f"{ben.username} is typing in {room}…"]
    ana.wait(lambda: ana.texts(".writers") == writers, "word that Ben types")
    ben.press(Keys.ENTER)
    for page in pages:
        page.wait_for_conversation("Hai!", "Halo!")
    ana.wait(lambda: ana.texts(".writers") == [""], "the word to go with the message")
    assert ben.texts(".writers") == [""]
    assert ana.texts(".message.mine:not(.deed) .content") == ["Hai!"]
    assert ana.texts(".message.theirs .sender") == [ben.username]
    ben.press_button("Leave")
    ana.wait_for_remark(f"{ben.username} left chat:{room}")
    assert ana.members() == [f"{ana.username} (you)"]
    ben.wait(lambda: ben.members() == [], "Ben's list to go")
    assert not any(ben.username in remark for remark in ben.remarks()), "one's own join is no news"


def test_notification_reaches_every_tab_of_the_user(bot: Bot, pages: Pages) -> None:
    ana, ben = pages
    driver, word = ana.driver, unique("word")
    first = driver.current_window_handle
    driver.switch_to.new_window("tab")
    second = driver.current_window_handle
    try:
        ana.go("convert")
        bot.publish(f"user:{ana.username}", notification=word)
        for tab in (first, second):
            driver.switch_to.window(tab)
            ana.wait(lambda: ana.texts("[role=status] .toast p") == [word], "a toast")
            assert ana.conversation() == [word], "and a line in the conversation"
    finally:
        driver.switch_to.window(second)
        driver.close()
        driver.switch_to.window(first)
    ana.press_button("×", within=".toast")
    assert ana.texts(".toast") == []
    assert ben.conversation() == []


def test_price_is_drawn_as_the_feed_goes_on(bot: Bot, pages: Pages) -> None:
    page, _ = pages
    symbol = "".join(secrets.choice(string.ascii_uppercase) for _ in range(8))
    page.go("exchange")
    page.fill("field-symbols", symbol)
    page.press_button("Subscribe")
    page.wait(lambda: page.texts(".price strong") == [symbol], "the symbol's card")
    feed = (
        sys.executable,
        "-m",
        "tools.scripts.feed",
        "--url",
        bot.publish_url,
        "--symbols",
        symbol,
    )
    fed = run(*feed, "--interval", "0", "--count", "6")
    assert fed.returncode == 0, fed.stderr
    prices = [line.split()[1] for line in fed.stdout.splitlines()]
    [spark] = page.all(".spark")
    label = f"{symbol}, last 6 prices: from {min(prices, key=float)} to {max(prices, key=float)}"
    page.wait(lambda: spark.get_attribute("aria-label") == label, f"the picture: {label}")
    assert page.texts(".price .last") == [prices[-1]]
    line = page.all(".spark-line")[0].get_attribute("d") or ""
    assert line.count("L") == len(prices) - 1
    page.press_button("Unsubscribe")
    page.wait(lambda: page.texts(".price") == [], "the card to go")


def cells(page: ChatPage) -> list[str]:
    """The board's cells, as a screen reader reads them."""
    return [cell.get_attribute("aria-label") or "" for cell in page.all(".board button")]


def wait_for_turn(page: ChatPage, text: str) -> None:
    """Wait until this stands above the board."""
    page.wait(lambda: page.texts(".turn") == [text], text)


def test_move_appears_on_the_other_side(pages: Pages) -> None:
    (ana, ben), table = pages, unique("t")
    for page in pages:
        page.go("game")
        page.join("table", table)
    wait_for_turn(ana, "Your turn: you are X.")
    wait_for_turn(ben, f"{ana.username}’s turn; you are O.")
    ana.click(".board button", 4)
    wait_for_turn(ben, "Your turn: you are O.")
    assert cells(ben)[4] == "row 2, column 2: X"
    assert f"{ana.username}: X at row 2, column 2. Your turn: you are O." in ben.remarks()
    # By the keyboard: the middle cell is where Tab leads, then up.
    ben.all(".board button")[4].send_keys(Keys.ARROW_UP)
    ben.press(Keys.ENTER)
    ana.wait(lambda: cells(ana)[1] == "row 1, column 2: O", "Ben's move on Ana's board")
    assert cells(ana)[4] == "row 2, column 2: X"


def test_each_event_is_shown_once_after_an_absence_and_a_cut(bot: Bot, pages: Pages) -> None:
    (ana, ben), room = pages, unique("room")
    ana.enter(room)
    ben.enter(room)
    ben.say("satu")
    ana.wait_for_conversation("satu")
    ana.go("reply")
    ben.say("dua")
    ben.wait_for_conversation("satu", "dua")
    ana.open("#chat")
    ana.wait_for_conversation("satu", "dua")
    before = ana.opened_sockets()
    bot.close_sockets(ana.username)
    bot.close_sockets(ben.username)
    bot.publish(f"chat:{room}", text="tiga", **{"from": "bot"})
    ana.wait(lambda: ana.opened_sockets() > before, "another socket")
    for page in pages:
        page.wait_connected()
    ben.say("empat")
    for page in pages:
        page.wait_for_conversation("satu", "dua", "tiga", "empat")
        assert page.texts(".gap") == []


def test_device_gets_a_command_and_acknowledges(pages: Pages) -> None:
    (ana, ben), device = pages, unique("pump")
    for page in pages:
        page.go("iot")
        page.join("device", device)
    ben.fill("field-value", "21.5")
    ben.press_button("Report")
    ana.wait(lambda: ana.texts(".device .value") == ["21.5"], "the value")
    ana.press_button("Command")
    ben.press_button("Acknowledge", within=".waiting")
    ana.wait_for_remark(f"{device} has done “open”")
    assert ana.texts(".waiting li") == []


def test_empty_number_is_never_reported(pages: Pages) -> None:
    page, device = pages[0], unique("pump")
    page.go("iot")
    page.join("device", device)
    assert page.shown("field-value").get_property("value") == ""
    for text, problem in (("", "Enter a number."), ("-", "Enter a number."), ("1", "")):
        page.shown("field-value").send_keys(text)
        page.press_button("Report")
        assert page.texts("#field-value-problem") == [problem]
    page.wait(lambda: page.texts(".device .value") == ["-1"], "the value")
    page.fill("field-value", "0")
    page.press_button("Report")
    page.wait(lambda: page.texts(".device .value") == ["0"], "a zero that was typed")
    # The whole form takes no value either, and then the server refuses.
    page.click(".composer .more")
    page.choose("whole-action", "report")
    page.fill("whole-device", device)
    page.press_send()
    page.wait(lambda: page.texts("#whole-value-problem") == ["is missing"], "the refusal")
    # Where there is a default, it is shown as one.
    page.go("social")
    page.click(".composer .more")
    post = page.shown("whole-post")
    assert post.get_property("value") == ""
    assert post.get_attribute("placeholder") == "0 (default)"


def test_post_reaches_followers_and_comes_back_with_a_reaction(pages: Pages) -> None:
    (ana, ben), word = pages, unique("word")
    ana.go("social")
    ana.fill("field-user", ben.username)
    ana.press_button("Follow")
    ana.wait_for_remark(f"You follow {ben.username}.")
    ben.go("social")
    ben.press_button("Feed")
    ben.wait_for_remark("You follow nobody.")
    ben.say(word)
    ana.wait_for_message(word)
    ana.press_button("👍", within=".message:last-child .reactions")
    expected = f"👍 by {ana.username}"
    ben.wait(
        lambda: expected in " ".join(" ".join(ben.texts(".reactions .used")).split()),
        "the reaction at Ben's post",
    )


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_never_scrolls_sideways_and_the_console_stays_empty(
    pages: Pages, scheme: str
) -> None:
    page, _ = pages
    page.show_on_phone()
    set_color_scheme(page.driver, scheme)
    for endpoint in ("chat", "exchange", "game", "iot", "social"):
        page.go(endpoint)
        page.click(".composer .action")
        page.wait(page.is_done, "word that the action was taken")
        assert page.overflow() <= 0, endpoint
    page.click(".composer .more")
    assert page.shown("whole-action"), "the whole form is there for who wants it"
    assert page.overflow() <= 0
    assert page.console_errors() == []
