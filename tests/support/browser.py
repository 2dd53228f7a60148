"""Headless Chromium, and the chat page as a user sees it there. Waits; never sleeps."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Self

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.support.client import COOKIE
from tests.support.programs import require_tool
from tests.support.secrecy import SECRETS

# Longer than cold starts and the first waits of the reconnect together, on a busy machine.
TIMEOUT_SECONDS = 60
PHONE = {"width": 390, "height": 844, "deviceScaleFactor": 2, "mobile": True}

_ARGUMENTS = (
    "--headless=new",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--hide-scrollbars",
    "--window-size=1280,800",
)


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile that logs its console and its network."""
    options = webdriver.ChromeOptions()
    options.binary_location = require_tool("chromium", "chromium-browser", "google-chrome")
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(require_tool("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def set_color_scheme(driver: webdriver.Chrome, scheme: str) -> None:
    """Prefer the light or the dark scheme, and no motion: text that fades in cannot be read yet."""
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


class Page:
    """A page in a browser; `open` loads it from `url`."""

    def __init__(self, driver: webdriver.Chrome, url: str) -> None:
        self.driver = driver
        self._url = url.rstrip("/")
        self._socket_events: list[tuple[str, str]] = []

    @classmethod
    def opened(cls, driver: webdriver.Chrome, url: str, fragment: str = "") -> Self:
        """The page in a desktop window, without cookies and with empty logs."""
        driver.get("about:blank")
        driver.execute_cdp_cmd("Network.clearBrowserCookies", {})
        driver.execute_cdp_cmd("Emulation.clearDeviceMetricsOverride", {})
        set_color_scheme(driver, "light")
        page = cls(driver, url)
        page._log("performance")
        page._log("browser")
        page.open(fragment)
        return page

    def open(self, fragment: str = "") -> None:
        """Load the page, or a path below it."""
        self.driver.get(f"{self._url}/{fragment}")

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition; on failure name it and show the page's text."""

        def holds(_: object) -> bool:
            return bool(condition())

        try:
            WebDriverWait(
                self.driver,
                TIMEOUT_SECONDS,
                poll_frequency=0.05,
                ignored_exceptions=(StaleElementReferenceException,),
            ).until(holds)
        except Exception as error:
            text = self.driver.find_element(By.TAG_NAME, "body").text
            raise AssertionError(f"Waited in vain for {what}. The page shows:\n{text}") from error

    def shown(self, element_id: str) -> WebElement:
        """The element with this id, once it is visible."""
        self.wait(
            lambda: self.driver.find_element(By.ID, element_id).is_displayed(),
            f"#{element_id} to be visible",
        )
        return self.driver.find_element(By.ID, element_id)

    def all(self, selector: str) -> list[WebElement]:
        """The elements that match now."""
        return self.driver.find_elements(By.CSS_SELECTOR, selector)

    def texts(self, selector: str) -> list[str]:
        """The visible text of every element that matches, read at one moment."""
        texts: list[str] = self.driver.execute_script(
            "return Array.from(document.querySelectorAll(arguments[0]),"
            " (element) => element.innerText.trim())",
            selector,
        )
        return texts

    def fill(self, element_id: str, text: str) -> None:
        """Replace what a field holds."""
        SECRETS.words(text)
        field = self.shown(element_id)
        field.clear()
        field.send_keys(text)

    def choose(self, element_id: str, text: str) -> None:
        """Pick an option by its text."""
        Select(self.shown(element_id)).select_by_visible_text(text)

    def click(self, selector: str, place: int = 0, *, text: str = "") -> None:
        """Click one of the visible elements that match and have this text, once it is there."""

        def clicked() -> bool:
            elements = [element for element in self.all(selector) if element.is_displayed()]
            elements = [element for element in elements if not text or element.text == text]
            if len(elements) <= place:
                return False
            elements[place].click()
            return True

        self.wait(clicked, f"{selector} {text!r} to be there")

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> str:
        """The id of the element that has the focus; empty when it has none."""
        return self.driver.switch_to.active_element.get_attribute("id") or ""

    def show_on_phone(self) -> None:
        """Give the window the size of a phone."""
        self.driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", PHONE)

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.driver.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        return width

    def console_errors(self) -> list[str]:
        """What the browser's console says about the page.

        The 401 by which the page learns that nobody is logged in is an answer, not a fault, yet
        Chromium logs it.
        """
        return [
            entry["message"]
            for entry in self._log("browser")
            if not ("/auth/session" in entry["message"] and "401" in entry["message"])
        ]

    def open_sockets(self) -> int:
        """How many WebSockets the browser holds open, as its network stack counts them."""
        return self.opened_sockets() - self._count_sockets("webSocketClosed")

    def opened_sockets(self) -> int:
        """How many handshakes have succeeded so far."""
        return self._count_sockets("webSocketHandshakeResponseReceived")

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def _count_sockets(self, event: str) -> int:
        for entry in self._log("performance"):
            message: dict[str, Any] = json.loads(entry["message"])["message"]
            name = message["method"].removeprefix("Network.")
            params = message["params"]
            if name == "webSocketHandshakeResponseReceived" and params["response"]["status"] != 101:
                continue
            if name.startswith("webSocket"):
                self._socket_events.append((name, params["requestId"]))
        requests = {
            wanted: {request for name, request in self._socket_events if name == wanted}
            for wanted in ("webSocketHandshakeResponseReceived", event)
        }
        return len(requests["webSocketHandshakeResponseReceived"] & requests[event])


class ChatPage(Page):
    """The bot's page: login, endpoints, conversation and channels."""

    username = ""

    def log_in(self, username: str, password: str) -> None:
        """Fill in the login form and send it, without waiting for the outcome."""
        SECRETS.password(password)
        self.username = username
        self.fill("username", username)
        self.fill("password", password)
        self.shown("login-button").click()

    def state(self) -> str:
        """The connection's state in words."""
        return self.driver.find_element(By.ID, "state-label").text

    def wait_connected(self) -> None:
        """Wait until the page says so."""
        self.wait(lambda: self.state() == "Connected", "the state to be Connected")
        cookie = self.driver.get_cookie(COOKIE)
        if cookie is not None:
            SECRETS.token(cookie["value"])

    def go(self, endpoint: str) -> None:
        """Open an endpoint and wait for its connection."""
        self.open(f"#{endpoint}")
        self.wait_connected()

    def say(self, text: str) -> None:
        """Type into the chat box and press Enter."""
        SECRETS.words(text)
        self.shown("chat-input").send_keys(text, Keys.ENTER)

    def press_button(self, text: str, within: str = ".composer") -> None:
        """Press a button by its text, once it is there; `within` is a selector."""
        self.click(f"{within} button", text=text)

    def press_send(self) -> None:
        """Press the form's button."""
        self.click(".composer button[type=submit]")

    def answers(self) -> list[str]:
        """The bot's replies, without the words for screen readers and the times."""
        return self.texts(".message.bot .content")

    def wait_for_answers(self, *answers: str) -> None:
        """Wait until exactly these replies are there."""
        self.wait(lambda: self.answers() == list(answers), f"the answers {answers}")

    def join(self, field: str, name: str) -> None:
        """Join the channel that the field names, on the endpoint that is open."""
        self.fill(f"field-{field}", name)
        self.press_button("Join")
        self.wait(self.is_done, f"to be let into {name}")

    def enter(self, room: str) -> None:
        """Join a chat room and wait to be in the list of its members."""
        self.go("chat")
        self.join("room", room)
        self.wait(lambda: f"{self.username} (you)" in self.members(), "one's own name in the list")

    def is_done(self) -> bool:
        """Whether the last action was accepted."""
        return "✓" in "".join(self.texts(".deed .meta")[-1:])

    def members(self) -> list[str]:
        """The names in the list beside the conversation."""
        return self.texts(".people .name")

    def conversation(self) -> list[str]:
        """All that users said in channels, in the order shown."""
        return self.texts(".message:not(.deed):not(.bot) .content")

    def wait_for_conversation(self, *texts: str) -> None:
        """Wait until users have said exactly this."""
        self.wait(lambda: self.conversation() == list(texts), f"the conversation to be {texts}")

    def wait_for_message(self, text: str) -> None:
        """Wait until a user has said this."""
        self.wait(lambda: text in self.conversation(), text)

    def remarks(self) -> list[str]:
        """The quiet lines, without their times."""
        return self.texts(".remark > span")

    def wait_for_remark(self, text: str) -> None:
        """Wait for a quiet line."""
        self.wait(lambda: text in self.remarks(), f"the line {text!r}")
