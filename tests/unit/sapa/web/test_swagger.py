"""Swagger UI under its policy."""

import base64
import hashlib
from html.parser import HTMLParser

from sapa.web.swagger import swagger_response

DOCUMENT = {"openapi": "3.1.0", "info": {"title": "<!--<script></script><script>alert(1)"}}


class Scripts(HTMLParser):
    """The inline scripts of a page, as a browser finds them."""

    def __init__(self, page: str) -> None:
        super().__init__()
        self.scripts: list[str] = []
        self._inside = False
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: object) -> None:
        self._inside = tag == "script"
        if self._inside:
            assert attrs == [], "every script is inline"
            self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = False

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.scripts[-1] += data


def test_policy_names_every_inline_script_and_no_other() -> None:
    response = swagger_response(DOCUMENT, compressed=False)
    scripts = Scripts(str(response.body)).scripts
    hashes = {
        f"'sha256-{base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()}'"
        for script in scripts
    }
    policy = str(response.headers["Content-Security-Policy"])
    directives = dict(part.strip().split(" ", 1) for part in policy.split(";"))
    assert set(directives["script-src"].split()) == hashes
    assert len(scripts) == 2


def test_document_cannot_end_its_script() -> None:
    assert "alert(1)" in Scripts(str(swagger_response(DOCUMENT, compressed=False).body)).scripts[-1]
    assert "<script>alert(1)" not in str(swagger_response(DOCUMENT, compressed=False).body)
