"""Who signed a request: a user `local` of the account, with the access key that the request names.

Sources: developer guide, http-api-access-control-iam and api-gateway-mapping-template-reference
(`$context.identity`).
"""

import re
from dataclasses import dataclass
from typing import Self

from local_gateway.core.http import Pairs, Request
from local_gateway.core.model import Application

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


@dataclass(frozen=True, slots=True)
class Signer:
    """The caller of a request that is signed with Signature Version 4."""

    access_key: str
    account_id: str
    user_arn: str

    @classmethod
    def from_request(cls, request: Request, application: Application) -> Self:
        """The signer of a signed request."""
        account = application.account_id
        arn = f"arn:{application.partition}:iam::{account}:user/local"
        return cls(_access_key(request), account, arn)

    def identity(self) -> Pairs:
        """The members of `requestContext.identity`."""
        return (
            ("accessKey", self.access_key),
            ("accountId", self.account_id),
            ("caller", self.access_key),
            ("user", self.access_key),
            ("userArn", self.user_arn),
        )


def _access_key(request: Request) -> str:
    credential = _CREDENTIAL.search(request.headers.get("authorization") or "")
    if credential is not None:
        return credential[1]
    return dict(request.query).get("X-Amz-Credential", "").partition("/")[0]
