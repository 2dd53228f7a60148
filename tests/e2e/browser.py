"""Headless Chromium, and Sapa's page as a person sees it in one."""

import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from selenium import webdriver
from selenium.common.exceptions import StaleElementReferenceException
from selenium.webdriver.chrome.service import Service
from selenium.webdriver.common.action_chains import ActionChains
from selenium.webdriver.common.by import By
from selenium.webdriver.common.keys import Keys
from selenium.webdriver.remote.webelement import WebElement
from selenium.webdriver.support.select import Select
from selenium.webdriver.support.wait import WebDriverWait

from tests.e2e.client import COOKIE
from tests.e2e.secrecy import SECRETS
from tests.programs import require_tool

PATIENCE_SECONDS = 60
"""Longer than cold starts and the first waits of the reconnect together, where much else runs."""

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
)


@contextmanager
def chromium(profile: Path) -> Iterator[webdriver.Chrome]:
    """A browser with an empty profile that logs its console and its network."""
    options = webdriver.ChromeOptions()
    options.binary_location = require_tool("chromium", "chromium-browser", "google-chrome")
    for argument in (*_ARGUMENTS, f"--user-data-dir={profile}", "--window-size=1280,800"):
        options.add_argument(argument)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL", "performance": "ALL"})
    driver = webdriver.Chrome(options=options, service=Service(require_tool("chromedriver")))
    try:
        yield driver
    finally:
        driver.quit()


def show_as(driver: webdriver.Chrome, scheme: str) -> None:
    """Prefer the light or the dark scheme, and no motion: what fades in cannot be read yet."""
    features = [
        {"name": "prefers-color-scheme", "value": scheme},
        {"name": "prefers-reduced-motion", "value": "reduce"},
    ]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})


class ChatPage:
    """What a person can do on the page and read from it. Waits; never sleeps."""

    def __init__(self, driver: webdriver.Chrome, base_url: str) -> None:
        self.driver = driver
        self._base_url = base_url.rstrip("/")
        self._socket_events: list[tuple[str, str]] = []
        self._scripts: list[str] = []

    def open(self, fragment: str = "") -> None:
        """Load the page; `fragment` names an endpoint."""
        self.driver.get(f"{self._base_url}/{fragment}")

    def log_in(self, username: str, password: str) -> None:
        """Fill in the login form and send it, without waiting for the outcome."""
        SECRETS.password(password)
        self.fill("username", username)
        self.fill("password", password)
        self.shown("login-button").click()

    def wait_connected(self) -> None:
        """Wait until the page says so."""
        self.wait(lambda: self.state() == "Connected", "the state to be Connected")
        cookie = self.driver.get_cookie(COOKIE)
        if cookie is not None:
            SECRETS.token(cookie["value"])

    def state(self) -> str:
        """The connection's state in words."""
        return self.driver.find_element(By.ID, "state-label").text

    def say(self, text: str) -> None:
        """Type into the chat box and press Enter."""
        SECRETS.words(text)
        self.shown("chat-input").send_keys(text, Keys.ENTER)

    def fill(self, element_id: str, text: str) -> None:
        """Replace what a field holds."""
        SECRETS.words(text)
        field = self.shown(element_id)
        field.clear()
        field.send_keys(text)

    def choose(self, element_id: str, text: str) -> None:
        """Pick an option by what it shows."""
        Select(self.shown(element_id)).select_by_visible_text(text)

    def press_send(self) -> None:
        """Press the form's button."""
        self.driver.find_element(By.CSS_SELECTOR, ".composer button[type=submit]").click()

    def press_button(self, text: str, within: str = ".composer") -> None:
        """Press a button by what it says, once it is there; `within` is a selector."""

        def found() -> list[WebElement]:
            buttons = self.driver.find_elements(By.CSS_SELECTOR, f"{within} button")
            return [button for button in buttons if button.is_displayed() and button.text == text]

        self.wait(found, f"a button {text!r} within {within}")
        found()[0].click()

    def press(self, *keys: str) -> None:
        """Press keys, wherever the focus is."""
        ActionChains(self.driver).send_keys(*keys).perform()

    def focused(self) -> str:
        """The id of the element that has the focus; empty when it has none."""
        return self.driver.switch_to.active_element.get_attribute("id") or ""

    def overflow(self) -> int:
        """By how many pixels the page is wider than the window."""
        width: int = self.driver.execute_script(
            "return document.documentElement.scrollWidth - window.innerWidth"
        )
        return width

    def shown(self, element_id: str) -> WebElement:
        """The element with this id, once it is visible."""
        self.wait(
            lambda: self.driver.find_element(By.ID, element_id).is_displayed(),
            f"#{element_id} to be visible",
        )
        return self.driver.find_element(By.ID, element_id)

    def texts(self, selector: str) -> list[str]:
        """The visible text of every element that matches, read at one moment."""
        found: list[str] = self.driver.execute_script(
            "return Array.from(document.querySelectorAll(arguments[0]),"
            " (element) => element.innerText.trim())",
            selector,
        )
        return found

    def click(self, selector: str, place: int = 0) -> None:
        """Click one of the elements that match, once it is there to be clicked."""

        def clicked() -> bool:
            found = self.driver.find_elements(By.CSS_SELECTOR, selector)
            if len(found) <= place:
                return False
            found[place].click()
            return True

        self.wait(clicked, f"{selector} to be there")

    def answers(self) -> list[str]:
        """What Sapa has said so far, without the words for screen readers and the times."""
        return self.texts(".message.bot .content")

    def wait(self, condition: Callable[[], object], what: str) -> None:
        """Wait for a condition; on failure say what was awaited and what the page shows."""

        def holds(_: object) -> bool:
            return bool(condition())

        try:
            WebDriverWait(
                self.driver,
                PATIENCE_SECONDS,
                poll_frequency=0.05,
                ignored_exceptions=(StaleElementReferenceException,),
            ).until(holds)
        except Exception as error:
            seen = self.driver.find_element(By.TAG_NAME, "body").text
            raise AssertionError(f"Waited in vain for {what}. The page shows:\n{seen}") from error

    def open_sockets(self) -> int:
        """How many WebSockets the browser holds open, as its network stack counts them."""
        return self._sockets("webSocketHandshakeResponseReceived") - self._sockets(
            "webSocketClosed"
        )

    def opened_sockets(self) -> int:
        """How many handshakes have succeeded so far."""
        return self._sockets("webSocketHandshakeResponseReceived")

    def run_before_load(self, script: str) -> None:
        """Run a script in every page loaded from now on, before the page's own."""
        added = self.driver.execute_cdp_cmd(
            "Page.addScriptToEvaluateOnNewDocument", {"source": script}
        )
        self._scripts.append(added["identifier"])

    def forget_scripts(self) -> None:
        """Undo `run_before_load`."""
        for identifier in self._scripts:
            self.driver.execute_cdp_cmd(
                "Page.removeScriptToEvaluateOnNewDocument", {"identifier": identifier}
            )
        self._scripts.clear()

    def forget_logs(self) -> None:
        """Drop what the browser wrote down before this page."""
        self._log("performance")
        self._log("browser")

    def _log(self, kind: str) -> list[dict[str, Any]]:
        entries: list[dict[str, Any]] = self.driver.get_log(kind)  # type: ignore[no-untyped-call]
        return entries

    def _sockets(self, event: str) -> int:
        for entry in self._log("performance"):
            message: dict[str, Any] = json.loads(entry["message"])["message"]
            name = message["method"].removeprefix("Network.")
            params = message["params"]
            if name == "webSocketHandshakeResponseReceived" and params["response"]["status"] != 101:
                continue
            if name.startswith("webSocket"):
                self._socket_events.append((name, params["requestId"]))
        opened = {
            request
            for name, request in self._socket_events
            if name == "webSocketHandshakeResponseReceived"
        }
        seen = {request for name, request in self._socket_events if name == event}
        return len(opened & seen)

    def complaints(self) -> list[str]:
        """What the browser's console holds against the page.

        The 401 by which the page learns that nobody is logged in is an answer, not a fault, yet
        Chromium writes it down.
        """
        return [
            entry["message"]
            for entry in self._log("browser")
            if not ("/auth/session" in entry["message"] and "401" in entry["message"])
        ]
