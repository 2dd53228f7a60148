"""Refused logins, with a scripted user pool."""

import pytest

from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    RefusalError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.login.session import auth_tokens, token_hash
from sapa.web.accounts import Accounts
from sapa.web.requests import HttpRequest
from sapa.web.responses import refusal_response
from tests.unit.sapa.fakes import FakeServices, ScriptedCredentialChecker

REQUEST = HttpRequest(
    method="POST",
    path="/auth/login",
    query={},
    request_id="r",
    host="sapa.example",
    api_host="api.example",
    hosts=("sapa.example",),
    is_https=True,
    origins=(),
    cookie_headers=(),
    content_type="application/json; charset=utf-8",
    accept="",
    accept_encoding="",
    if_none_match="",
    encoded_body='{"username": "demo", "password": "rahasia"}',
    is_base64=False,
)


@pytest.mark.parametrize(
    ("refusal", "status", "code"),
    [
        (InvalidCredentialsError(), 401, "invalid_credentials"),
        (TooManyAttemptsError(), 429, "too_many_attempts"),
        (NewPasswordRequiredError(), 403, "new_password_required"),
        (UnsupportedChallengeError("SMS_MFA"), 403, "challenge_not_supported"),
        (NewPasswordRefusedError("Too short"), 400, "new_password_refused"),
        (CredentialsUnavailableError("AccessDeniedException"), 503, "unavailable"),
    ],
)
def test_refusals_have_their_status(refusal: LoginError, status: int, code: str) -> None:
    services = FakeServices()
    services.credentials = ScriptedCredentialChecker(refusal)
    with pytest.raises(RefusalError) as refused:
        Accounts(services).login(REQUEST)
    assert (refusal_response(refused.value).status, refused.value.code) == (status, code)
    assert "AccessDenied" not in refused.value.message
    assert services.session_store.sessions == {}


def test_login_beside_a_revocation_is_refused_and_leaves_no_session() -> None:
    services = FakeServices()
    checker = ScriptedCredentialChecker()
    services.credentials = checker
    checker.meanwhile = lambda: checker.disabled.add("demo")
    with pytest.raises(RefusalError) as refused:
        Accounts(services).login(REQUEST)
    assert refused.value.code == "invalid_credentials"
    assert services.session_store.sessions == {}


def test_session_lasts_as_long_as_configured() -> None:
    services = FakeServices(tick=0, SESSION_LIFETIME_SECONDS="60")
    response = Accounts(services).login(REQUEST)
    assert response.body == '{"username": "demo", "expires_at": 1700000060}'
    [session] = services.session_store.sessions.values()
    assert (session.username, session.expires_at) == ("demo", 1_700_000_060)


def test_cookie_proves_the_session_and_scripts_cannot_read_it() -> None:
    services = FakeServices()
    [cookie] = Accounts(services).login(REQUEST).cookies
    pair, *attributes = cookie.split("; ")
    [token] = auth_tokens([pair])
    assert list(services.session_store.sessions) == [token_hash(token)]
    assert attributes == ["Path=/", "Max-Age=28800", "HttpOnly", "Secure", "SameSite=Lax"]
