"""`AWS_IAM` on routes of HTTP APIs: who may call, and what the function learns of the caller.

Source: developer guide, "Control access to HTTP APIs with IAM authorization"
(http-api-access-control-iam) and "Create AWS Lambda proxy integrations for HTTP APIs".
"""

import re
from collections.abc import Mapping
from typing import Any
from urllib.parse import parse_qsl

from local_gateway.core.http_api.events import HttpRequest
from local_gateway.core.iam.sigv4 import SignedRequest, verify_signature
from local_gateway.core.management import signature_problem
from local_gateway.core.model import Application

_CREDENTIAL = re.compile(r"Credential=([^/,\s]+)/")


def iam_problem(
    request: HttpRequest, secrets: Mapping[str, str] | None, *, region: str, now: int
) -> str | None:
    """Why a request is refused with 403, `None` when it is not.

    Without `secrets` (secret keys by access key id) any signature will do; `now` is in epoch
    milliseconds. Policies are not looked at: whoever has a key may call.
    """
    if secrets is None:
        return signature_problem(request.headers, _query(request))
    signed = SignedRequest(
        method=request.method,
        path=request.path,
        query_string=request.query_string,
        headers=request.headers,
        body=request.body,
    )
    return verify_signature(signed, secrets, region=region, now=now)


def iam_context(request: HttpRequest, application: Application) -> dict[str, Any]:
    """`requestContext.authorizer.iam` of a signed request: a user `local` of the account."""
    key = _access_key(request)
    account = application.account_id
    return {
        "accessKey": key,
        "accountId": account,
        "callerId": key,
        "cognitoIdentity": None,
        "principalOrgId": None,
        "userArn": f"arn:{application.partition}:iam::{account}:user/local",
        "userId": key,
    }


def _access_key(request: HttpRequest) -> str:
    found = _CREDENTIAL.search(request.header("authorization") or "")
    if found is not None:
        return found[1]
    return dict(_query(request)).get("X-Amz-Credential", "").partition("/")[0]


def _query(request: HttpRequest) -> tuple[tuple[str, str], ...]:
    return tuple(parse_qsl(request.query_string, errors="replace"))
