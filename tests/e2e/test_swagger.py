"""The description of the HTTP API in a real browser, under its own policy."""

import re
from pathlib import Path

from tests.e2e.browser import ChatPage, chromium
from tests.e2e.client import HTTP


def test_swagger_shows_every_operation_and_the_console_stays_empty(
    tmp_path: Path, base_url: str
) -> None:
    answer = HTTP.request("GET", f"{base_url}/swagger")
    assert answer.headers["Content-Security-Policy"].startswith("default-src 'none'")
    paths = HTTP.request("GET", f"{base_url}/openapi.json").json()["paths"]
    operations = {f"{method.upper()} {path}" for path, item in paths.items() for method in item}
    with chromium(tmp_path / "profile") as driver:
        page = ChatPage(driver, base_url)
        page.open("swagger")
        page.wait(lambda: len(page.texts(".opblock-summary")) >= len(operations), "operations")
        shown = {re.sub(r"\s+", " ", text) for text in page.texts(".opblock-summary-control")}
        page.click(".opblock-summary-control")
        page.wait(lambda: page.texts(".opblock.is-open .responses-table"), "what it answers")
        assert page.complaints() == []
    for operation in operations:
        assert any(text.startswith(operation) for text in shown), (operation, shown)
