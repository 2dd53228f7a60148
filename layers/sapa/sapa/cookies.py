"""The cookie `gen_app_auth_token`: read from requests, written to responses."""

from collections.abc import Iterable
from http.cookies import CookieError, SimpleCookie

COOKIE_NAME = "gen_app_auth_token"
_MAX_PAIR_LENGTH = 256


def auth_tokens(cookie_headers: Iterable[str]) -> tuple[str, ...]:
    """The values of our cookie in `Cookie` headers: none, one, or the several of an attack.

    `SimpleCookie` drops everything behind a pair that it cannot read, so each pair is parsed
    alone: a neighbour's odd cookie does not log anybody out. A pair of ours that it cannot read
    counts as an empty value, which no session has.
    """
    pairs = (pair.strip() for header in cookie_headers for pair in header.split(";"))
    return tuple(_value(pair) for pair in pairs if pair.split("=", 1)[0].strip() == COOKIE_NAME)


def _value(pair: str) -> str:
    if len(pair) > _MAX_PAIR_LENGTH:
        return ""
    try:
        morsel = SimpleCookie(pair).get(COOKIE_NAME)
    except CookieError:
        return ""
    return morsel.value if morsel else ""


def set_cookie(token: str, max_age_seconds: int) -> str:
    """The `Set-Cookie` value that logs a browser in; no script can read it."""
    return (
        f"{COOKIE_NAME}={token}; Path=/; HttpOnly; Secure; SameSite=Lax; Max-Age={max_age_seconds}"
    )


def clear_cookie() -> str:
    """The `Set-Cookie` value that removes the cookie."""
    return set_cookie("", 0)
