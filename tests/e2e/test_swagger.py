"""The description of the HTTP API in a real browser, under its own policy."""

import re

from selenium import webdriver

from tests.support.bot import Bot
from tests.support.browser import Page
from tests.support.client import HTTP


def test_swagger_shows_every_operation_and_the_console_stays_empty(
    browser: webdriver.Chrome, bot: Bot
) -> None:
    answer = HTTP.request("GET", f"{bot.base_url}/swagger")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    paths = HTTP.request("GET", f"{bot.base_url}/openapi.json").json()["paths"]
    operations = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    page = Page.opened(browser, bot.base_url, "swagger")
    page.wait(lambda: len(page.texts(".opblock-summary")) >= len(operations), "operations")
    shown = {re.sub(r"\s+", " ", text) for text in page.texts(".opblock-summary-control")}
    page.click(".opblock-summary-control")
    page.wait(lambda: page.texts(".opblock.is-open .responses-table"), "the responses")
    assert page.console_errors() == []
    for operation in operations:
        assert any(text.startswith(operation) for text in shown), (operation, shown)
