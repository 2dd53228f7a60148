"""Passwords, checked by a Cognito user pool.

Source: Amazon Cognito API reference, "AdminInitiateAuth", "AdminRespondToAuthChallenge" and
"AdminGetUser".
"""

import base64
import json
import unicodedata
from collections.abc import Mapping
from typing import Any, Final

from sapa.aws.json_service import CallError, JsonService
from sapa.errors import (
    CredentialsUnavailableError,
    InvalidCredentialsError,
    LoginError,
    NewPasswordRefusedError,
    NewPasswordRequiredError,
    TooManyAttemptsError,
    UnsupportedChallengeError,
)

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


def _can_exist(username: str) -> bool:
    """Cognito's rule for names: letters, marks, symbols, numbers and punctuation.

    It answers others as it answers a wrong setting, which is not the user's fault.
    """
    return {unicodedata.category(character)[0] for character in username} <= {*"LMSNP"}


class CognitoCredentialChecker:
    """A `CredentialChecker` on a user pool with `ALLOW_ADMIN_USER_PASSWORD_AUTH`."""

    def __init__(self, service: JsonService, user_pool_id: str, client_id: str) -> None:
        self._service = service
        self._user_pool_id = user_pool_id
        self._client_id = client_id

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        """The user's name as the pool spells it. Raises the errors below `LoginError`."""
        if not _can_exist(username):
            raise InvalidCredentialsError
        answer = self._call(
            "AdminInitiateAuth",
            ClientId=self._client_id,
            AuthFlow="ADMIN_USER_PASSWORD_AUTH",
            AuthParameters={"USERNAME": username, "PASSWORD": password},
        )
        challenge = answer.get("ChallengeName")
        if not challenge:
            return _username(answer["AuthenticationResult"], username)
        if challenge != _NEW_PASSWORD_REQUIRED:
            raise UnsupportedChallengeError(challenge)
        if new_password is None:
            raise NewPasswordRequiredError
        pool_username = answer.get("ChallengeParameters", {}).get("USER_ID_FOR_SRP", username)
        return self._change_password(pool_username, new_password, answer["Session"])

    def is_enabled(self, username: str) -> bool:
        """Whether the user exists and is not disabled. Raises `LoginError`."""
        try:
            return bool(self._call("AdminGetUser", Username=username)["Enabled"])
        except InvalidCredentialsError:
            return False

    def _change_password(self, username: str, new_password: str, session: str) -> str:
        answer = self._call(
            "AdminRespondToAuthChallenge",
            ClientId=self._client_id,
            ChallengeName=_NEW_PASSWORD_REQUIRED,
            ChallengeResponses={"USERNAME": username, "NEW_PASSWORD": new_password},
            Session=session,
        )
        if challenge := answer.get("ChallengeName"):
            raise UnsupportedChallengeError(challenge)
        return _username(answer["AuthenticationResult"], username)

    def _call(self, operation: str, **request: Any) -> Any:
        try:
            return self._service.call(operation, {"UserPoolId": self._user_pool_id, **request})
        except CallError as error:
            raise _login_error(error) from error


def _login_error(error: CallError) -> LoginError:
    message = str(error.details.get("message") or error.details.get("Message") or "")
    # The password of a locked user is not checked; only the message says so.
    if error.code in _THROTTLES or message.startswith("Password attempts exceeded"):
        return TooManyAttemptsError()
    if error.code in _REFUSALS:
        return InvalidCredentialsError()
    if error.code == "InvalidPasswordException":
        return NewPasswordRefusedError(message.rpartition("policy: ")[2] or "Choose another one.")
    return CredentialsUnavailableError(error.code)


def _username(result: Mapping[str, str], typed: str) -> str:
    """The name in the access token: pools may ignore case, and one user must not be two.

    The token comes straight from Cognito over TLS, so its signature is not checked.
    """
    payload = result.get("AccessToken", "").split(".")[1:2]
    if not payload:
        return typed
    claims = json.loads(base64.urlsafe_b64decode(payload[0] + "=" * (-len(payload[0]) % 4)))
    return str(claims.get("username", typed))
