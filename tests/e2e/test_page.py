"""The chat page in a real browser, against a running Sapa."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.keys import Keys

from tests.support.bot import Bot
from tests.support.browser import ChatPage, set_color_scheme


@pytest.fixture
def page(browser: webdriver.Chrome, bot: Bot) -> ChatPage:
    """The page, freshly loaded by nobody in particular."""
    return ChatPage.opened(browser, bot.base_url)


@pytest.fixture
def chat(page: ChatPage, bot: Bot) -> ChatPage:
    """The page with a user logged in and connected to the default endpoint."""
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    return page


def test_wrong_password_is_refused_beside_the_form(page: ChatPage, bot: Bot) -> None:
    page.log_in(bot.username, "")
    assert page.shown("login-error").text == "Enter your password."
    assert page.focused() == "password"
    page.log_in(bot.username, "not-the-password-1A!")
    expected = "User name or password is wrong."
    page.wait(lambda: page.shown("login-error").text == expected, "the error")
    assert page.state() == "Logged out"
    assert page.focused() == "password"


def test_messages_are_answered(chat: ChatPage) -> None:
    chat.say("Hai!")
    chat.wait_for_answers("Halo!")
    chat.shown("chat-input").send_keys("<b>satu</b>", Keys.SHIFT, Keys.ENTER, Keys.SHIFT, "dua")
    assert len(chat.texts(".message")) == 2, "Shift and Enter start a new line"
    chat.press(Keys.ENTER)
    chat.wait_for_answers("Halo!", "<b>satu</b>\ndua")
    assert chat.texts(".message.mine .content") == ["Hai!", "<b>satu</b>\ndua"]


def test_closed_socket_comes_back_and_answers(chat: ChatPage, bot: Bot) -> None:
    chat.say("Hai!")
    chat.wait_for_answers("Halo!")
    chat.shown("chat-input").send_keys("Bagaimana ")
    bot.close_sockets(bot.username)
    chat.wait(lambda: chat.opened_sockets() == 2, "a second socket")
    chat.wait_connected()
    chat.say("kabarmu?")
    chat.wait_for_answers("Halo!", "Hebat! Bagaimana denganmu?")
    assert chat.open_sockets() == 1


def test_ended_session_leads_to_login_and_keeps_the_draft(chat: ChatPage, bot: Bot) -> None:
    chat.shown("chat-input").send_keys("belum terkirim")
    chat.driver.delete_all_cookies()
    bot.close_sockets(bot.username)
    assert chat.shown("login-notice").text.startswith("Your session has ended.")
    assert chat.state() == "Logged out"
    chat.log_in(bot.username, bot.password)
    chat.wait_connected()
    assert chat.shown("chat-input").get_property("value") == "belum terkirim"


def open_convert(chat: ChatPage) -> None:
    """Open the endpoint with a form and wait for its socket."""
    chat.open("#convert")
    chat.wait(lambda: chat.opened_sockets() == 2, "the socket of the other endpoint")
    chat.wait_connected()


def test_form_of_typed_inputs_converts(chat: ChatPage) -> None:
    open_convert(chat)
    chat.press_send()
    assert chat.shown("field-value-problem").text, "a missing input is shown at its field"
    assert chat.focused() == "field-value"
    assert chat.texts("#field-value-problem") == ["Enter a number."]
    assert chat.texts("#field-unit-problem") == ["Choose one of the options."]
    assert chat.texts(".message") == []
    chat.fill("field-value", "5")
    chat.fill("field-decimals", "1.5")
    chat.press_send()
    assert chat.texts("#field-decimals-problem") == ["Enter a whole number."]
    assert chat.texts(".message") == []
    chat.shown("field-decimals").clear()
    chat.choose("field-unit", "km")
    chat.choose("field-system", "imperial")
    chat.press_send()
    chat.wait(lambda: len(chat.answers()) == 3, "one message for each unit")
    assert chat.answers() == ["5 km = 196,850 in", "5 km = 16,404.2 ft", "5 km = 3.10686 mi"]
    assert chat.open_sockets() == 1, "the endpoint left behind was disconnected"


def test_refusal_by_the_server_is_shown_at_its_field(chat: ChatPage) -> None:
    open_convert(chat)
    chat.fill("field-value", "1")
    chat.choose("field-unit", "km")
    # Without the limit in the form the server's answer is what counts.
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


def test_frames_button_looks_pressed_only_while_the_view_is_open(chat: ChatPage) -> None:
    toggle = chat.shown("frames-toggle")

    def look() -> tuple[str | None, str]:
        return toggle.get_attribute("aria-expanded"), toggle.value_of_css_property(
            "background-color"
        )

    closed = look()
    ActionChains(chat.driver).move_to_element(toggle).perform()
    assert look() == closed, "a pointer over it does not press it"
    toggle.click()
    opened = look()
    assert opened[0] == "true"
    assert opened[1] != closed[1]
    toggle.click()
    assert look() == closed


def test_empty_message_is_sent_where_it_means_something(chat: ChatPage) -> None:
    chat.press(Keys.ENTER)
    assert chat.texts("#chat-problem") == ["Write a message first."]
    assert chat.texts(".message") == []
    chat.press("Hai!")
    assert chat.texts("#chat-problem") == [""]
    chat.go("dialogue")
    chat.say("start over")
    chat.wait(lambda: len(chat.answers()) == 1, "the first question")
    chat.say("")
    chat.wait(lambda: len(chat.answers()) == 2, "the question again")
    question, again = chat.answers()
    assert question == again


def test_unknown_endpoint_in_the_address_is_reported_and_corrected(chat: ChatPage) -> None:
    chat.go("tidakada")
    expected = "There is no endpoint “tidakada” on this server."
    chat.wait(lambda: chat.texts(".toast p") == [expected], expected)
    assert chat.driver.current_url.endswith("/#reply")
    chat.say("Hai!")
    chat.wait_for_answers("Halo!")


def test_address_where_nothing_is_shows_a_page_that_leads_back(page: ChatPage) -> None:
    page.open("anything/here")
    assert page.texts("h1") == ["Page not found"]
    page.click("a", text="Open Sapa")
    assert page.shown("login-form")


def test_reload_keeps_the_login_and_the_endpoint(chat: ChatPage) -> None:
    chat.open("#convert")
    chat.shown("field-value")
    chat.driver.refresh()
    assert chat.shown("field-value")
    chat.wait_connected()


def test_keyboard_alone_is_enough(page: ChatPage, bot: Bot) -> None:
    page.shown("username")
    page.press(bot.username, Keys.TAB, bot.password, Keys.ENTER)
    page.wait_connected()
    page.press("Hai!", Keys.ENTER)
    page.wait_for_answers("Halo!")
    reached = set()
    for _ in range(12):
        page.press(Keys.SHIFT, Keys.TAB, Keys.SHIFT)
        reached.add(page.focused())
    assert {"frames-toggle", "logout"} <= reached, "going back from the box leads to the header"


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phone_never_scrolls_sideways(page: ChatPage, bot: Bot, scheme: str) -> None:
    page.show_on_phone()
    set_color_scheme(page.driver, scheme)
    page.shown("login-form")
    assert page.overflow() <= 0
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    page.say("kata" * 100)
    page.wait(lambda: len(page.answers()) == 1, "the echo of a very long word")
    page.shown("frames-toggle").click()
    assert page.overflow() <= 0
    page.open("#convert")
    page.shown("field-value")
    assert page.overflow() <= 0


def test_console_stays_empty(chat: ChatPage) -> None:
    chat.say("Hai!")
    chat.wait_for_answers("Halo!")
    chat.open("#convert")
    chat.shown("field-value")
    # A browser complains of a socket that is closed before it is open.
    chat.wait_connected()
    chat.shown("frames-toggle").click()
    chat.shown("logout").click()
    assert chat.shown("login-notice").text == "You are logged out."
    assert chat.state() == "Logged out"
    chat.wait(lambda: chat.open_sockets() == 0, "no socket")
    chat.open()
    assert chat.shown("login-form"), "a reload does not bring the session back"
    assert chat.console_errors() == []
