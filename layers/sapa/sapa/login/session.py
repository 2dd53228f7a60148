"""Login sessions, and the cookie `gen_app_auth_token` that proves them.

Only the SHA-256 of a token is stored, so that a copy of the table opens nothing.
"""

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Protocol

COOKIE_NAME = "gen_app_auth_token"
_MAX_PAIR_LENGTH = 256
# 256 bits in URL-safe base64 without padding.
_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


def auth_tokens(cookie_headers: Iterable[str]) -> tuple[str, ...]:
    """The values of our cookie in `Cookie` headers: none, one, or the several of an attack.

    `SimpleCookie` drops everything behind a pair that it cannot read, so each pair is parsed
    alone: another site's odd cookie does not log anybody out. A pair of ours that cannot be read
    counts as an empty value, which no session has.
    """
    pairs = (pair.strip() for header in cookie_headers for pair in header.split(";"))
    return tuple(_value(pair) for pair in pairs if pair.split("=", 1)[0].strip() == COOKIE_NAME)


def _value(pair: str) -> str:
    if len(pair) > _MAX_PAIR_LENGTH:
        return ""
    value = pair.partition("=")[2]
    if is_token(value):
        return value
    # Only odd cookies need it, and it slows a cold start down.
    from http.cookies import CookieError, SimpleCookie

    try:
        morsel = SimpleCookie(pair).get(COOKIE_NAME)
    except CookieError:  # pragma: no cover - newer Pythons raise for control characters
        return ""
    return morsel.value if morsel else ""


@dataclass(frozen=True, slots=True, kw_only=True)
class LoginSession:
    """A login of `username`, valid until `expires_at` (epoch seconds).

    `session_id` names it in other tables and in the authorizer context: it is random and public.
    """

    token_hash: str
    username: str
    session_id: str
    expires_at: int


class SessionStore(Protocol):
    """Where login sessions are kept; all methods raise `StoreError`."""

    def put(self, session: LoginSession) -> None:
        """Store a session."""

    def get(self, token_hash: str) -> LoginSession | None:
        """The session with this hash, expired ones included, read consistently."""

    def delete(self, token_hash: str) -> LoginSession | None:
        """Remove a session and return it, if there is one."""


class CredentialChecker(Protocol):
    """Checks passwords."""

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        """The user's name as the user pool spells it, if the password is right.

        `new_password` replaces a temporary password. Raises the errors below `LoginError`.
        """

    def is_enabled(self, username: str) -> bool:
        """Whether the user exists and is not disabled. Raises `LoginError`."""


def token_hash(token: str) -> str:
    """The key under which the session of `token` is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_token(text: str) -> bool:
    """Whether `text` can be a token at all."""
    return _TOKEN.fullmatch(text) is not None


def find_session(token: str, store: SessionStore, now: int) -> LoginSession | None:
    """The session of `token` at `now` (epoch seconds), read with one call.

    DynamoDB deletes expired items late, so the expiry is checked here too.
    """
    if not is_token(token):
        return None
    session = store.get(token_hash(token))
    if session is None or session.expires_at <= now:
        return None
    return session


def find_session_of_cookies(
    cookie_headers: Iterable[str], store: SessionStore, now: int
) -> LoginSession | None:
    """The session of our cookie, if there is exactly one such cookie."""
    tokens = auth_tokens(cookie_headers)
    return find_session(tokens[0], store, now) if len(tokens) == 1 else None


def start_session(
    username: str, store: SessionStore, *, token: str, session_id: str, expires_at: int
) -> LoginSession:
    """Store a new session of `username`, which `token` proves."""
    session = LoginSession(
        token_hash=token_hash(token),
        username=username,
        session_id=session_id,
        expires_at=expires_at,
    )
    store.put(session)
    return session


def end_session(token: str, store: SessionStore) -> LoginSession | None:
    """Delete the session of `token` and return it, if there is one."""
    return store.delete(token_hash(token)) if is_token(token) else None
