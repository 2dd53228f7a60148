"""A page of another site, in the browser of somebody who is logged in."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path
from typing import Any

import pytest
from selenium import webdriver

from tests.e2e.browser import ChatPage, chromium
from tests.e2e.targets import Target

pytestmark = pytest.mark.local_only

OPENS = """
    const [url, done] = arguments;
    const socket = new WebSocket(url);
    socket.onopen = () => done("open");
    socket.onclose = () => done("refused");
"""


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
