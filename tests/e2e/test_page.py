"""The chat page in a real browser, against a running Sapa."""

from collections.abc import Callable, Iterator

import pytest
from selenium import webdriver
from selenium.webdriver.common.keys import Keys

from tests.e2e.browser import ChatPage, chromium, show_as
from tests.e2e.targets import LOGOUT_IS_500

WARPED_CLOCK = """
    const [speed, wait, now, start] = [50, window.setTimeout, Date.now, Date.now()];
    window.setTimeout = (action, ms, ...rest) => wait(action, ms / speed, ...rest);
    Date.now = () => start + (now() - start) * speed;
"""
"""Makes minutes of silence pass in seconds, for a page that knows nothing of it."""


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests: a start costs more than most of them."""
    with chromium(tmp_path_factory.mktemp("profile")) as driver:
        yield driver


@pytest.fixture
def page(browser: webdriver.Chrome, base_url: str) -> Iterator[ChatPage]:
    """The page, freshly loaded in a desktop window by nobody in particular."""
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    browser.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
    show_as(browser, "light")
    chat = ChatPage(browser, base_url)
    chat.forget_logs()
    chat.open()
    yield chat
    chat.forget_scripts()


@pytest.fixture
def chat(page: ChatPage, username: str, password: str) -> ChatPage:
    """The page with somebody logged in and connected to the default endpoint."""
    page.log_in(username, password)
    page.wait_connected()
    return page


def test_wrong_password_is_refused_beside_the_form(page: ChatPage, username: str) -> None:
    page.log_in(username, "not-the-password-1A!")
    page.wait(lambda: page.shown("login-error").text, "the error")
    assert page.shown("login-error").text == "User name or password is wrong."
    assert page.state() == "Logged out"
    assert page.focused() == "password"


def test_missing_password_is_named_without_asking_the_server(page: ChatPage, username: str) -> None:
    page.log_in(username, "")
    assert page.shown("login-error").text == "Enter your password."
    assert page.focused() == "password"


def test_greetings_are_answered(chat: ChatPage) -> None:
    chat.say("Hai!")
    chat.wait(lambda: chat.answers() == ["Halo!"], "the answer to Hai!")
    chat.say("Hai")
    chat.wait(lambda: chat.answers() == ["Halo!", "Hai"], "the echo of Hai")
    assert chat.texts(".message.mine .content") == ["Hai!", "Hai"]


def test_shift_enter_starts_a_new_line(chat: ChatPage) -> None:
    chat.shown("chat-input").send_keys("satu", Keys.SHIFT, Keys.ENTER, Keys.SHIFT, "dua")
    assert chat.texts(".message") == []
    chat.press(Keys.ENTER)
    chat.wait(lambda: chat.answers() == ["satu\ndua"], "the echo of two lines")


def test_markup_in_a_message_stays_text(chat: ChatPage) -> None:
    chat.say("<b>tebal</b>")
    chat.wait(lambda: chat.answers() == ["<b>tebal</b>"], "the echo of the markup")


def test_closed_socket_comes_back_and_answers(
    chat: ChatPage, close_sockets: Callable[[], None]
) -> None:
    chat.say("Hai!")
    chat.wait(lambda: chat.answers() == ["Halo!"], "the first answer")
    chat.shown("chat-input").send_keys("Bagaimana ")
    close_sockets()
    chat.wait(lambda: chat.opened_sockets() == 2, "a second socket")
    chat.wait_connected()
    chat.say("kabarmu?")
    chat.wait(
        lambda: chat.answers() == ["Halo!", "Hebat! Bagaimana denganmu?"],
        "an answer on the new socket to what was typed across the break",
    )
    assert chat.open_sockets() == 1


def test_quiet_socket_is_kept_alive(page: ChatPage, username: str, password: str) -> None:
    page.run_before_load(WARPED_CLOCK)
    page.open()
    page.log_in(username, password)
    page.wait_connected()
    page.shown("frames-toggle").click()
    page.wait(
        lambda: any("$pong" in text for text in page.texts("#frames-list li.received code")),
        "a ping and its pong after minutes without a message",
    )
    assert page.texts(".message") == [], "keeping alive is not part of the conversation"


def test_ended_session_leads_to_login_and_keeps_what_was_typed(
    chat: ChatPage, close_sockets: Callable[[], None], username: str, password: str
) -> None:
    chat.shown("chat-input").send_keys("belum terkirim")
    chat.driver.delete_all_cookies()
    close_sockets()
    assert chat.shown("login-notice").text.startswith("Your session has ended.")
    assert chat.state() == "Logged out"
    chat.log_in(username, password)
    chat.wait_connected()
    assert chat.shown("chat-input").get_property("value") == "belum terkirim"


def test_form_of_typed_inputs_converts(chat: ChatPage) -> None:
    chat.open("#convert")
    chat.wait(lambda: chat.opened_sockets() == 2, "the socket of the other endpoint")
    chat.wait_connected()
    assert chat.shown("field-decimals").get_property("value") == "2", "the default"
    chat.fill("field-value", "5")
    chat.choose("field-unit", "km")
    chat.choose("field-system", "imperial")
    chat.press_send()
    chat.wait(lambda: len(chat.answers()) == 3, "one message for each unit")
    assert [answer.splitlines()[0] for answer in chat.answers()] == [
        "5 km = 196,850.39 in",
        "5 km = 16,404.20 ft",
        "5 km = 3.11 mi",
    ]
    assert chat.open_sockets() == 1, "the endpoint left behind was disconnected"


def test_missing_input_is_shown_at_its_field(chat: ChatPage) -> None:
    chat.open("#convert")
    chat.shown("field-value")
    chat.press_send()
    assert chat.shown("field-value-problem").text
    assert chat.focused() == "field-value"
    assert chat.texts(".message") == []


def test_refusal_by_the_server_is_shown_at_its_field(chat: ChatPage) -> None:
    chat.open("#convert")
    chat.fill("field-value", "1")
    chat.wait(lambda: chat.opened_sockets() == 2, "the socket of the other endpoint")
    chat.wait_connected()
    chat.choose("field-unit", "km")
    # A browser that does not know the limit: the server's word is what counts.
    chat.driver.execute_script("document.getElementById('field-decimals').removeAttribute('max')")
    chat.fill("field-decimals", "99")
    chat.press_send()
    chat.wait(lambda: chat.texts(".message.fault li code") == ["decimals"], "an error bubble")
    assert "12" in chat.shown("field-decimals-problem").text
    assert chat.focused() == "field-decimals"


def test_frames_view_shows_each_frame_with_its_direction(chat: ChatPage) -> None:
    chat.shown("frames-toggle").click()
    chat.say("Hai!")
    chat.wait(lambda: len(chat.texts("#frames-list li.received code")) == 1, "the frame received")
    (sent,) = chat.texts("#frames-list li.sent code")
    (received,) = chat.texts("#frames-list li.received code")
    assert '"Hai!"' in sent
    assert '"Halo!"' in received
    assert '"$id"' in received
    assert chat.texts("#frames-list li.sent .direction") == ["↑ sent"]
    assert chat.texts("#frames-list li.received .direction") == ["↓ received"]
    assert all(chat.texts("#frames-list li time"))
    chat.shown("frames-clear").click()
    assert chat.texts("#frames-list li") == []


@LOGOUT_IS_500
def test_logging_out_closes_the_socket_and_asks_for_a_login(chat: ChatPage) -> None:
    chat.wait(lambda: chat.open_sockets() == 1, "one socket")
    chat.shown("logout").click()
    assert chat.shown("login-notice").text == "You are logged out."
    assert chat.state() == "Logged out"
    chat.wait(lambda: chat.open_sockets() == 0, "no socket")
    chat.open()
    assert chat.shown("login-form"), "a reload does not bring the session back"


def test_reload_keeps_the_login_and_the_endpoint(chat: ChatPage) -> None:
    chat.open("#convert")
    chat.shown("field-value")
    chat.driver.refresh()
    assert chat.shown("field-value")
    chat.wait_connected()


def test_keyboard_alone_is_enough(page: ChatPage, username: str, password: str) -> None:
    page.shown("username")
    page.press(username, Keys.TAB, password, Keys.ENTER)
    page.wait_connected()
    page.press("Hai!", Keys.ENTER)
    page.wait(lambda: page.answers() == ["Halo!"], "the answer")
    reached = set()
    for _ in range(12):
        page.press(Keys.SHIFT, Keys.TAB, Keys.SHIFT)
        reached.add(page.focused())
    assert {"frames-toggle", "logout"} <= reached, "going back from the box leads to the header"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_never_scrolls_sideways(
    page: ChatPage, username: str, password: str, scheme: str
) -> None:
    phone = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", phone)
    show_as(page.driver, scheme)
    page.shown("login-form")
    assert page.overflow() <= 0
    page.log_in(username, password)
    page.wait_connected()
    page.say("kata" * 100)
    page.wait(lambda: len(page.answers()) == 1, "the echo of a very long word")
    page.shown("frames-toggle").click()
    assert page.overflow() <= 0
    page.open("#convert")
    page.shown("field-value")
    assert page.overflow() <= 0


@LOGOUT_IS_500
def test_console_stays_empty(chat: ChatPage) -> None:
    chat.say("Hai!")
    chat.wait(lambda: chat.answers() == ["Halo!"], "the answer")
    chat.open("#convert")
    chat.shown("field-value")
    # A browser complains of a socket that is closed before it is open.
    chat.wait_connected()
    chat.shown("frames-toggle").click()
    chat.shown("logout").click()
    chat.shown("login-form")
    assert chat.complaints() == []
