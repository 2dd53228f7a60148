"""The window never scrolls: the header and the composer stay, whatever is in the panes between."""

import pytest
from selenium import webdriver
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.actions.wheel_input import ScrollOrigin
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys

from tests.support.bot import Bot, unique
from tests.support.browser import ChatPage

# A low window, a phone, and a window of 1280 × 800 at 200 %.
WINDOWS = {"low": (1280, 600), "phone": (390, 844), "zoomed": (640, 400)}
ENDPOINTS = (
    "reply",
    "convert",
    "exchange",
    "game",
    "dialogue",
    "notify",
    "social",
    "chat",
    "iot",
)


def show(page: ChatPage, window: str) -> None:
    """Give the window a size."""
    width, height = WINDOWS[window]
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": False}
    page.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)


def wheel(page: ChatPage, selector: str) -> None:
    """Turn the wheel over what is there, far down."""
    element = page.driver.find_element(By.CSS_SELECTOR, selector)
    origin = ScrollOrigin.from_element(element)
    ActionChains(page.driver).scroll_from_origin(origin, 0, 2_000).perform()


def assert_still(page: ChatPage, what: str) -> None:
    """The document is as high as the window and at its top."""
    script = """
        const root = document.scrollingElement;
        window.scrollTo(0, 9999);
        document.body.scrollTop = 9999;
        return [scrollY, root.scrollTop, document.body.scrollTop,
                root.scrollHeight - innerHeight, document.body.scrollHeight - innerHeight,
                document.querySelector(".bar").getBoundingClientRect().top];
    """
    assert page.driver.execute_script(script) == [0, 0, 0, 0, 0, 0], what


@pytest.mark.parametrize("window", WINDOWS)
def test_window_never_scrolls(browser: webdriver.Chrome, bot: Bot, window: str) -> None:
    page = ChatPage.opened(browser, bot.base_url)
    show(page, window)
    page.shown("login-form")
    wheel(page, "#login")
    assert_still(page, "login")
    # The button of the form can be reached in the lowest window, too.
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    for endpoint in ENDPOINTS:
        page.go(endpoint)
        for selector in (".bar", ".endpoints", ".scroller", ".composer"):
            wheel(page, selector)
            assert_still(page, f"{endpoint}, wheel over {selector}")
        for _ in range(12):
            page.press(Keys.TAB)
            assert_still(page, f"{endpoint}, focus on {page.focused()}")


@pytest.mark.parametrize("window", WINDOWS)
def test_window_never_scrolls_with_many_messages(
    browser: webdriver.Chrome, bot: Bot, window: str
) -> None:
    page, room = ChatPage.opened(browser, bot.base_url), unique("room")
    show(page, window)
    page.log_in(bot.username, bot.password)
    page.wait_connected()
    page.enter(room)
    texts = [f"message {number}" for number in range(20)]
    for text in texts:
        bot.publish(f"chat:{room}", text=text, **{"from": "ana"})
    page.wait_for_message(texts[-1])
    page.shown("frames-toggle").click()
    for selector in (".bar", ".live", ".scroller", ".composer", "#frames-list"):
        wheel(page, selector)
        assert_still(page, f"wheel over {selector}")
    bottom = page.driver.execute_script(
        "return document.querySelector('.composer').getBoundingClientRect().bottom - innerHeight"
    )
    assert bottom <= 0, "the composer is in the window"
