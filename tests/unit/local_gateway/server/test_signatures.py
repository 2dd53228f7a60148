from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import pytest
from botocore.auth import SigV4Auth, SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from local_gateway.core.http import Headers, Request
from local_gateway.core.management import MISSING_TOKEN, SignatureRefusal
from local_gateway.server import signatures
from local_gateway.server.signatures import SigningKey, signature_problem

HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
KEYS = {"AKIDEXAMPLE": SigningKey("example-secret")}
TEMPORARY = {"AKIDEXAMPLE": SigningKey("example-secret", "session-token")}
REGION = "eu-west-1"


def sign(
    signer: Any = SigV4Auth,
    *,
    url: str = f"https://{HOST}/ws/@connections/BFaT_fALIAMCKug%3D",
    method: str = "POST",
    body: bytes = b"hello",
    token: str | None = None,
    service: str = "execute-api",
    region: str = REGION,
) -> tuple[Request, int]:
    """A request signed by botocore, and the time (epoch milliseconds) it was signed at."""
    request = AWSRequest(method=method, url=url, data=body, headers={"X-Tag": " a   b "})
    signer(Credentials("AKIDEXAMPLE", "example-secret", token), service, region).add_auth(request)
    parts = urlsplit(str(request.url))
    time = str(request.headers["X-Amz-Date"] or dict(parse_qsl(parts.query))["X-Amz-Date"])
    signed_at = datetime.strptime(time, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    signed = Request(
        method=method,
        path=parts.path,
        query_string=parts.query,
        headers=Headers((*request.headers.items(), ("Host", HOST))),
        body=body,
    )
    return signed, int(signed_at.timestamp()) * 1000


def verify(request: Request, now: int) -> SignatureRefusal | None:
    return signature_problem(request, KEYS, region=REGION, now=now)


def with_header(request: Request, name: str, value: str) -> Request:
    kept = [item for item in request.headers if item[0] != name]
    return replace(request, headers=Headers((*kept, (name, value))))


def authorization(request: Request) -> str:
    return dict(request.headers)["Authorization"]


@pytest.mark.parametrize(
    "request_parts",
    [
        {},
        {"method": "DELETE", "body": b""},
        {"url": f"https://{HOST}/ws/%40connections/x%3D?b=2&a=%20x&a=1&flag="},
    ],
)
def test_what_botocore_signs_is_right(request_parts: dict[str, Any]) -> None:
    request, now = sign(**request_parts)
    assert verify(request, now) is None
    assert verify(with_header(request, "x-amz-content-sha256", "00"), now) == signatures.MISMATCH


def test_a_signed_query_string_is_right_until_it_expires() -> None:
    request, now = sign(SigV4QueryAuth, url=f"https://{HOST}/ws?endpoint=a", method="GET", body=b"")
    assert verify(request, now) is None
    assert verify(request, now + 3_600_000) is None
    expired = verify(request, now + 3_601_000)
    assert expired is not None
    assert expired.message.startswith("Signature expired: ")
    changed = replace(request, query_string=request.query_string.replace("=a", "=b", 1))
    assert verify(changed, now) == signatures.MISMATCH
    for part in ("X-Amz-Expires=3600", "X-Amz-Signature=", "X-Amz-Date=20"):
        broken = replace(request, query_string=request.query_string.replace(part, "X-Other=", 1))
        assert verify(broken, now) == MISSING_TOKEN
    forever = replace(request, query_string=request.query_string.replace("=3600", "=forever"))
    assert verify(forever, now) == signatures.MALFORMED


def test_any_change_after_signing_is_noticed() -> None:
    request, now = sign()
    path = request.path.replace("%3D", "=")
    for changed in (
        replace(request, method="GET"),
        replace(request, path=path),
        replace(request, query_string="a=1"),
        replace(request, body=b"hullo"),
        with_header(request, "Host", "127.0.0.1:8080"),
        with_header(request, "X-Tag", "a c"),
        replace(request, headers=Headers(item for item in request.headers if item[0] != "X-Tag")),
    ):
        assert verify(changed, now) == signatures.MISMATCH


def test_the_clocks_may_differ_by_five_minutes() -> None:
    request, now = sign()
    assert verify(request, now + 5 * 60_000) is None
    assert verify(request, now - 5 * 60_000) is None


@pytest.mark.parametrize(("seconds", "text"), [(301, "expired"), (-301, "not yet current")])
def test_a_clock_that_is_further_off_is_told_the_servers_time(seconds: int, text: str) -> None:
    request, now = sign()
    here = now + seconds * 1000
    refusal = verify(request, here)
    assert refusal is not None
    assert refusal.error_type == "InvalidSignatureException"
    assert refusal.message.startswith(f"Signature {text}: ")
    server_time = datetime.fromtimestamp(here // 1000, UTC).strftime("%Y%m%dT%H%M%SZ")
    sign_of_skew = "-" if seconds > 0 else "+"
    assert refusal.message.endswith(f"({server_time} {sign_of_skew} 5 min.)")


@pytest.mark.parametrize("signer", [SigV4Auth, SigV4QueryAuth])
@pytest.mark.parametrize(
    ("token", "refusal"),
    [("session-token", None), ("foreign", signatures.UNKNOWN_KEY), (None, signatures.UNKNOWN_KEY)],
)
def test_the_session_token_belongs_to_its_key(
    signer: Any, token: str | None, refusal: SignatureRefusal | None
) -> None:
    request, now = sign(signer, token=token, method="GET", body=b"")
    assert signature_problem(request, TEMPORARY, region=REGION, now=now) == refusal


def test_a_key_that_is_not_temporary_has_no_session_token() -> None:
    assert verify(*sign(token="session-token")) == signatures.UNKNOWN_KEY


@pytest.mark.parametrize(
    ("refusal", "code"),
    [
        (signatures.MISMATCH, "InvalidSignatureException"),
        (signatures.WRONG_SCOPE, "InvalidSignatureException"),
        (signatures.UNKNOWN_KEY, "UnrecognizedClientException"),
        (signatures.MALFORMED, "IncompleteSignatureException"),
        (MISSING_TOKEN, "MissingAuthenticationTokenException"),
    ],
)
def test_a_refusal_has_the_code_that_sdks_decide_by(refusal: SignatureRefusal, code: str) -> None:
    assert refusal.error_type == code


@pytest.mark.parametrize("scope", [{"service": "s3"}, {"region": "us-east-1"}])
def test_the_scope_must_be_this_region_and_service(scope: dict[str, Any]) -> None:
    assert verify(*sign(**scope)) == signatures.WRONG_SCOPE


def test_an_unknown_key_is_not_a_wrong_signature() -> None:
    request, now = sign()
    problem = signature_problem(request, {"AKIDOTHER": SigningKey("x")}, region=REGION, now=now)
    assert problem == signatures.UNKNOWN_KEY
    problem = signature_problem(request, {"AKIDEXAMPLE": SigningKey("x")}, region=REGION, now=now)
    assert problem == signatures.MISMATCH


@pytest.mark.parametrize(
    ("old", "new", "problem"),
    [
        ("AWS4-HMAC-SHA256 ", "Bearer ", MISSING_TOKEN),
        ("Signature=", "Sig=", signatures.MALFORMED),
        ("aws4_request", "aws5_request", signatures.MALFORMED),
        ("/execute-api", "", signatures.MALFORMED),
        ("SignedHeaders=host;", "SignedHeaders=", signatures.MALFORMED),
    ],
)
def test_a_malformed_authorization_is_told_from_a_wrong_one(
    old: str, new: str, problem: SignatureRefusal
) -> None:
    request, now = sign()
    changed = authorization(request).replace(old, new)
    assert verify(with_header(request, "Authorization", changed), now) == problem


@pytest.mark.parametrize("time", ["yesterday", "{day}T990000Z"])
def test_a_date_that_is_none_is_malformed(time: str) -> None:
    request, now = sign()
    day = dict(request.headers)["X-Amz-Date"][:8]
    assert (
        verify(with_header(request, "X-Amz-Date", time.format(day=day)), now)
        == signatures.MALFORMED
    )


def test_characters_beyond_ascii_are_wrong_not_an_error() -> None:
    request, now = sign()
    for changed_request in (
        replace(request, path="/ws/é"),
        with_header(request, "X-Tag", "é"),
        with_header(
            request, "Authorization", authorization(request).replace("Signature=", "Signature=é")
        ),
    ):
        assert verify(changed_request, now) == signatures.MISMATCH


def test_without_secrets_any_signature_will_do() -> None:
    request, now = sign()
    assert signature_problem(request, None, region=REGION, now=now + 86_400_000) is None
    unsigned = replace(request, headers=Headers())
    assert signature_problem(unsigned, None, region=REGION, now=now) == MISSING_TOKEN
