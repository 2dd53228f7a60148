"""Tabs of one browser share the login: each of them follows what the others do."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot
from tests.support.browser import ChatPage


@dataclass
class Tabs:
    """Two tabs of a browser; what `page` does happens in the one that was shown last."""

    page: ChatPage
    first: str
    second: str

    def show(self, tab: str) -> None:
        """Look at a tab."""
        self.page.driver.switch_to.window(tab)


@pytest.fixture
def tabs(browser: webdriver.Chrome, bot: Bot) -> Iterator[Tabs]:
    """Both at the login form; the second one is in front."""
    page = ChatPage.opened(browser, bot.base_url)
    first = browser.current_window_handle
    page.shown("login-form")
    browser.switch_to.new_window("tab")
    second = browser.current_window_handle
    page.open()
    page.shown("login-form")
    try:
        yield Tabs(page, first, second)
    finally:
        browser.switch_to.window(second)
        browser.close()
        browser.switch_to.window(first)


def test_login_and_logout_are_noticed_in_the_other_tab(tabs: Tabs, bot: Bot) -> None:
    page = tabs.page
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    tabs.show(tabs.first)
    page.wait_connected()
    page.shown("chat-input").send_keys("belum terkirim")
    tabs.show(tabs.second)
    page.shown("logout").click()
    assert page.shown("login-notice").text == "You are logged out."
    tabs.show(tabs.first)
    expected = "You logged out in another tab. Your text is kept. Log in to continue."
    page.wait(lambda: page.texts("#login-notice") == [expected], expected)
    assert page.state() == "Logged out"
    assert page.shown("username").get_property("value") == bot.username
    assert page.focused() == "password"
    page.fill("password", bot.password)
    page.shown("login-button").click()
    page.wait_connected()
    assert page.shown("chat-input").get_property("value") == "belum terkirim"
    tabs.show(tabs.second)
    page.wait_connected()


def test_login_as_somebody_else_changes_the_other_tab(tabs: Tabs, bot: Bot) -> None:
    page, ben = tabs.page, bot.create_user("ben")
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    page.say("Hai!")
    page.wait_for_answers("Halo!")
    page.shown("logout").click()
    page.log_in(ben, PASSWORD)
    page.wait_connected()
    assert page.texts(".message") == [], "somebody else's words are gone"
    tabs.show(tabs.first)
    page.wait_connected()
    assert page.texts("#account-name") == [ben]


def test_ended_session_fills_in_the_user_name(tabs: Tabs, bot: Bot) -> None:
    page = tabs.page
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    page.driver.delete_all_cookies()
    bot.close_sockets(bot.username)
    expected = "Your session has ended. Your text is kept. Log in to continue."
    for tab in (tabs.second, tabs.first):
        tabs.show(tab)
        page.wait(lambda: page.texts("#login-notice") == [expected], expected)
        assert page.shown("username").get_property("value") == bot.username
