"""HTTP API events as typed values."""

import json
from typing import Any

import pytest

from sapa.login.session import COOKIE_NAME, auth_tokens
from sapa.web.requests import HttpRequest
from tests.support.programs import ROOT

# What `sam local start-api` makes of requests; `capture_answers.py` got them.
START_API_EVENTS = json.loads(
    (ROOT / "tests/support/sam_local/api_events.json").read_text(encoding="utf-8")
)


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


@pytest.mark.parametrize(
    ("name", "tokens"),
    [
        ("without cookies", ()),
        ("cookie", ("A",)),
        ("cookies", ("A",)),
        ("cookie twice", ("A", "A")),
        ("two cookies", ("A", "B")),
    ],
)
def test_a_cookie_that_sam_gives_twice_counts_as_often_as_it_was_sent(
    name: str, tokens: tuple[str, ...]
) -> None:
    request = HttpRequest.from_event(START_API_EVENTS[name])
    assert auth_tokens(request.cookie_headers) == tokens


def test_different_values_in_both_places_are_a_duplicate() -> None:
    ours = [f"{COOKIE_NAME}={value}" for value in ("A", "B")]
    both = {**event(Cookie=ours[1]), "cookies": ours[:1]}
    assert auth_tokens(HttpRequest.from_event(both).cookie_headers) == ("A", "B")


def test_an_event_of_start_api_has_scheme_and_host() -> None:
    request = HttpRequest.from_event(START_API_EVENTS["query"])
    assert request.base_url.startswith("http://127.0.0.1:")
    assert (request.method, request.path) == ("GET", "/ws")
    assert HttpRequest.from_event(START_API_EVENTS["login"]).json_body() == (
        '{"username": "é"}'.encode()
    )
