"""The authorizer's decision, without AWS."""

from dataclasses import replace
from typing import Any

import pytest

from sapa.handshake.authorizer import decide, policy
from sapa.lambda_events import HandshakeEvent
from sapa.login.session import COOKIE_NAME, start_session, token_hash
from tests.unit.sapa.fakes import InMemorySessionStore

TOKEN = "A-z_0" * 8 + "abc"
HANDSHAKE = HandshakeEvent(
    method_arn="arn:aws:execute-api:eu-west-1:1:a/ws/$connect",
    endpoint="reply",
    cookie_headers=(f"{COOKIE_NAME}={TOKEN}",),
    origins=("https://sapa.example",),
    hosts=("sapa.example",),
    is_https=True,
)


@pytest.fixture
def store() -> InMemorySessionStore:
    """A store with one session that ends at 100."""
    store = InMemorySessionStore()
    start_session("demo", store, token=TOKEN, session_id="s1", expires_at=100)
    return store


@pytest.mark.parametrize(
    ("changes", "now", "reason", "reads"),
    [
        ({}, 99, "session", 1),
        ({"origins": ()}, 99, "session", 1),
        ({}, 100, "no_session", 1),
        ({"cookie_headers": (f"{COOKIE_NAME}=x",)}, 0, "no_session", 0),
        ({"origins": ("https://evil.example",)}, 0, "foreign_origin", 0),
        ({"origins": ("http://sapa.example",)}, 0, "foreign_origin", 0),
        ({"is_https": False}, 0, "foreign_origin", 0),
        ({"cookie_headers": HANDSHAKE.cookie_headers * 2}, 0, "duplicate_cookie", 0),
    ],
)
def test_decision(
    store: InMemorySessionStore,
    changes: dict[str, Any],
    now: int,
    reason: str,
    reads: int,
) -> None:
    decision = decide(replace(HANDSHAKE, **changes), store, (), now)
    assert decision is not None
    assert decision.reason == reason
    assert (decision.session is not None) == (reason == "session")
    assert store.reads == reads


def test_no_cookie_of_ours_is_no_decision(store: InMemorySessionStore) -> None:
    assert decide(replace(HANDSHAKE, cookie_headers=("a=b",)), store, (), 0) is None
    assert store.reads == 0


def test_denial_has_no_context(store: InMemorySessionStore) -> None:
    decision = decide(replace(HANDSHAKE, origins=("https://evil.example",)), store, (), 0)
    assert decision is not None
    denied = policy(decision, HANDSHAKE)
    assert denied["principalId"] == "anonymous"
    assert "context" not in denied
    assert "Deny" in str(denied["policyDocument"])


def test_context_holds_strings_alone(store: InMemorySessionStore) -> None:
    decision = decide(HANDSHAKE, store, (), 0)
    assert decision is not None
    context = policy(decision, HANDSHAKE)["context"]
    assert context == {
        "username": "demo",
        "endpoint": "reply",
        "session_id": "s1",
        "expires_at": "100",
        "session_key": token_hash(TOKEN),
    }
