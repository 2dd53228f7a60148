"""Create a user of the bot, on AWS or on this computer.

    make user NAME=ana                     of the bot that `make run` has started, on PORT=…
    make user NAME=ana STACK=sapa          of the stack on AWS, with your credentials
    make user NAME=ana ARGS=--replace      a new password for a user that exists

The password is asked for, or the first line of what is piped in; an empty one is made up and
printed.
"""

import argparse
import getpass
import secrets
import sys
import unicodedata
from collections.abc import Sequence
from contextlib import suppress
from typing import TYPE_CHECKING

from tools.scripts.stacks import AWS_ERRORS, Stack, StackError, aws_reason
from tools.scripts.user_arguments import UserArguments, chosen_stack

if TYPE_CHECKING:
    from mypy_boto3_cognito_idp import CognitoIdentityProviderClient


MAX_NAME_LENGTH = 128


class UserError(Exception):
    """The user cannot be created as asked; the message is for a person."""


def random_password() -> str:
    """A password that fits the pool's policy: letters of both cases, digits and a symbol."""
    return f"Sapa-{secrets.token_urlsafe(12)}-7"


def check_name(username: str) -> None:
    """Refuse what Cognito refuses; the local user pool takes any name. Raises `UserError`."""
    if len(username) > MAX_NAME_LENGTH:
        raise UserError(f"a user name has at most {MAX_NAME_LENGTH} characters")
    wrong = [each for each in username if unicodedata.category(each)[0] not in "LMSNP"]
    if wrong:
        raise UserError(
            f"{username!r} is not a user name: it has {_described(wrong[0])};"
            " letters, digits, symbols and punctuation are allowed"
        )


def _described(character: str) -> str:
    if character == " ":
        return "a space"
    return f"the character U+{ord(character):04X}"


def create_user(
    client: "CognitoIdentityProviderClient", user_pool_id: str, username: str, password: str
) -> None:
    """Make a new user who can log in with `password` at once.

    Raises `UserError` when the name is taken, or when name or password break the pool's rules; then
    no user is left behind.
    """
    try:
        client.admin_create_user(
            UserPoolId=user_pool_id, Username=username, MessageAction="SUPPRESS"
        )
    except client.exceptions.UsernameExistsException as error:
        raise UserError(
            f"there is a user {username} already; ARGS=--replace gives a new password"
        ) from error
    except AWS_ERRORS as error:
        raise UserError(_cause(error, user_pool_id)) from error
    try:
        replace_password(client, user_pool_id, username, password)
    except UserError:
        with suppress(*AWS_ERRORS):  # the first cause is the one to report
            client.admin_delete_user(UserPoolId=user_pool_id, Username=username)
        raise


def replace_password(
    client: "CognitoIdentityProviderClient", user_pool_id: str, username: str, password: str
) -> None:
    """Let an existing user log in with `password` only; raises `UserError`."""
    try:
        client.admin_set_user_password(
            UserPoolId=user_pool_id, Username=username, Password=password, Permanent=True
        )
    except client.exceptions.UserNotFoundException as error:
        raise UserError(f"there is no user {username}") from error
    except AWS_ERRORS as error:
        raise UserError(_cause(error, user_pool_id)) from error


def _cause(error: Exception, user_pool_id: str) -> str:
    reason = aws_reason(error)
    if reason.endswith("(ResourceNotFoundException)"):
        return f"the user pool {user_pool_id} is not there any more"
    return reason


def arguments(given: Sequence[str] | None = None) -> argparse.Namespace:
    """What the command line says; ends the program when it makes no sense."""
    parser = UserArguments("make user", "Create a user of the bot.", "the name to log in with")
    parser.add_argument("--replace", action="store_true", help="a new password for an old user")
    return parser.read(given)


def ask_password(username: str) -> str:
    """What the person types or pipes in; empty when it is to be made up.

    Raises `UserError` when the second try differs from the first.
    """
    if not sys.stdin.isatty():
        return sys.stdin.readline().rstrip("\r\n")
    password = getpass.getpass(f"Password for {username} (empty: make one up): ")
    if password and getpass.getpass("The same again: ") != password:
        raise UserError("the two passwords differ")
    return password


def main(given: Sequence[str] | None = None) -> int:
    """Create the user, print how to log in; status 1 with one line when that fails."""
    options = arguments(given)
    try:
        check_name(options.name)
        stack = chosen_stack(options)
        user_pool_id = stack.output("UserPoolId")
        typed = ask_password(options.name)
        password = typed or random_password()
        _store(stack, user_pool_id, options.name, password, replace=options.replace)
    except (StackError, UserError) as error:
        print(f"user: {error}", file=sys.stderr)
        return 1
    except AWS_ERRORS as error:
        print(f"user: {aws_reason(error)}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        print(file=sys.stderr)
        return 130
    print(f"  User      {options.name}")
    if not typed:
        print(f"  Password  {password}")
    print(
        f"  Page      {stack.outputs.get('PageUrl', options.url) if options.stack else options.url}"
    )
    return 0


def _store(stack: Stack, user_pool_id: str, username: str, password: str, *, replace: bool) -> None:
    client = stack.session.client("cognito-idp", endpoint_url=stack.endpoint_url)
    change = replace_password if replace else create_user
    change(client, user_pool_id, username, password)


if __name__ == "__main__":
    sys.exit(main())
