"""Verification of AWS Signature Version 4 for requests to `execute-api`.

Source: IAM user guide, reference_sigv-create-signed-request. A request is signed in its
`Authorization` header or, as browsers do it for a WebSocket, in its query string.
"""

import hashlib
import hmac
import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from urllib.parse import quote, unquote

from local_gateway.core.http import Headers
from local_gateway.core.management import MISSING_TOKEN

MALFORMED = "The authorization does not have the form that Signature Version 4 requires"
UNKNOWN_KEY = "The security token included in the request is invalid."
WRONG_SCOPE = "Credential should be scoped to a valid region and to service execute-api."
EXPIRED = "Signature expired or not yet current"
MISMATCH = (
    "The request signature we calculated does not match the signature you provided. "
    "Check your AWS Secret Access Key and signing method."
)
MAXIMUM_SKEW = 5 * 60 * 1000

_ALGORITHM = "AWS4-HMAC-SHA256"
_SERVICE = "execute-api"
_FIELD = re.compile(r"(Credential|SignedHeaders|Signature)=([^,\s]+)")
_TIME = re.compile(r"\d{8}T\d{6}Z", re.ASCII)
_SECONDS = re.compile(r"\d{1,6}", re.ASCII)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedRequest:
    """A request as it travelled: path and query string percent-encoded as they were sent."""

    method: str
    path: str
    query_string: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str:
        """A header's first value by its lower-cased name; empty when there is none."""
        return next((value for key, value in self.headers if key.lower() == name), "")


@dataclass(frozen=True, slots=True)
class _Claim:
    """What a request says about its signature; `lifetime` is in milliseconds."""

    credential: str
    signed_headers: str
    signature: str
    time: str
    lifetime: int
    payload_hash: str


class _RefusedError(Exception):
    """The request is refused with this message."""


def verify_signature(
    request: SignedRequest, secrets: Mapping[str, str], *, region: str, now: int
) -> str | None:
    """The message of the 403 for a wrong signature; `None` when it is right.

    `secrets` maps access key ids to secret keys, `now` is in epoch milliseconds.
    """
    try:
        _check(request, secrets, region, now)
    except _RefusedError as refusal:
        return str(refusal)
    return None


def _check(request: SignedRequest, secrets: Mapping[str, str], region: str, now: int) -> None:
    claim = _claim(request)
    access_key, day, scope_region, service = _scope(claim)
    if (scope_region, service) != (region, _SERVICE) or not claim.time.startswith(day):
        raise _RefusedError(WRONG_SCOPE)
    if not -MAXIMUM_SKEW <= now - _milliseconds(claim.time) <= claim.lifetime:
        raise _RefusedError(EXPIRED)
    if access_key not in secrets:
        raise _RefusedError(UNKNOWN_KEY)
    wanted = _signature(_canonical_request(request, claim), claim, secrets[access_key])
    if not hmac.compare_digest(_bytes(wanted), _bytes(claim.signature)):
        raise _RefusedError(MISMATCH)


def _claim(request: SignedRequest) -> _Claim:
    query = dict(_query_pairs(request.query_string))
    header = _header(request.headers, "authorization")
    if header is not None and header.startswith(f"{_ALGORITHM} "):
        return _header_claim(request, header)
    if query.get("X-Amz-Algorithm") == _ALGORITHM:
        return _query_claim({name: unquote(value) for name, value in query.items()})
    raise _RefusedError(MISSING_TOKEN)


def _header_claim(request: SignedRequest, header: str) -> _Claim:
    fields = dict(_FIELD.findall(header))
    time = _header(request.headers, "x-amz-date") or ""
    declared = _header(request.headers, "x-amz-content-sha256")
    actual = hashlib.sha256(request.body).hexdigest()
    if len(fields) != 3 or not _TIME.fullmatch(time):
        raise _RefusedError(MALFORMED)
    if declared not in (None, actual):
        raise _RefusedError(MISMATCH)
    return _Claim(
        credential=fields["Credential"],
        signed_headers=fields["SignedHeaders"],
        signature=fields["Signature"],
        time=time,
        lifetime=MAXIMUM_SKEW,
        payload_hash=actual,
    )


def _query_claim(query: Mapping[str, str]) -> _Claim:
    names = ("Credential", "SignedHeaders", "Signature", "Date")
    credential, signed_headers, signature, time = (query.get(f"X-Amz-{n}", "") for n in names)
    seconds = query.get("X-Amz-Expires", "")
    usable = all((credential, signed_headers, signature)) and _SECONDS.fullmatch(seconds)
    if not usable or not _TIME.fullmatch(time):
        raise _RefusedError(MALFORMED)
    empty = hashlib.sha256(b"").hexdigest()
    return _Claim(credential, signed_headers, signature, time, int(seconds) * 1000, empty)


def _scope(claim: _Claim) -> tuple[str, str, str, str]:
    """Access key id, day, region and service of a credential."""
    parts = claim.credential.split("/")
    if len(parts) != 5 or parts[4] != "aws4_request":
        raise _RefusedError(MALFORMED)
    return parts[0], parts[1], parts[2], parts[3]


def _milliseconds(time: str) -> int:
    try:
        moment = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    except ValueError:
        raise _RefusedError(MALFORMED) from None
    return int(moment.timestamp()) * 1000


def _canonical_request(request: SignedRequest, claim: _Claim) -> str:
    names = claim.signed_headers.split(";")
    if "host" not in names:
        raise _RefusedError(MALFORMED)
    pairs = _query_pairs(request.query_string)
    query = "&".join(f"{k}={v}" for k, v in sorted(pairs) if k != "X-Amz-Signature")
    headers = "".join(f"{name}:{_canonical_value(request.headers, name)}\n" for name in names)
    # Services other than S3 encode the path once more than it was sent.
    path = quote(_bytes(request.path), safe="/~")
    return "\n".join(
        (request.method, path, query, headers, claim.signed_headers, claim.payload_hash)
    )


def _canonical_value(headers: Headers, name: str) -> str:
    values = [" ".join(value.split()) for key, value in headers if key.lower() == name]
    if not values:
        raise _RefusedError(MISMATCH)
    return ",".join(values)


def _signature(canonical: str, claim: _Claim, secret: str) -> str:
    scope = claim.credential.partition("/")[2]
    digest = hashlib.sha256(_bytes(canonical)).hexdigest()
    key = f"AWS4{secret}".encode()
    for part in scope.split("/"):
        key = hmac.digest(key, _bytes(part), "sha256")
    text = "\n".join((_ALGORITHM, claim.time, scope, digest))
    return hmac.digest(key, _bytes(text), "sha256").hex()


def _query_pairs(query_string: str) -> list[tuple[str, str]]:
    """Names and values as they were sent, still encoded."""
    parts = [item.partition("=") for item in query_string.split("&") if item]
    return [(name, value) for name, _, value in parts]


def _header(headers: Headers, name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _bytes(text: str) -> bytes:
    """UTF-8; a request may hold bytes that are none, which a server hands on as surrogates."""
    return text.encode("utf-8", errors="backslashreplace")
