"""Which pages may ride the cookie."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.login.origins import is_own_origin

HOSTS = ("abc.execute-api.example", "Page.Example:8443", "plain.example", "")


@pytest.mark.parametrize(
    "origin",
    [
        "https://abc.execute-api.example",
        "https://page.example:8443",
        "HTTPS://PAGE.EXAMPLE:8443",
        "https://plain.example",
        "https://plain.example:443",
        "http://plain.example:80",
        "http://plain.example",
    ],
)
def test_own_host_is_own(origin: str) -> None:
    assert is_own_origin([origin], HOSTS, ())


def test_default_port_may_stand_in_the_host() -> None:
    assert is_own_origin(["https://page.example"], ["page.example:443"], ())


@pytest.mark.parametrize(
    "origin",
    [
        "",
        "null",
        "https://evil.example",
        "https://page.example",
        "https://page.example:1",
        "https://page.example.evil.example:8443",
        "https://page.example:8443@evil.example",
        "https://x@plain.example",
        "https://plain.example:80",
        "https://plain.example/path",
        "https://plain.example?x",
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
    assert not is_own_origin([origin], HOSTS, ())


def test_no_origin_is_no_browser() -> None:
    assert is_own_origin([], HOSTS, ())


def test_all_of_several_origins_have_to_be_own() -> None:
    assert not is_own_origin(["https://plain.example", "https://evil.example"], HOSTS, ())


def test_allowed_by_host_or_by_origin() -> None:
    allowed = ("App.Example", "http://localhost:3000/")
    assert is_own_origin(["https://app.example"], HOSTS, allowed)
    assert is_own_origin(["http://localhost:3000"], HOSTS, allowed)
    assert not is_own_origin(["https://localhost:3000"], HOSTS, allowed)
    assert not is_own_origin(["null"], HOSTS, allowed)


@given(st.text())
def test_any_origin_is_decided(origin: str) -> None:
    assert is_own_origin([origin], ["sapa.example"], ()) in {True, False}
