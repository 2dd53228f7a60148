"""Passwords are checked elsewhere; this is the question that is asked there."""

from typing import Protocol


class CredentialChecker(Protocol):
    """Who knows the passwords."""

    def check(self, username: str, password: str, new_password: str | None = None) -> str:
        """The user's name as the user pool spells it, once the password is right.

        `new_password` replaces a temporary password. Raises the errors below `LoginError`.
        """
