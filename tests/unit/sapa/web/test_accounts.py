"""Refused logins, with a scripted user pool."""

from dataclasses import dataclass, field

import pytest

from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    RequestError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.web.accounts import Accounts
from sapa.web.requests import HttpRequest
from tests.unit.sapa.fakes import (
    InMemoryConnectionStore,
    InMemorySessionStore,
    RecordingSender,
    ScriptedCredentials,
)

REQUEST = HttpRequest(
    method="POST",
    path="/auth/login",
    query={},
    request_id="r",
    host="sapa.example",
    hosts=("sapa.example",),
    is_https=True,
    origins=(),
    cookie_headers=(),
    content_type="application/json; charset=utf-8",
    if_none_match="",
    encoded_body='{"username": "demo", "password": "rahasia"}',
    is_base64=False,
)


@dataclass
class Services:
    """Everything that login and logout touch, in memory."""

    credentials: ScriptedCredentials
    sessions: InMemorySessionStore = field(default_factory=InMemorySessionStore)
    connections: InMemoryConnectionStore = field(default_factory=InMemoryConnectionStore)
    sender: RecordingSender = field(default_factory=RecordingSender)
    allowed_origins: tuple[str, ...] = ()
    session_lifetime_seconds: int = 60

    def forget(self, connection_id: str) -> None:
        self.connections.delete(connection_id)

    def now(self) -> int:
        return 1_000

    def new_token(self) -> str:
        return "t" * 43

    def new_session_id(self) -> str:
        return "s1"


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
    services = Services(ScriptedCredentials(refusal))
    with pytest.raises(RequestError) as refused:
        Accounts(services).login(REQUEST)
    assert (refused.value.status, refused.value.code) == (status, code)
    assert "AccessDenied" not in refused.value.message
    assert services.sessions.sessions == {}


def test_session_lasts_as_long_as_configured() -> None:
    services = Services(ScriptedCredentials())
    response = Accounts(services).login(REQUEST)
    assert response.body == '{"username": "demo", "expires_at": 1060}'
    [session] = services.sessions.sessions.values()
    assert (session.username, session.session_id, session.expires_at) == ("demo", "s1", 1_060)
