"""What requests are signed with: the environment's own credentials, or where else they are kept."""

import functools
from typing import Any

from sapa.aws.signing import Credentials, CredentialSource
from sapa.settings import Settings


def credential_source(known: Settings) -> CredentialSource:
    """Lambda puts the role's credentials into the environment and never changes them there.

    A function that starts from a snapshot gets an address instead, from which they are fetched and
    renewed ("Lambda SnapStart": credentials of the container provider); botocore knows that place
    and all others, and is loaded only there.
    """
    if not known.has_own_credentials:
        return _of_botocore
    found = Credentials(
        access_key=known.access_key, secret_key=known.secret_key, token=known.session_token
    )
    return lambda: found


def _of_botocore() -> Credentials:
    frozen = _chain().get_frozen_credentials()
    return Credentials(
        access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token or ""
    )


@functools.cache
def _chain() -> Any:
    """Credentials that renew themselves. Raises `NoCredentialsError` when there are none."""
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    found = get_session().get_credentials()
    if found is None:
        raise NoCredentialsError
    return found
