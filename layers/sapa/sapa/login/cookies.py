"""The cookie `gen_app_auth_token`, as requests carry it."""

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
    except CookieError:  # pragma: no cover - newer Pythons raise for control characters
        return ""
    return morsel.value if morsel else ""
