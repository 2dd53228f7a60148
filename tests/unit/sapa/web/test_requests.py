"""HTTP API events as typed values."""

from typing import Any

import pytest

from sapa.web.requests import HttpRequest


def event(**headers: str) -> dict[str, Any]:
    """A minimal event of payload format 2.0."""
    return {
        "rawPath": "/",
        "headers": headers,
        "requestContext": {
            "domainName": "api.example",
            "requestId": "r",
            "http": {"method": "get"},
        },
    }


@pytest.mark.parametrize(
    ("headers", "host"),
    [
        ({}, "api.example"),
        ({"host": "localhost:8080"}, "localhost:8080"),
        ({"host": "[::1]:8080"}, "[::1]:8080"),
        ({"host": "a.example", "x-viewer-host": "b.example"}, "b.example"),
        ({"host": "a.example; script-src *"}, "api.example"),
        ({"host": "a.example", "x-viewer-host": "b example"}, "a.example"),
        ({"host": ""}, "api.example"),
    ],
)
def test_host_is_the_viewers_and_fits_into_a_header(headers: dict[str, str], host: str) -> None:
    assert HttpRequest.from_event(event(**headers)).host == host


def test_addresses_follow_the_viewers_scheme() -> None:
    plain = HttpRequest.from_event(event(host="a.example"))
    assert (plain.base_url, plain.websocket_base_url) == ("http://a.example", "ws://a.example")
    headers = {"host": "a.example", "x-forwarded-proto": "https"}
    secure = HttpRequest.from_event(event(**headers))
    assert (secure.base_url, secure.websocket_base_url) == ("https://a.example", "wss://a.example")


def test_cookies_come_from_their_member_and_from_the_header() -> None:
    both = {**event(cookie="c=d"), "cookies": ["a=b"]}
    assert HttpRequest.from_event(both).cookie_headers == ("a=b", "c=d")
    assert HttpRequest.from_event({**event(), "cookies": None}).cookie_headers == ()
