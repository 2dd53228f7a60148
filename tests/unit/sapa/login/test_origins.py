"""Which pages may ride the cookie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.login.origins import is_own_origin

HOSTS = ("abc.execute-api.example", "Page.Example:8443", "plain.example", "[::1]:8443", "")


def is_own(origin: str, *hosts: str, allowed: tuple[str, ...] = (), is_https: bool = True) -> bool:
    """Whether a single origin is our own."""
    return is_own_origin([origin], hosts, allowed, is_https=is_https)


@pytest.mark.parametrize(
    "origin",
    [
        "https://abc.execute-api.example",
        "https://page.example:8443",
        "HTTPS://PAGE.EXAMPLE:8443",
        "https://plain.example",
        "https://plain.example:443",
        "https://[::1]:8443",
    ],
)
def test_own_origin_is_own(origin: str) -> None:
    assert is_own(origin, *HOSTS)


def test_default_port_may_stand_in_the_host() -> None:
    assert is_own("https://page.example", "page.example:443")
    assert is_own("http://page.example", "page.example:80", is_https=False)


def test_local_gateway_over_http_is_own() -> None:
    assert is_own("http://localhost:8080", "localhost:8080", is_https=False)
    assert not is_own("https://localhost:8080", "localhost:8080", is_https=False)


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "http://plain.example",
        "http://plain.example:80",
        "http://plain.example:443",
        "http://page.example:8443",
        "ws://plain.example",
        "wss://plain.example",
        "https://evil.example",
        "https://page.example",
        "https://page.example:1",
        "https://page.example.evil.example:8443",
        "https://page.example:8443@evil.example",
        "https://x@plain.example",
        "https://plain.example:80",
        "https://plain.example:0",
        "https://plain.example/path",
        "https://plain.example/",
        "https://plain.example?",
        "https://plain.example?x",
        "https://plain.example#",
        "https://plain.example#x",
        "https://plain.example:port",
        "https://plain.example:99999",
        "https://[plain.example",
        "plain.example",
        "file://",
        "https://",
    ],
)
def test_foreign_origin_is_foreign(origin: str) -> None:
    assert not is_own(origin, *HOSTS)


@pytest.mark.parametrize("host", ["", " ", "a/b", "x@plain.example", "plain.example?", "[", "a:b"])
def test_host_that_is_none_makes_no_page_own(host: str) -> None:
    for origin in ("null", "", "https://", f"https://{host}", "https://plain.example"):
        assert not is_own(origin, host)


def test_no_origin_is_no_browser() -> None:
    assert is_own_origin([], HOSTS, (), is_https=True)


def test_all_of_several_origins_have_to_be_own() -> None:
    origins = ["https://plain.example", "https://evil.example"]
    assert not is_own_origin(origins, HOSTS, (), is_https=True)


@pytest.mark.parametrize("is_https", [True, False])
def test_allowed_origin_has_its_own_scheme_and_port(is_https: bool) -> None:
    allowed = ("App.Example", "http://localhost:3000/", "https://b.example:443", "c.example:8443")

    def is_allowed(origin: str) -> bool:
        return is_own(origin, *HOSTS, allowed=allowed, is_https=is_https)

    for origin in (
        "https://app.example",
        "https://app.example:443",
        "http://localhost:3000",
        "https://b.example",
        "https://c.example:8443",
    ):
        assert is_allowed(origin), origin
    for origin in (
        "http://app.example",
        "https://localhost:3000",
        "http://localhost",
        "http://c.example:8443",
        "https://c.example",
        "null",
    ):
        assert not is_allowed(origin), origin


@given(st.text(), st.text())
def test_any_origin_is_decided(origin: str, host: str) -> None:
    assert is_own(origin, "sapa.example", host, allowed=(host,)) in {True, False}
