"""What is a request of a foreign page, and what comes from a program or from the own page."""

import pytest

from local_gateway.core.loopback_guard import foreign_page, is_local_name


@pytest.mark.parametrize(
    "host",
    [
        "localhost:8080",
        "LOCALHOST",
        "127.0.0.1:1",
        "[::1]:8080",
        "172.17.0.1:5000",
        "bucket.localhost:5000",
        "host.docker.internal:8080",
        "gateway:8080",
        "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com",
    ],
)
def test_programs_use_addresses_and_names_that_nobody_can_register(host: str) -> None:
    assert is_local_name(host)
    assert foreign_page([host], [], None) is None


@pytest.mark.parametrize(
    "host",
    [
        "rebound.example:8080",
        "localhost.example",
        "127.0.0.1.example",
        "example@localhost",
        "localhost:8080/..",
        "evil.example.",
        "",
    ],
)
def test_a_name_that_was_made_to_point_here_is_refused(host: str) -> None:
    assert foreign_page([host], [], None) is not None


def test_more_than_one_host_is_refused() -> None:
    assert foreign_page([], [], None) is None
    assert foreign_page([], ["http://localhost"], None) is not None
    assert foreign_page(["localhost,localhost"], [], None) is not None
    assert foreign_page(["localhost", "localhost"], [], None) is not None


@pytest.mark.parametrize("site", [None, "same-origin", "none"])
def test_the_own_page_may(site: str | None) -> None:
    assert foreign_page(["localhost:8080"], ["http://localhost:8080"], site) is None


@pytest.mark.parametrize(
    "origin",
    ["https://web.example", "null", "http://localhost:3000", "https://localhost:8080", ""],
)
def test_pages_of_other_origins_may_not(origin: str) -> None:
    assert foreign_page(["localhost:8080"], [origin], None) is not None
    assert foreign_page(["localhost:8080"], ["http://localhost:8080", origin], None) is not None


@pytest.mark.parametrize("site", ["cross-site", "same-site", "CROSS-SITE", "other"])
def test_pages_of_other_sites_may_not_even_without_an_origin(site: str) -> None:
    assert foreign_page(["localhost:8080"], [], site) is not None
