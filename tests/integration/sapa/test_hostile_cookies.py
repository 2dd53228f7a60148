"""Cookies in the hands of somebody else: fixation, replay, expiry, several logins, cookie bombs."""

import json
from typing import Any

import pytest

from functions.authorizer.app import lambda_handler as authorizer
from sapa.handshake.authorizer import decide
from sapa.lambda_events import HandshakeEvent
from sapa.login.session import COOKIE_NAME, start_session
from sapa.services import epoch_seconds, services
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.http_call import Answer, call
from tests.integration.sapa.stack import PASSWORD, TOKEN, lambda_context, recorded


def log_in(username: str = "demo", password: str = PASSWORD, *cookies: str) -> Answer:
    """Log in, with cookies that the client has already."""
    event = recorded("api_login")
    event["body"] = json.dumps({"username": username, "password": password})
    event["cookies"] = list(cookies)
    return call(event)


def token_of(answer: Answer) -> str:
    """The token that a login set."""
    [cookie] = answer.cookies
    return cookie.split(";", 1)[0].removeprefix(f"{COOKIE_NAME}=")


def handshake(cookie: str) -> str:
    """What the authorizer says to a `Cookie` header."""
    event = recorded("authorizer")
    event["headers"]["Cookie"] = cookie
    event["multiValueHeaders"]["Cookie"] = [cookie]
    policy: Any = authorizer(event, lambda_context())
    return str(policy["policyDocument"]["Statement"][0]["Effect"])


def opens(token: str) -> bool:
    """Whether a token opens the WebSocket."""
    return handshake(f"{COOKIE_NAME}={token}") == "Allow"


def log_out(token: str) -> None:
    """End the session of a token."""
    event = recorded("api_logout")
    event["cookies"] = [f"{COOKIE_NAME}={token}"]
    assert call(event).status == 204


def test_a_cookie_from_before_the_login_is_never_adopted(user_pool_id: str) -> None:
    token = token_of(log_in("demo", PASSWORD, f"{COOKIE_NAME}={TOKEN}"))
    assert token != TOKEN
    assert opens(token)
    assert not opens(TOKEN)


def test_a_second_login_leaves_the_first_session_and_logout_ends_one_alone(
    user_pool_id: str,
) -> None:
    first = token_of(log_in())
    second = token_of(log_in("demo", PASSWORD, f"{COOKIE_NAME}={first}"))
    assert first != second
    assert opens(first)
    log_out(second)
    assert not opens(second)
    assert opens(first)


def test_a_token_opens_nothing_after_logout(user_pool_id: str) -> None:
    token = token_of(log_in())
    log_out(token)
    log_out(token)
    assert not opens(token)


def test_a_session_ends_at_its_second(cloud: Cloud) -> None:
    sessions, end = services().sessions, epoch_seconds() + 3600
    start_session("demo", sessions, token=TOKEN, session_id="s1", expires_at=end)
    event = HandshakeEvent.from_event(recorded("authorizer"), "reply")
    allowed = [decide(event, sessions, (), at) for at in (end - 1, end, end + 1)]
    assert [decision is not None and decision.session is not None for decision in allowed] == [
        True,
        False,
        False,
    ]


def test_unknown_user_and_wrong_password_take_the_same_way(cloud: Cloud, user_pool_id: str) -> None:
    calls = cloud.aws.calls
    calls.clear()
    wrong = log_in("demo", "Wrong-1-password")
    asked = list(calls)
    calls.clear()
    assert log_in("nobody", "Wrong-1-password") == wrong
    assert calls == asked == ["AdminInitiateAuth"]


@pytest.mark.parametrize(
    "cookie",
    [
        "; ".join([f"{COOKIE_NAME}={TOKEN}"] * 300),
        f"{COOKIE_NAME}={TOKEN}; {COOKIE_NAME}=x",
        f"{COOKIE_NAME}={TOKEN}\r\nX-Injected: 1",
        f"{COOKIE_NAME}={TOKEN * 1000}",
    ],
)
def test_bombs_duplicates_and_line_breaks_are_denied(session: None, cookie: str) -> None:
    assert handshake(cookie) == "Deny"


def test_hundreds_of_other_cookies_log_nobody_out(session: None) -> None:
    others = "; ".join(f"c{number}={'x' * 20}" for number in range(300))
    assert handshake(f"{others}; {COOKIE_NAME}={TOKEN}") == "Allow"


@pytest.mark.parametrize("name", ["demo\r\nSet-Cookie: a=b", "demo\n", "de\x00mo"])
def test_line_breaks_in_a_user_name_are_refused(user_pool_id: str, name: str) -> None:
    answer = log_in(name, PASSWORD)
    assert (answer.status, answer.cookies) == (400, [])
