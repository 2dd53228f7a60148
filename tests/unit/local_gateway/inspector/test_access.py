import pytest

from local_gateway.core.http import Headers, Pairs, Request
from local_gateway.inspector import access


def headers(host: str = "localhost:8080", origin: str | None = None) -> Pairs:
    return (("Host", host), *(() if origin is None else (("Origin", origin),)))


def problem(method: str, client: str, sent: Pairs) -> str | None:
    request = Request(method=method, path="/", headers=Headers(sent), source_ip=client)
    return access.problem(request)


@pytest.mark.parametrize("host", ["localhost", "LOCALHOST:80", "127.0.0.1:8080", "[::1]:8080"])
@pytest.mark.parametrize("client", ["127.0.0.1", "127.0.0.53", "::1", "::ffff:127.0.0.1"])
def test_the_person_at_the_machine_may_look(host: str, client: str) -> None:
    assert problem("GET", client, headers(host)) is None


@pytest.mark.parametrize("client", ["192.168.1.4", "2001:db8::1", "::ffff:192.168.1.4", "", "x"])
def test_nobody_else_may(client: str) -> None:
    assert "machine" in (problem("GET", client, headers()) or "")


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8080",
        "localhost.example",
        "example@localhost",
        "127.0.0.1.example",
        "localhost:8080/..",
        "192.168.1.4:8080",
        "",
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    assert "localhost" in (problem("GET", "127.0.0.1", headers(host)) or "")


def test_one_host_header_is_expected() -> None:
    twice = (("Host", "localhost"), ("Host", "localhost"))
    assert problem("GET", "127.0.0.1", twice) is not None
    assert problem("GET", "127.0.0.1", ()) is not None


@pytest.mark.parametrize(
    "origin",
    ["https://web.example", "null", "http://localhost:3000", "https://localhost:8080", ""],
)
@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_pages_of_others_are_refused(origin: str, method: str) -> None:
    assert "own page" in (problem(method, "127.0.0.1", headers(origin=origin)) or "")


def test_orders_need_an_origin() -> None:
    own = headers(origin="http://localhost:8080")
    assert problem("DELETE", "127.0.0.1", own) is None
    assert problem("DELETE", "127.0.0.1", headers()) is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site"])
def test_a_page_of_another_site_is_refused_without_an_origin_too(site: str) -> None:
    sent = (*headers(), ("Sec-Fetch-Site", site))
    assert "own page" in (problem("GET", "127.0.0.1", sent) or "")
