"""A page of another site, in the browser of somebody who is logged in."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import pytest
from selenium import webdriver

from tests.support.bot import PASSWORD, Bot
from tests.support.browser import ChatPage
from tests.support.client import COOKIE, HTTP

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
        """Log nothing."""


@pytest.fixture
def foreign_page() -> Iterator[str]:
    """The URL of a page at 127.0.0.1, which is another site than localhost."""
    with ThreadingHTTPServer(("127.0.0.1", 0), ForeignPage) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_port}/"
        server.shutdown()


class Victim:
    """A logged-in user in front of the foreign page."""

    def __init__(self, browser: webdriver.Chrome, bot: Bot) -> None:
        assert "//localhost:" in bot.base_url
        self.bot, self.driver = bot, browser
        self.page = ChatPage.opened(browser, bot.base_url)
        self.page.log_in(bot.username, bot.password)
        self.page.wait_connected()
        self.token = self._token()

    def fetch(self, path: str, body: object, **options: object) -> str:
        """The outcome of a request by the page: the type of its answer, or `refused`."""
        outcome: str = self.driver.execute_async_script(
            FETCHES, self.bot.base_url + path, json.dumps(body), options
        )
        return outcome

    def submit(self, path: str, body: object) -> None:
        """The page sends a form, to whose answer the browser goes."""
        self.driver.execute_script(SUBMITS, self.bot.base_url + path, json.dumps(body))

    def count(self, line: str) -> int:
        """How often the gateway has answered this so far."""
        return self.bot.output.count(f"  {line} ")

    def wait_for_count(self, line: str, times: int) -> None:
        """Wait until the gateway has answered it so often."""
        self.page.wait(lambda: self.count(line) == times, f"{line}, {times} times")

    def assert_logged_in(self) -> None:
        """The same user is in the same session, on a socket that works."""
        self.page.open()
        self.page.wait_connected()
        assert self._token() == self.token
        cookie = {"Cookie": f"{COOKIE}={self.token}"}
        session = HTTP.request("GET", f"{self.bot.base_url}/auth/session", headers=cookie)
        assert session.json()["username"] == self.bot.username
        self.page.say("Hai!")
        self.page.wait_for_answers("Halo!")

    def _token(self) -> object:
        cookie = self.driver.get_cookie(COOKIE)
        assert cookie is not None
        return cookie["value"]


@pytest.fixture
def victim(browser: webdriver.Chrome, bot: Bot, foreign_page: str) -> Victim:
    """A user logged in at localhost, in front of a foreign page."""
    victim = Victim(browser, bot)
    browser.get(foreign_page)
    return victim


@pytest.fixture(scope="module")
def attacker(bot: Bot) -> str:
    """The author of the foreign page has a login of their own."""
    return bot.create_user("attacker")


def test_foreign_page_opens_no_socket(victim: Victim, bot: Bot) -> None:
    assert victim.driver.execute_async_script(OPENS, bot.socket_url) == "refused"
    victim.page.open()
    assert victim.driver.execute_async_script(OPENS, bot.socket_url) == "open"


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_out(victim: Victim, by_form: bool) -> None:
    refused = "POST /auth/logout 403"
    before = victim.count(refused)
    if by_form:
        victim.submit("/auth/logout", {})
    else:
        assert victim.fetch("/auth/logout", {}, mode="no-cors") in {"opaque", "refused"}
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()


@pytest.mark.parametrize("by_form", [False, True])
def test_foreign_page_logs_nobody_in(victim: Victim, attacker: str, by_form: bool) -> None:
    """A user who talks in the attacker's name would tell them everything."""
    refused = "POST /auth/login 403"
    before, login = victim.count(refused), {"username": attacker, "password": PASSWORD}
    if by_form:
        victim.submit("/auth/login", login)
    else:
        assert victim.fetch("/auth/login", login, mode="no-cors") in {"opaque", "refused"}
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()
    assert f"login granted username={attacker}" not in victim.bot.output


@pytest.mark.parametrize("path", ["/auth/login", "/auth/logout"])
def test_foreign_page_may_not_send_json(victim: Victim, attacker: str, path: str) -> None:
    """The browser asks first, and the answer is no."""
    refused, login = f"OPTIONS {path} 405", {"username": attacker, "password": PASSWORD}
    before = victim.count(refused)
    assert victim.fetch(path, login, **JSON) == "refused"
    victim.wait_for_count(refused, before + 1)
    victim.assert_logged_in()
    assert f"login granted username={attacker}" not in victim.bot.output
