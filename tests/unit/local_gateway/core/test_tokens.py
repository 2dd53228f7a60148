"""Claims of tokens, with the words of AWS."""

from typing import Any

import pytest

from local_gateway.core.tokens import (
    TokenError,
    bare_token,
    check_claims,
    http_claims,
    rest_claims,
    scopes_of,
)

NOW = 1_510_433_676.0
ISSUER = "https://issuer.example"
CLAIMS = {"iss": ISSUER, "aud": "app", "exp": NOW + 60, "iat": NOW - 60}


def problem(changes: dict[str, Any], audience: tuple[str, ...] = ("app", "other")) -> str | None:
    claims = {name: value for name, value in (CLAIMS | changes).items() if value is not ...}
    try:
        check_claims(claims, issuer=ISSUER, audience=audience, now=NOW)
    except TokenError as error:
        return str(error)
    return None


@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"aud": ["x", "other"]},
        {"aud": ..., "client_id": "app"},
        {"nbf": NOW},
        {"iat": ...},
    ],
)
def test_valid_claims(changes: dict[str, Any]) -> None:
    assert problem(changes) is None


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"iss": "https://other.example"}, "the token does not have a valid issuer"),
        ({"iss": ...}, "the token does not have a valid issuer"),
        ({"aud": "x"}, "the token does not have a valid audience"),
        ({"aud": ...}, "the token does not have a valid audience"),
        ({"aud": "x", "client_id": "app"}, "the token does not have a valid audience"),
        ({"exp": NOW}, "the token has expired"),
        ({"exp": ...}, "the token has expired"),
        ({"exp": "soon"}, "the token's claim exp is not a number"),
        ({"exp": True}, "the token's claim exp is not a number"),
        ({"nbf": NOW + 1}, "the token is not valid yet"),
        ({"iat": NOW + 1}, "the token is not valid yet"),
    ],
)
def test_claims_that_are_refused(changes: dict[str, Any], message: str) -> None:
    assert problem(changes) == message


def test_without_an_audience_every_one_is_accepted() -> None:
    assert problem({"aud": "x"}, audience=()) is None


@pytest.mark.parametrize(
    ("claims", "scopes"),
    [
        ({"scope": "a b/c"}, ["a", "b/c"]),
        ({"scp": ["a", "b"]}, ["a", "b"]),
        ({"scp": "a"}, ["a"]),
        ({"scope": "a", "scp": "b"}, ["a"]),
        ({}, []),
        ({"scope": 5}, []),
    ],
)
def test_scopes(claims: dict[str, Any], scopes: list[str]) -> None:
    assert scopes_of(claims) == scopes


@pytest.mark.parametrize("value", ["abc", "Bearer abc", "bearer abc"])
def test_a_token_may_have_a_scheme(value: str) -> None:
    assert bare_token(value) == "abc"


def test_functions_of_http_apis_see_texts() -> None:
    claims = {"sub": "ana", "exp": 1510437276, "groups": ["a", "b"], "email_verified": True}
    assert http_claims(claims) == {
        "sub": "ana",
        "exp": "1510437276",
        "groups": "[a b]",
        "email_verified": "true",
    }


def test_a_time_that_no_calendar_has_stays_a_number() -> None:
    assert rest_claims({"exp": 10**20}) == {"exp": str(10**20)}


def test_functions_of_rest_apis_see_dates() -> None:
    claims = {
        "sub": "ana",
        "iat": 1510433676,
        "auth_time": 1510433676,
        "cognito:groups": ["a", "b"],
    }
    assert rest_claims(claims) == {
        "sub": "ana",
        "iat": "Sat Nov 11 20:54:36 UTC 2017",
        "auth_time": "1510433676",
        "cognito:groups": "a,b",
    }
