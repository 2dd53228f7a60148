"""A page of another site, in the browser of somebody who is logged in."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from tests.e2e.browser import ChatPage, chromium
from tests.e2e.client import COOKIE, HTTP
from tests.e2e.targets import PASSWORD, Target, unique

pytestmark = pytest.mark.local_only

OPENS = """
    const [url, done] = arguments;
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onclose = () => done("refused");
"""

FETCHES = """
    const [url, body, options, done] = arguments;
    fetch(url, {method: "POST", credentials: "include", body, ...options})
        .then((answer) => done(answer.type), () => done("refused"));
"""
# A form can spell JSON: its only field's name is all but the end, its value what must not matter.
SUBMITS = """
    const [url, body] = arguments;
    const form = document.createElement("form");
    Object.assign(form, {method: "post", action: url, enctype: "text/plain"});
    const field = document.createElement("input");
    Object.assign(field, {name: body.replace(/}$/, ', "ignored": "'), value: '"}'});
    form.append(field);
    document.body.append(form);
    form.submit();
"""
JSON = {"headers": {"Content-Type": "application/json"}}


class ForeignPage(BaseHTTPRequestHandler):
    """An empty page without a policy of its own."""

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Type", "text/html")
        self.end_headers()
        self.wfile.write(b"<!doctype html><title>elsewhere</title>")

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """The URL of a page at 127.0.0.1, which is another site than localhost."""
    with HTTPServer(("127.0.0.1", 0), ForeignPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


@pytest.fixture(scope="module")
def browser(tmp_path_factory: pytest.TempPathFactory) -> Iterator[webdriver.Chrome]:
    """One browser for all tests."""
    profile: Path = tmp_path_factory.mktemp("profile")
    with chromium(profile) as driver:
        yield driver


@pytest.fixture
def chat(browser: webdriver.Chrome, target: Target) -> ChatPage:
    """Somebody logged in and connected at localhost."""
    assert "//localhost:" in target.base_url
    browser.get("about:blank")
    browser.execute_cdp_cmd("Network.clearBrowserCookies", {})
    chat = ChatPage(browser, target.base_url)
    chat.forget_logs()
    chat.open()
    chat.log_in(target.username, target.password)
    chat.wait_connected()
    return chat


def test_foreign_page_opens_no_socket(chat: ChatPage, target: Target, foreign_page: str) -> None:
    driver = chat.driver
    assert driver.execute_async_script(OPENS, target.socket_url) == "open"
    driver.get(foreign_page)
    assert driver.execute_async_script(OPENS, target.socket_url) == "refused"


class Visitor:
    """Somebody who is logged in and has wandered off to a foreign page."""

    def __init__(self, chat: ChatPage, target: Target) -> None:
        assert target.process is not None
        self.chat, self.driver, self.process = chat, chat.driver, target.process
        self.target = target
        self.token = self._cookie()

    def fetch(self, path: str, body: object, **options: object) -> str:
        """What becomes of the page's request: the type of its answer, or `refused`."""
        outcome: str = self.driver.execute_async_script(
            FETCHES, self.target.base_url + path, json.dumps(body), options
        )
        return outcome

    def submit(self, path: str, body: object) -> None:
        """The page sends a form, to whose answer the browser goes."""
        self.driver.execute_script(SUBMITS, self.target.base_url + path, json.dumps(body))

    def seen(self, line: str) -> int:
        """How often the gateway has answered this so far."""
        return self.process.output.count(f"  {line} ")

    def wait_seen(self, line: str, times: int) -> None:
        """Wait until the gateway has answered it so often."""
        self.chat.wait(lambda: self.seen(line) == times, f"{line}, {times} times")

    def is_still_logged_in(self) -> None:
        """As oneself, in the same session, on a socket that works."""
        self.chat.open()
        self.chat.wait_connected()
        assert self._cookie() == self.token
        cookie = {"Cookie": f"{COOKIE}={self.token}"}
        session = HTTP.request("GET", f"{self.target.base_url}/auth/session", headers=cookie)
        assert session.json()["username"] == self.target.username
        self.chat.say("Hai!")
        self.chat.wait(lambda: self.chat.answers() == ["Halo!"], "the answer")

    def _cookie(self) -> object:
        cookie = self.driver.get_cookie(COOKIE)
        assert cookie is not None
        return cookie["value"]


@pytest.fixture
def visitor(chat: ChatPage, target: Target, foreign_page: str) -> Visitor:
    """Somebody logged in at localhost, in front of a foreign page."""
    visitor = Visitor(chat, target)
    visitor.driver.get(foreign_page)
    return visitor


@pytest.fixture(scope="module")
def attacker(target: Target) -> str:
    """Whoever made the foreign page has a login of their own."""
    name = unique("attacker")
    target.create_users(name)
    return name


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_out(visitor: Visitor, by_form: bool) -> None:
    refused = "POST /auth/logout 403"
    before = visitor.seen(refused)
    if by_form:
        visitor.submit("/auth/logout", {})
    else:
        assert visitor.fetch("/auth/logout", {}, mode="no-cors") in {"opaque", "refused"}
    visitor.wait_seen(refused, before + 1)
    visitor.is_still_logged_in()


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_in(visitor: Visitor, attacker: str, by_form: bool) -> None:
    """Whoever talks in another's name tells them everything."""
    refused = "POST /auth/login 403"
    before, login = visitor.seen(refused), {"username": attacker, "password": PASSWORD}
    if by_form:
        visitor.submit("/auth/login", login)
    else:
        assert visitor.fetch("/auth/login", login, mode="no-cors") in {"opaque", "refused"}
    visitor.wait_seen(refused, before + 1)
    visitor.is_still_logged_in()
    assert f"login granted username={attacker}" not in visitor.process.output


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout"])
def test_foreign_page_may_not_send_json(visitor: Visitor, attacker: str, path: str) -> None:
    """The browser asks first, and is told no."""
    refused, login = f"OPTIONS {path} 405", {"username": attacker, "password": PASSWORD}
    before = visitor.seen(refused)
    assert visitor.fetch(path, login, **JSON) == "refused"
    visitor.wait_seen(refused, before + 1)
    visitor.is_still_logged_in()
    assert f"login granted username={attacker}" not in visitor.process.output
