"""What the page says, and offers, when the server closes or refuses its socket for good."""

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot, local_bot
from tests.support.browser import ChatPage
from tests.support.client import COOKIE, HTTP
from tools.scripts.revoke_user import Revoker

TOO_MANY = (
    "Sapa is open in too many windows or on too many devices, so this one is not connected. "
    "Close another one, then connect here. "
    "What you type stays here; Send works again once connected."
)


@dataclass(frozen=True, slots=True)
class Tabs:
    """The page in tabs of one browser, which share the cookie."""

    page: ChatPage

    def open(self) -> str:
        """Open the page in another tab and go there."""
        self.page.driver.switch_to.new_window("tab")
        self.page.open()
        return self.page.driver.current_window_handle

    def go(self, tab: str) -> None:
        """Look at a tab."""
        self.page.driver.switch_to.window(tab)

    def close(self, tab: str) -> None:
        """Close a tab."""
        self.go(tab)
        self.page.driver.close()


@pytest.fixture
def tabs(browser: webdriver.Chrome, bot: Bot) -> Iterator[Tabs]:
    """A browser with a single tab; its page is connected for a new user."""
    with logged_in(browser, bot) as tabs:
        yield tabs


@contextmanager
def logged_in(browser: webdriver.Chrome, bot: Bot) -> Iterator[Tabs]:
    """The same for another bot."""
    page = ChatPage.opened(browser, bot.base_url)
    page.log_in(bot.create_user("eva"), PASSWORD)
    page.wait_connected()
    yield Tabs(page)
    first, *others = browser.window_handles
    for tab in others:
        browser.switch_to.window(tab)
        browser.close()
    browser.switch_to.window(first)


def expect_login(page: ChatPage, draft: str) -> None:
    """The page asks for a login that keeps what was typed, and opens no socket before."""
    notice = "Your text is kept. Log in to continue."
    page.wait(lambda: page.shown("login-notice").text.endswith(notice), "the notice")
    assert page.state() == "Logged out"
    assert page.shown("login-button").is_enabled()
    page.log_in(page.username, PASSWORD)
    page.wait_connected()
    assert page.shown("chat-input").get_property("value") == draft


def expect_too_many(page: ChatPage) -> None:
    """The page says that there are too many connections, and offers to connect here."""
    page.wait(lambda: page.state() == "Disconnected", "the state to be Disconnected")
    assert page.shown("send-state-text").text == TOO_MANY
    assert page.shown("retry").text == "Connect here"


def test_logout_in_another_tab(tabs: Tabs) -> None:
    page, first = tabs.page, tabs.page.driver.current_window_handle
    page.shown("chat-input").send_keys("belum terkirim")
    tabs.open()
    page.wait_connected()
    page.shown("logout").click()
    page.wait(lambda: page.shown("login-notice").text == "You are logged out.", "the logout")
    tabs.go(first)
    expect_login(page, "belum terkirim")


def test_logout_outside_of_the_browser(tabs: Tabs, bot: Bot) -> None:
    page = tabs.page
    page.shown("chat-input").send_keys("belum terkirim")
    cookie = page.driver.get_cookie(COOKIE)
    assert cookie is not None
    headers = {"Cookie": f"{COOKIE}={cookie['value']}"}
    assert HTTP.request("POST", f"{bot.base_url}/auth/logout", headers=headers).status == 204
    notice = "Your session has ended. Your text is kept. Log in to continue."
    page.wait(lambda: page.shown("login-notice").text == notice, "the notice")
    expect_login(page, "belum terkirim")


def test_revocation(tabs: Tabs, bot: Bot) -> None:
    page, revoker = tabs.page, Revoker(bot.stack)
    page.shown("chat-input").send_keys("belum terkirim")
    assert revoker.revoke(page.username).sockets == 1
    notice = "Your session has ended. Your text is kept. Log in to continue."
    page.wait(lambda: page.shown("login-notice").text == notice, "the notice")
    page.log_in(page.username, PASSWORD)
    refused = "User name or password is wrong."
    page.wait(lambda: page.shown("login-error").text == refused, "the refusal")
    revoker.restore(page.username)
    expect_login(page, "belum terkirim")


def test_expiry(tabs: Tabs, bot: Bot) -> None:
    page = tabs.page
    # Long enough to connect again; the socket knows the end of its login from the handshake.
    expires_at = int(time.time()) + 15
    [session] = [each for each in bot.items("Sessions") if each["username"]["S"] == page.username]
    session["expires_at"]["N"] = str(expires_at)
    bot.aws("dynamodb").put_item(TableName=bot.table("Sessions"), Item=session)
    page.driver.refresh()
    page.wait_connected()
    page.say("Hai!")
    page.wait_for_answers("Halo!")
    page.wait(lambda: time.time() > expires_at, "the end of the login")
    page.say("Apa kabar?")
    notice = "Your session has ended. Your text is kept. Log in to continue."
    page.wait(lambda: page.shown("login-notice").text == notice, "the notice")
    expect_login(page, "")


@pytest.fixture(scope="module")
def limited_bots() -> Iterator[dict[str, Bot]]:
    """Bots that allow a single connection per user, by their policy."""
    with ExitStack() as stack:
        yield {
            policy: stack.enter_context(
                local_bot(
                    f"--parameter-overrides MaxConnectionsPerUser=1 ConnectionLimitPolicy={policy}"
                )
            )
            for policy in ("close-oldest", "refuse-newest")
        }


@pytest.mark.local_only
def test_newer_connection_closes_the_oldest(
    browser: webdriver.Chrome, limited_bots: dict[str, Bot]
) -> None:
    with logged_in(browser, limited_bots["close-oldest"]) as tabs:
        page, first = tabs.page, browser.current_window_handle
        page.shown("chat-input").send_keys("belum terkirim")
        second = tabs.open()
        page.wait_connected()
        tabs.go(first)
        expect_too_many(page)
        page.shown("retry").click()
        page.wait_connected()
        assert not browser.find_element("id", "send-state").is_displayed()
        assert page.shown("chat-input").get_property("value") == "belum terkirim"
        tabs.go(second)
        expect_too_many(page)


@pytest.mark.local_only
def test_newest_connection_is_refused(
    browser: webdriver.Chrome, limited_bots: dict[str, Bot]
) -> None:
    with logged_in(browser, limited_bots["refuse-newest"]) as tabs:
        page, first = tabs.page, browser.current_window_handle
        page.driver.refresh()
        page.wait_connected()
        second = tabs.open()
        expect_too_many(page)
        page.shown("retry").click()
        expect_too_many(page)
        tabs.go(first)
        assert page.state() == "Connected"
        page.say("Hai!")
        page.wait_for_answers("Halo!")
        tabs.close(first)
        tabs.go(second)
        page.shown("retry").click()
        page.wait_connected()
