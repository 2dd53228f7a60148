"""Passwords, checked by a Cognito user pool.

Source: Amazon Cognito API reference, "AdminInitiateAuth" and "AdminRespondToAuthChallenge".
"""

import base64
import json
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

import boto3
from botocore.config import Config
from botocore.exceptions import BotoCoreError, ClientError

from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient
    from mypy_boto3_cognito_idp.type_defs import AuthenticationResultTypeTypeDef

_NEW_PASSWORD_REQUIRED: Final = "NEW_PASSWORD_REQUIRED"  # noqa: S105 - a challenge's name
_REFUSALS = {
    "UserNotFoundException",
    "NotAuthorizedException",
    "UserNotConfirmedException",
    "PasswordResetRequiredException",
}
_THROTTLES = {
    "TooManyRequestsException",
    "TooManyFailedAttemptsException",
    "LimitExceededException",
    "ThrottlingException",
}


def cognito_client() -> "CognitoIdentityProviderClient":
    """boto3's client; at most 2 tries of 5 seconds, since a login can take two calls."""
    config = Config(
        connect_timeout=1,
        read_timeout=4,
        retries={"total_max_attempts": 2, "mode": "standard"},
        tcp_keepalive=True,
    )
    return boto3.client("cognito-idp", config=config)


def _login_error(error: ClientError) -> LoginError:
    code = error.response["Error"]["Code"]
    message = error.response["Error"].get("Message", "")
    # A locked user's password is not looked at; Cognito says so in words only.
    if code in _THROTTLES or message.startswith("Password attempts exceeded"):
        return TooManyAttemptsError()
    if code in _REFUSALS:
        return InvalidCredentialsError()
    if code == "InvalidPasswordException":
        return NewPasswordRefusedError(message.rpartition("policy: ")[2] or "Choose another one.")
    return CredentialsUnavailableError(code)


@contextmanager
def _translated() -> Iterator[None]:
    try:
        yield
    except ClientError as error:
        raise _login_error(error) from error
    except BotoCoreError as error:
        raise CredentialsUnavailableError(type(error).__name__) from error


class CognitoCredentialChecker:
    """A `CredentialChecker` on a user pool with `ALLOW_ADMIN_USER_PASSWORD_AUTH`."""

    def __init__(
        self, client: "CognitoIdentityProviderClient", user_pool_id: str, client_id: str
    ) -> None:
        self._client = client
        self._user_pool_id = user_pool_id
        self._client_id = client_id

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        """The user's name as the pool spells it. Raises the errors below `LoginError`."""
        with _translated():
            answer = self._client.admin_initiate_auth(
                UserPoolId=self._user_pool_id,
                ClientId=self._client_id,
                AuthFlow="ADMIN_USER_PASSWORD_AUTH",
                AuthParameters={"USERNAME": username, "PASSWORD": password},
            )
        challenge = _challenge(answer)
        if challenge is None:
            return _username(answer["AuthenticationResult"], username)
        if challenge != _NEW_PASSWORD_REQUIRED:
            raise UnsupportedChallengeError(challenge)
        if new_password is None:
            raise NewPasswordRequiredError
        pool_username = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP", username)
        return self._change_password(pool_username, new_password, answer["Session"])

    def _change_password(self, username: str, new_password: str, session: str) -> str:
        with _translated():
            answer = self._client.admin_respond_to_auth_challenge(
                UserPoolId=self._user_pool_id,
                ClientId=self._client_id,
                ChallengeName=_NEW_PASSWORD_REQUIRED,
                ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": new_password},
                Session=session,
            )
        challenge = _challenge(answer)
        if challenge is not None:
            raise UnsupportedChallengeError(challenge)
        return _username(answer["AuthenticationResult"], username)


def _challenge(answer: Mapping[str, object]) -> str | None:
    """What else the pool wants before it grants tokens."""
    challenge = answer.get("ChallengeName")
    return str(challenge) if challenge else None


def _username(result: "AuthenticationResultTypeTypeDef", typed: str) -> str:
    """The name in the access token: pools may ignore case, and one user must not be two.

    The token comes straight from Cognito over TLS, so its signature is not checked.
    """
    payload = result.get("AccessToken", "").split(".")[1:2]
    if not payload:
        return typed
    claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
    return str(claims.get("username", typed))
