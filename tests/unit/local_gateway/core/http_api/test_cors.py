import pytest

from local_gateway.core.http import Headers, Pairs, Response
from local_gateway.core.http_api.cors import cors_headers, preflight, with_cors
from local_gateway.core.model import Cors

ORIGIN = "https://app.example.com"
ASKING = (("Origin", ORIGIN), ("Access-Control-Request-Method", "put"))
FULL = Cors(
    allow_origins=("https://other.example.com", ORIGIN),
    allow_methods=("GET", "PUT"),
    allow_headers=("x-tag", "content-type"),
    expose_headers=("date",),
    allow_credentials=True,
    max_age=600,
)
OPEN = Cors(allow_origins=("*",), allow_methods=("*",))


def test_a_preflight_gets_everything_that_is_configured() -> None:
    assert preflight(FULL, Headers(ASKING)) == Response(
        204,
        Headers(
            (
                ("access-control-allow-origin", ORIGIN),
                ("access-control-allow-credentials", "true"),
                ("vary", "origin"),
                ("access-control-allow-methods", "GET,PUT"),
                ("access-control-allow-headers", "x-tag,content-type"),
                ("access-control-max-age", "600"),
            )
        ),
    )


def test_an_open_api_answers_with_stars() -> None:
    assert preflight(OPEN, Headers(ASKING)) == Response(
        204,
        Headers((("access-control-allow-origin", "*"), ("access-control-allow-methods", "*"))),
    )


@pytest.mark.parametrize(
    "headers",
    [
        (("Origin", "https://evil.example.com"), ASKING[1]),
        (ASKING[0], ("Access-Control-Request-Method", "DELETE")),
    ],
)
def test_a_refused_preflight_has_no_cors_header(headers: Pairs) -> None:
    assert preflight(FULL, Headers(headers)) == Response(204)


@pytest.mark.parametrize("headers", [(), ASKING[:1], ASKING[1:]])
def test_other_options_requests_are_no_preflight(headers: Pairs) -> None:
    assert preflight(FULL, Headers(headers)) is None


@pytest.mark.parametrize(
    ("entry", "fits"),
    [
        ("*", True),
        (ORIGIN, True),
        (ORIGIN.upper(), True),
        ("https://*", True),
        ("http://*", False),
        ("https://app.example.co", False),
    ],
)
def test_an_origin_fits_exactly_or_by_its_scheme(entry: str, fits: bool) -> None:
    assert bool(cors_headers(Cors(allow_origins=(entry,)), ORIGIN)) is fits


def test_responses_carry_the_apis_headers_in_place_of_the_functions() -> None:
    own = Response(200, Headers((("Access-Control-Allow-Origin", "*"), ("x-tag", "1"))), b"body")
    assert with_cors(FULL, ORIGIN, own).headers == (
        ("x-tag", "1"),
        ("access-control-allow-origin", ORIGIN),
        ("access-control-allow-credentials", "true"),
        ("access-control-expose-headers", "date"),
        ("vary", "origin"),
    )
    assert with_cors(FULL, None, own) == Response(200, Headers((("x-tag", "1"),)), b"body")
    assert with_cors(None, ORIGIN, own) is own


def test_credentials_never_go_with_a_star() -> None:
    shared = cors_headers(Cors(allow_origins=("*",), allow_credentials=True), ORIGIN)
    assert dict(shared)["access-control-allow-origin"] == ORIGIN
