"""Login sessions: what the cookie proves.

Only the SHA-256 of a token is stored, so that a copy of the table opens nothing.
"""

import hashlib
import re
from dataclasses import dataclass
from typing import Protocol

_TOKEN = re.compile(r"[A-Za-z0-9_-]{43}")


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
        """The session with this hash, expired ones included."""

    def delete(self, token_hash: str) -> LoginSession | None:
        """Remove a session and return it, if there is one."""


def token_hash(token: str) -> str:
    """The key under which the session of `token` is stored."""
    return hashlib.sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def is_token(text: str) -> bool:
    """Whether `text` can be a token at all: 256 bits in URL-safe base64 without padding."""
    return _TOKEN.fullmatch(text) is not None


def find_session(token: str, store: SessionStore, now: int) -> LoginSession | None:
    """The session that `token` opens at `now` (epoch seconds), read with one call.

    DynamoDB deletes expired items late, hence the look at the clock.
    """
    if not is_token(token):
        return None
    session = store.get(token_hash(token))
    if session is None or session.expires_at <= now:
        return None
    return session


def start_session(
    username: str, store: SessionStore, *, token: str, session_id: str, expires_at: int
) -> LoginSession:
    """Store a new session of `username` that `token` opens."""
    session = LoginSession(
        token_hash=token_hash(token),
        username=username,
        session_id=session_id,
        expires_at=expires_at,
    )
    store.put(session)
    return session


def end_session(token: str, store: SessionStore) -> LoginSession | None:
    """Forget the session that `token` opens and return it, if there is one."""
    return store.delete(token_hash(token)) if is_token(token) else None
