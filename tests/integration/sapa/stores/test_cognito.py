"""What the user pool's answers become."""

import base64
import json
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
from botocore.exceptions import ConnectTimeoutError
from botocore.stub import Stubber

from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)
from sapa.stores.cognito import CognitoCredentialChecker, cognito_client

INITIATE = "admin_initiate_auth"
RESPOND = "admin_respond_to_auth_challenge"
NEW_PASSWORD = {
    "ChallengeName": "NEW_PASSWORD_REQUIRED",
    "ChallengeParameters": {"USER_ID_FOR_SRP": "demo"},
    "Session": "s" * 20,
}


@dataclass(frozen=True, slots=True)
class Pool:
    """A checker and what Cognito will say to it."""

    checker: CognitoCredentialChecker
    stub: Stubber


@pytest.fixture
def pool(credentials: None) -> Iterator[Pool]:
    """A checker whose client answers from a script."""
    client = cognito_client()
    with Stubber(client) as stub:
        yield Pool(CognitoCredentialChecker(client, "ap-southeast-3_pool", "client"), stub)
        stub.assert_no_pending_responses()


def token(username: str) -> str:
    """An access token, as far as it is read."""
    claims = json.dumps({"username": username}).encode()
    return f"header.{base64.urlsafe_b64encode(claims).decode().rstrip('=')}.signature"


@pytest.mark.parametrize("name", ["demo", "démo", "de"])
def test_name_is_the_pools_and_not_the_typed_one(pool: Pool, name: str) -> None:
    pool.stub.add_response(INITIATE, {"AuthenticationResult": {"AccessToken": token(name)}})
    assert pool.checker.check("DEMO", "x") == name


def test_without_access_token_the_typed_name_stands(pool: Pool) -> None:
    pool.stub.add_response(INITIATE, {"AuthenticationResult": {}})
    assert pool.checker.check("demo", "x") == "demo"


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
    pool: Pool, code: str, message: str, expected: type[LoginError]
) -> None:
    pool.stub.add_client_error(INITIATE, code, message)
    with pytest.raises(LoginError) as refused:
        pool.checker.check("demo", "x")
    assert type(refused.value) is expected


def test_temporary_password_wants_a_new_one(pool: Pool) -> None:
    pool.stub.add_response(INITIATE, NEW_PASSWORD)
    with pytest.raises(NewPasswordRequiredError):
        pool.checker.check("demo", "x")


def test_new_password_is_set(pool: Pool) -> None:
    pool.stub.add_response(INITIATE, NEW_PASSWORD)
    expected = {
        "UserPoolId": "ap-southeast-3_pool",
        "ClientId": "client",
        "ChallengeName": "NEW_PASSWORD_REQUIRED",
        "ChallengeResponses": {"USERNAME": "demo", "NEW_PASSWORD": "new"},
        "Session": "s" * 20,
    }
    granted = {"AuthenticationResult": {"AccessToken": token("demo")}}
    pool.stub.add_response(RESPOND, granted, expected)
    assert pool.checker.check("DEMO", "x", "new") == "demo"


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
def test_bad_new_password_is_told_the_policy(pool: Pool, message: str, policy: str) -> None:
    pool.stub.add_response(INITIATE, NEW_PASSWORD)
    pool.stub.add_client_error(RESPOND, "InvalidPasswordException", message)
    with pytest.raises(NewPasswordRefusedError) as refused:
        pool.checker.check("demo", "x", "new")
    assert refused.value.policy == policy


def test_other_challenges_are_not_supported(pool: Pool) -> None:
    challenge = {"ChallengeName": "SOFTWARE_TOKEN_MFA", "Session": "s" * 20}
    pool.stub.add_response(INITIATE, challenge)
    with pytest.raises(UnsupportedChallengeError, match="SOFTWARE_TOKEN_MFA"):
        pool.checker.check("demo", "x")
    pool.stub.add_response(INITIATE, NEW_PASSWORD)
    pool.stub.add_response(RESPOND, challenge)
    with pytest.raises(UnsupportedChallengeError, match="SOFTWARE_TOKEN_MFA"):
        pool.checker.check("demo", "x", "new")


def test_unreachable_pool_is_unavailable(credentials: None) -> None:
    client = cognito_client()

    def refuse(**_: object) -> None:
        raise ConnectTimeoutError(endpoint_url="https://cognito-idp.example")

    client.meta.events.register("before-send.cognito-identity-provider", refuse)
    client.meta.events.register("before-send.cognito-idp", refuse)
    with pytest.raises(CredentialsUnavailableError, match="ConnectTimeoutError"):
        CognitoCredentialChecker(client, "ap-southeast-3_pool", "client").check("demo", "x")
