"""Create a user of the bot, or give an existing one a new password."""

import contextlib
from typing import TYPE_CHECKING

from botocore.exceptions import ClientError

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


def create_user(
    client: "CognitoIdentityProviderClient", user_pool_id: str, username: str, password: str
) -> None:
    """Make `username` able to log in with `password`.

    Raises `ValueError` with Cognito's own words when the password breaks the pool's policy.
    """
    with contextlib.suppress(client.exceptions.UsernameExistsException):
        client.admin_create_user(
            UserPoolId=user_pool_id, Username=username, MessageAction="SUPPRESS"
        )
    try:
        client.admin_set_user_password(
            UserPoolId=user_pool_id, Username=username, Password=password, Permanent=True
        )
    except (
        client.exceptions.InvalidPasswordException,
        client.exceptions.InvalidParameterException,
    ) as error:
        raise ValueError(_reason(error)) from error


def _reason(error: ClientError) -> str:
    return str(error.response["Error"]["Message"])
