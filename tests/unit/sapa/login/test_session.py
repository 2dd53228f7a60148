"""Login sessions, and our cookie among others, well-formed or not."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from sapa.login.session import (
    COOKIE_NAME,
    LoginSession,
    auth_tokens,
    end_session,
    find_session,
    start_session,
    token_hash,
)
from tests.unit.sapa.fakes import InMemorySessionStore

OURS = f"{COOKIE_NAME}=abc"


@pytest.mark.parametrize(
    ("header", "tokens"),
    [
        ("", ()),
        (OURS, ("abc",)),
        (f"a=b; {OURS}; c=d", ("abc",)),
        (f"a=b;{OURS};", ("abc",)),
        (f"bad pair; {{json: 1}}; {OURS}", ("abc",)),
        (f'a="b; {OURS}', ("abc",)),
        (f'{COOKIE_NAME}="abc"', ("abc",)),
        (f"{COOKIE_NAME} = abc", ("abc",)),
        (f"{COOKIE_NAME}=", ("",)),
        (COOKIE_NAME, ("",)),
        (f"{COOKIE_NAME}=a b", ("",)),
        (f"{COOKIE_NAME}=é", ("",)),
        (f"{COOKIE_NAME}={'x' * 10_000}", ("",)),
        (f"{OURS}; {COOKIE_NAME}=def", ("abc", "def")),
        (f"{COOKIE_NAME.upper()}=abc", ()),
        (f"x{OURS}", ()),
        (f"a={COOKIE_NAME}", ()),
    ],
)
def test_tokens_of_a_header(header: str, tokens: tuple[str, ...]) -> None:
    assert auth_tokens([header]) == tokens


def test_tokens_of_several_headers() -> None:
    assert auth_tokens([OURS, "a=b", f"{COOKIE_NAME}=def"]) == ("abc", "def")


@given(st.text())
def test_any_header_is_read(header: str) -> None:
    assert auth_tokens([f"{header};{OURS}"])[-1:] == ("abc",)


@given(st.text())
def test_any_value_is_read(value: str) -> None:
    assert len(auth_tokens([f"{COOKIE_NAME}={value}"])) >= 1


TOKEN = "A-z_0" * 8 + "abc"


@pytest.fixture
def store() -> InMemorySessionStore:
    """A store with one session that ends at 100."""
    store = InMemorySessionStore()
    start_session("demo", store, token=TOKEN, session_id="s1", expires_at=100)
    return store


def test_token_itself_is_not_stored(store: InMemorySessionStore) -> None:
    assert TOKEN not in repr(store.sessions)
    assert list(store.sessions) == [token_hash(TOKEN)]
    assert len(token_hash(TOKEN)) == 64


def test_session_is_found_until_it_expires(store: InMemorySessionStore) -> None:
    session = find_session(TOKEN, store, now=99)
    assert session == LoginSession(
        token_hash=token_hash(TOKEN), username="demo", session_id="s1", expires_at=100
    )
    assert find_session(TOKEN, store, now=100) is None


@pytest.mark.parametrize("token", ["", "x", "é" * 43, TOKEN + "x", TOKEN[:-1] + "=", "\ud800" * 43])
def test_what_is_no_token_costs_no_read(store: InMemorySessionStore, token: str) -> None:
    assert find_session(token, store, now=0) is None
    assert end_session(token, store) is None
    assert store.reads == 0


def test_unknown_token_opens_nothing(store: InMemorySessionStore) -> None:
    assert find_session(TOKEN.swapcase(), store, now=0) is None


def test_ended_session_is_gone(store: InMemorySessionStore) -> None:
    ended = end_session(TOKEN, store)
    assert ended is not None
    assert ended.session_id == "s1"
    assert find_session(TOKEN, store, now=0) is None
    assert end_session(TOKEN, store) is None
