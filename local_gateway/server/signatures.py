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
from local_gateway.core.loopback_guard import foreign_page
from local_gateway.core.management import ALGORITHM, MISSING_TOKEN, SignatureRefusal, is_signed

# The SDKs correct their clock after this code, and sign again.
INVALID_SIGNATURE = "InvalidSignatureException"

MALFORMED = SignatureRefusal(
    "IncompleteSignatureException",
    "The authorization does not have the form that Signature Version 4 requires",
)
# The access key or the session token.
UNKNOWN_KEY = SignatureRefusal(
    "UnrecognizedClientException", "The security token included in the request is invalid."
)
WRONG_SCOPE = SignatureRefusal(
    INVALID_SIGNATURE,
    "Credential should be scoped to a valid region and to service execute-api.",
)
MISMATCH = SignatureRefusal(
    INVALID_SIGNATURE,
    "The request signature we calculated does not match the signature you provided. Check your "
    "AWS Secret Access Key and signing method. Consult the service documentation for details.",
)
MAXIMUM_SKEW = 5 * 60 * 1000

_SERVICE = "execute-api"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)


class _RefusedError(Exception):
    """The request is refused."""

    def __init__(self, refusal: SignatureRefusal) -> None:
        super().__init__(refusal.message)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class SigningKey:
    """What belongs to an access key id; temporary credentials have a session token."""

    secret: str
    session_token: str | None = None


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
    request: Request, keys: Mapping[str, SigningKey] | None, *, region: str, now: int
) -> SignatureRefusal | None:
    """Why a missing or wrong signature is refused; `None` when it is right.

    `keys` are by access key id; without them, any signature is right. `now` is in epoch
    milliseconds.
    """
    if not is_signed(request):
        return MISSING_TOKEN
    if keys is None:
        # Any page can send a query; a header makes its browser ask for permission first.
        is_in_header = request.headers.get("authorization") is not None
        return None if is_in_header or guard_problem(request) is None else MISSING_TOKEN
    try:
        _check(request, keys, region, now)
    except _RefusedError as error:
        return error.refusal
    return None


def guard_problem(request: Request) -> str | None:
    """Why a request counts as one of a foreign page; `None` if it does not."""
    headers = request.headers
    site = headers.get("Sec-Fetch-Site")
    return foreign_page(headers.get_all("Host"), headers.get_all("Origin"), site)


def _check(request: Request, keys: Mapping[str, SigningKey], region: str, now: int) -> None:
    claim = _claim(request)
    access_key, day, *scope = claim.credential.split("/")
    if len(scope) != 3 or scope[2] != "aws4_request":
        raise _RefusedError(MALFORMED)
    signed_at = _milliseconds(claim.time)
    if scope[:2] != [region, _SERVICE] or not claim.time.startswith(day):
        raise _RefusedError(WRONG_SCOPE)
    _check_time(claim, signed_at, now)
    key = keys.get(access_key)
    if key is None or _session_token(request) != key.session_token:
        raise _RefusedError(UNKNOWN_KEY)
    expected = _signature(request, claim, Credentials(access_key, key.secret), region)
    if not hmac.compare_digest(expected.encode(), claim.signature.encode()):
        raise _RefusedError(MISMATCH)


def _check_time(claim: _Claim, signed_at: int, now: int) -> None:
    """In the words of AWS, which tell the server's time."""
    if now - signed_at > claim.lifetime:
        minutes = claim.lifetime // 60_000
        message = (
            f"Signature expired: {claim.time} is now earlier than {_time(now - claim.lifetime)} "
            f"({_time(now)} - {minutes} min.)"
        )
    elif signed_at - now > MAXIMUM_SKEW:
        message = (
            f"Signature not yet current: {claim.time} is still later than "
            f"{_time(now + MAXIMUM_SKEW)} ({_time(now)} + {MAXIMUM_SKEW // 60_000} min.)"
        )
    else:
        return
    raise _RefusedError(SignatureRefusal(INVALID_SIGNATURE, message))


def _session_token(request: Request) -> str | None:
    header = request.headers.get("x-amz-security-token")
    return header if header is not None else dict(request.query).get("X-Amz-Security-Token")


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


def _time(milliseconds: int) -> str:
    return datetime.fromtimestamp(milliseconds // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")


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
