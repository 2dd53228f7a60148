"""Answers of a streaming endpoint in a real browser: they grow, can be stopped, and survive."""

from collections.abc import Iterator

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot
from tests.support.browser import ChatPage

WORDS = 60


@pytest.fixture
def page(browser: webdriver.Chrome, bot: Bot) -> Iterator[ChatPage]:
    """The page at the endpoint `story`, for a new user."""
    page = ChatPage.opened(browser, bot.base_url, "#story")
    page.log_in(bot.create_user("fia"), PASSWORD)
    page.wait_connected()
    yield page
    first, *others = browser.window_handles
    for tab in others:
        browser.switch_to.window(tab)
        browser.close()
    browser.switch_to.window(first)


def ask(page: ChatPage, words: int, per_second: float) -> None:
    """Ask for a story."""
    page.fill("field-words", str(words))
    page.fill("field-per_second", str(per_second))
    page.press_send()


def words(page: ChatPage) -> int:
    """How many words the latest answer has so far."""
    return len("".join(page.texts(".streamed .text")[-1:]).split())


def progress(page: ChatPage) -> list[str]:
    """What stands beside the answers."""
    return [text.removeprefix("· ") for text in page.texts(".streamed .progress")]


def test_answer_grows_and_is_whole_after_a_cut_and_a_reload(bot: Bot, page: ChatPage) -> None:
    ask(page, WORDS, 6)
    page.wait(lambda: words(page) > 3, "the first words")
    assert progress(page) == ["Writing…"]
    so_far = words(page)
    page.wait(lambda: words(page) > so_far, "more words")
    bot.close_sockets(page.username)
    page.driver.refresh()
    page.wait(lambda: words(page) > so_far, "the words from before, and more")
    assert len(page.texts(".message.mine")) == 1, "the question is shown again"
    page.wait(lambda: progress(page) == [""], "the end")
    assert words(page) == WORDS
    assert page.texts(".streamed .stop") == []
    page.driver.refresh()
    page.wait(lambda: progress(page) == [""], "the answer that has ended")
    assert words(page) == WORDS
    assert page.console_errors() == []


def test_other_tab_stops_an_answer(page: ChatPage) -> None:
    ask(page, 2000, 5)
    page.wait(lambda: words(page) > 2, "the first words")
    first = page.driver.current_window_handle
    page.driver.switch_to.new_window("tab")
    page.open("#story")
    page.wait(lambda: words(page) > 2, "the answer in the other tab")
    assert page.texts(".streamed .origin") == ["· asked in another window"]
    page.click(".streamed .stop")
    page.wait(lambda: progress(page) == ["Stopped"], "the end here")
    page.driver.switch_to.window(first)
    page.wait(lambda: progress(page) == ["Stopped"], "the end there")
    assert page.texts(".streamed .stop") == []


def test_logout_stops_an_answer(page: ChatPage) -> None:
    ask(page, 2000, 5)
    page.wait(lambda: words(page) > 2, "the first words")
    page.shown("logout").click()
    page.wait(lambda: page.shown("login-notice").text == "You are logged out.", "the logout")
    assert page.driver.execute_script("return sessionStorage.length") == 0
    page.log_in(page.username, PASSWORD)
    page.wait_connected()
    ask(page, 3, 10)
    page.wait(lambda: progress(page)[-1:] == [""], "another answer, which nothing holds up")


def test_too_many_answers_are_refused_in_words(page: ChatPage) -> None:
    for _ in range(6):
        ask(page, 2000, 1)
    page.wait(lambda: page.texts(".fault-title") == ["Too many answers at once"], "the refusal")
    for _ in range(5):
        page.click(".streamed .stop:not([aria-disabled])")
    page.wait(lambda: progress(page) == ["Stopped"] * 5, "all to be stopped")
