"""What the user pool's answers become."""

import base64
import json
from typing import Any

import pytest

from sapa.aws.clients import cognito_service
from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.settings import settings
from sapa.stores.cognito import CognitoCredentialChecker
from tests.integration.sapa.faulty_api import FaultyApi, answered, refused

type Checker = CognitoCredentialChecker

INITIATE = "AdminInitiateAuth"
RESPOND = "AdminRespondToAuthChallenge"
GET_USER = "AdminGetUser"
NEW_PASSWORD = {
    "ChallengeName": "NEW_PASSWORD_REQUIRED",
    "ChallengeParameters": {"USER_ID_FOR_SRP": "demo"},
    "Session": "s" * 20,
}


@pytest.fixture
def pool(
    api: FaultyApi, credentials: None, monkeypatch: pytest.MonkeyPatch
) -> CognitoCredentialChecker:
    """A checker whose user pool answers from a script."""
    monkeypatch.setenv("AWS_ENDPOINT_URL", api.root)
    return CognitoCredentialChecker(cognito_service(settings()), "ap-southeast-3_pool", "client")


def answers(api: FaultyApi, operation: str, content: dict[str, Any]) -> None:
    """Let the user pool answer an operation."""
    api.answers[operation] = [answered(200, json.dumps(content))]


def refuses(api: FaultyApi, operation: str, code: str, message: str) -> None:
    """Let the user pool refuse an operation."""
    api.answers[operation] = [refused(code, message=message)]


def token(username: str) -> str:
    """An access token, as far as it is read."""
    claims = json.dumps({"username": username}).encode()
    return f"header.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.signature"


@pytest.mark.parametrize("name", ["demo", "démo", "de"])
def test_name_is_the_pools_and_not_the_typed_one(pool: Checker, api: FaultyApi, name: str) -> None:
    answers(api, INITIATE, {"AuthenticationResult": {"AccessToken": token(name)}})
    assert pool.check("DEMO", "x") == name


def test_without_access_token_the_typed_name_stands(pool: Checker, api: FaultyApi) -> None:
    answers(api, INITIATE, {"AuthenticationResult": {}})
    assert pool.check("demo", "x") == "demo"


@pytest.mark.parametrize(
    ("code", "message", "expected"),
    [
        ("NotAuthorizedException", "Incorrect username or password.", InvalidCredentialsError),
        ("UserNotFoundException", "User does not exist.", InvalidCredentialsError),
        ("UserNotConfirmedException", "", InvalidCredentialsError),
        ("PasswordResetRequiredException", "", InvalidCredentialsError),
        ("NotAuthorizedException", "Password attempts exceeded", TooManyAttemptsError),
        ("TooManyRequestsException", "Rate exceeded", TooManyAttemptsError),
        ("LimitExceededException", "", TooManyAttemptsError),
        ("ResourceNotFoundException", "", CredentialsUnavailableError),
        ("InternalErrorException", "", CredentialsUnavailableError),
    ],
)
def test_refusals_are_told_apart(
    pool: CognitoCredentialChecker,
    api: FaultyApi,
    code: str,
    message: str,
    expected: type[LoginError],
) -> None:
    refuses(api, INITIATE, code, message)
    with pytest.raises(LoginError) as refused:
        pool.check("demo", "x")
    assert type(refused.value) is expected


@pytest.mark.parametrize("name", ["a\u200db", "\ue000", "\u0378"])
def test_name_that_no_user_can_have_is_not_asked_for(
    pool: Checker, api: FaultyApi, name: str
) -> None:
    with pytest.raises(InvalidCredentialsError):
        pool.check(name, "x")
    assert api.reached == []


def test_temporary_password_wants_a_new_one(pool: Checker, api: FaultyApi) -> None:
    answers(api, INITIATE, NEW_PASSWORD)
    with pytest.raises(NewPasswordRequiredError):
        pool.check("demo", "x")


def test_new_password_is_set(pool: Checker, api: FaultyApi) -> None:
    answers(api, INITIATE, NEW_PASSWORD)
    expected = {
        "UserPoolId": "ap-southeast-3_pool",
        "ClientId": "client",
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "ChallengeResponses": {"USERNAME": "demo", "NEW_PASSWORD": "new"},
        "Session": "s" * 20,
    }
    granted = {"AuthenticationResult": {"AccessToken": token("demo")}}
    answers(api, RESPOND, granted)
    assert pool.check("DEMO", "x", "new") == "demo"
    initiated, responded = (json.loads(posted.body) for posted in api.posted)
    assert initiated == {
        "UserPoolId": "ap-southeast-3_pool",
        "ClientId": "client",
        "AuthFlow": "ADMIN_USER_PASSWORD_AUTH",
        "AuthParameters": {"USERNAME": "DEMO", "PASSWORD": "x"},
    }
    assert responded == expected
    assert api.posted[0].headers["content-type"] == "application/x-amz-json-1.1"


@pytest.mark.parametrize(
    ("message", "policy"),
    [
        (
            "Password did not conform with policy: Password not long enough",
            "Password not long enough",
        ),
        ("", "Choose another one."),
    ],
)
def test_bad_new_password_is_told_the_policy(
    pool: Checker, api: FaultyApi, message: str, policy: str
) -> None:
    answers(api, INITIATE, NEW_PASSWORD)
    refuses(api, RESPOND, "InvalidPasswordException", message)
    with pytest.raises(NewPasswordRefusedError) as refused:
        pool.check("demo", "x", "new")
    assert refused.value.policy == policy


def test_other_challenges_are_not_supported(pool: Checker, api: FaultyApi) -> None:
    challenge = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 20}
    answers(api, INITIATE, challenge)
    with pytest.raises(UnsupportedChallengeError, match="SOFTWARE_TOKEN_MFA"):
        pool.check("demo", "x")
    answers(api, INITIATE, NEW_PASSWORD)
    answers(api, RESPOND, challenge)
    with pytest.raises(UnsupportedChallengeError, match="SOFTWARE_TOKEN_MFA"):
        pool.check("demo", "x", "new")


@pytest.mark.parametrize("enabled", [True, False])
def test_user_is_enabled_or_disabled(pool: Checker, api: FaultyApi, enabled: bool) -> None:
    answers(api, GET_USER, {"Username": "demo", "Enabled": enabled})
    assert pool.is_enabled("demo") is enabled
    [asked] = (json.loads(posted.body) for posted in api.posted)
    assert asked == {"UserPoolId": "ap-southeast-3_pool", "Username": "demo"}


def test_deleted_user_is_not_enabled(pool: Checker, api: FaultyApi) -> None:
    refuses(api, GET_USER, "UserNotFoundException", "User does not exist.")
    assert pool.is_enabled("demo") is False


def test_unreachable_pool_is_unavailable(pool: Checker, api: FaultyApi) -> None:
    api.answers[INITIATE] = [b""]
    with pytest.raises(CredentialsUnavailableError, match="BrokenConnectionError"):
        pool.check("demo", "x")
    assert api.reached == [INITIATE] * 2
