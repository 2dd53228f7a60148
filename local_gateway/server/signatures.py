"""Verification of AWS Signature Version 4: botocore signs the received request again.

Source: IAM user guide, reference_sigv-create-signed-request. A request to `execute-api` is signed
in its `Authorization` header or, as browsers do it for a WebSocket, in its query string.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.compat import HTTPHeaders
from botocore.credentials import Credentials

from local_gateway.core.http import Request
from local_gateway.core.management import ALGORITHM, MISSING_TOKEN, is_signed

MALFORMED = "The authorization does not have the form that Signature Version 4 requires"
UNKNOWN_KEY = "The security token included in the request is invalid."
WRONG_SCOPE = "Credential should be scoped to a valid region and to service execute-api."
EXPIRED = "Signature expired or not yet current"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)
MAXIMUM_SKEW = 5 * 60 * 1000

_SERVICE = "execute-api"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)


class _RefusedError(Exception):
    """The request is refused with this message."""


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says about its signature; `lifetime` is in milliseconds."""

    credential: str
    signed_headers: str
    signature: str
    time: str
    lifetime: int


class _Signer(SigV4Auth):
    """Signs exactly the headers that the request has, and no others."""

    def headers_to_sign(self, request: AWSRequest) -> HTTPHeaders:
        headers = HTTPHeaders()
        for name, value in request.headers.items():
            headers[name.lower()] = value
        return headers


def signature_problem(
    request: Request, secrets: Mapping[str, str] | None, *, region: str, now: int
) -> str | None:
    """The message of the 403 for a missing or wrong signature; `None` when it is right.

    `secrets` maps access key ids to secret keys; without it, any signature is right. `now` is in
    epoch milliseconds.
    """
    if not is_signed(request):
        return MISSING_TOKEN
    if secrets is None:
        return None
    try:
        _check(request, secrets, region, now)
    except _RefusedError as refusal:
        return str(refusal)
    return None


def _check(request: Request, secrets: Mapping[str, str], region: str, now: int) -> None:
    claim = _claim(request)
    access_key, day, *scope = claim.credential.split("/")
    if len(scope) != 3 or scope[2] != "aws4_request":
        raise _RefusedError(MALFORMED)
    signed_at = _milliseconds(claim.time)
    if scope[:2] != [region, _SERVICE] or not claim.time.startswith(day):
        raise _RefusedError(WRONG_SCOPE)
    if not -MAXIMUM_SKEW <= now - signed_at <= claim.lifetime:
        raise _RefusedError(EXPIRED)
    if access_key not in secrets:
        raise _RefusedError(UNKNOWN_KEY)
    expected = _signature(request, claim, Credentials(access_key, secrets[access_key]), region)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise _RefusedError(MISMATCH)


def _claim(request: Request) -> _Claim:
    header = request.headers.get("authorization") or ""
    if header.startswith(f"{ALGORITHM} "):
        fields = dict(_FIELD.findall(header))
        fields["Date"] = request.headers.get("x-amz-date") or ""
        lifetime = MAXIMUM_SKEW
    else:
        query = dict(request.query)
        fields = {
            name: query.get(f"X-Amz-{name}", "")
            for name in ("Credential", "SignedHeaders", "Signature", "Date")
        }
        seconds = query.get("X-Amz-Expires", "")
        lifetime = int(seconds) * 1000 if _SECONDS.fullmatch(seconds) else -1
    if len(fields) != 4 or not all(fields.values()) or lifetime < 0:
        raise _RefusedError(MALFORMED)
    if "host" not in fields["SignedHeaders"].split(";"):
        raise _RefusedError(MALFORMED)
    return _Claim(
        fields["Credential"], fields["SignedHeaders"], fields["Signature"], fields["Date"], lifetime
    )


def _milliseconds(time: str) -> int:
    try:
        signed_at = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _RefusedError(MALFORMED) from None
    return int(signed_at.timestamp()) * 1000


def _signature(request: Request, claim: _Claim, credentials: Credentials, region: str) -> str:
    declared = request.headers.get("x-amz-content-sha256")
    if declared not in (None, hashlib.sha256(request.body).hexdigest()):
        raise _RefusedError(MISMATCH)
    query = "&".join(
        part for part in request.query_string.split("&") if not part.startswith("X-Amz-Signature=")
    )
    # The host that was signed is among the headers.
    copy = AWSRequest(request.method, f"http://localhost{request.path}?{query}", data=request.body)
    for name in claim.signed_headers.split(";"):
        values = request.headers.get_all(name)
        if not values:
            raise _RefusedError(MISMATCH)
        for value in values:
            copy.headers[name] = value
    copy.context["timestamp"] = claim.time
    signer = _Signer(credentials, _SERVICE, region)
    text: str = signer.string_to_sign(copy, signer.canonical_request(copy))
    signature: str = signer.signature(text, copy)
    return signature
