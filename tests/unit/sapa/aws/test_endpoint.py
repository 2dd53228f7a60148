"""Our signature against botocore's, byte by byte."""

import base64
import calendar
import time
from collections.abc import Mapping
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import quote

from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials as BotocoreCredentials
from hypothesis import given
from hypothesis import strategies as st

from sapa.aws.endpoint import Credentials, Signer

VISIBLE = st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40)
# As API Gateway makes them; dots alone would be taken for a relative path by botocore.
CONNECTION_IDS = st.binary(min_size=1, max_size=20).map(
    lambda raw: base64.urlsafe_b64encode(raw).decode()
)


SERVICE = "execute-api"
TARGET = {"content-type": "application/x-amz-json-1.0", "x-amz-target": "A_1.GetItem"}


def botocores(
    credentials: Credentials,
    host: str,
    path: str,
    body: bytes,
    at: int,
    *,
    method: str = "POST",
    also: Mapping[str, str] = MappingProxyType({}),
) -> str:
    """The header lines that botocore would add."""
    moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(at))
    signer = SigV4Auth(
        BotocoreCredentials(
            credentials.access_key, credentials.secret_key, credentials.token or None
        ),
        SERVICE,
        "ap-southeast-3",
    )
    request = AWSRequest(method, f"https://{host}{path}", data=body, headers=dict(also))
    # What `add_auth` does, at a time of our choice.
    request.context["timestamp"] = moment
    signer._modify_request_before_signing(request)  # type: ignore[attr-defined]
    canonical = signer.canonical_request(request)
    signature = signer.signature(signer.string_to_sign(request, canonical), request)
    signer._inject_signature_to_request(request, signature)  # type: ignore[attr-defined]
    names = ("X-Amz-Date", "X-Amz-Security-Token", "Authorization")
    return "".join(
        f"{name}: {request.headers[name]}\r\n" for name in names if name in request.headers
    )


@given(
    connection_id=CONNECTION_IDS,
    access_key=VISIBLE,
    secret_key=VISIBLE,
    token=st.one_of(st.just(""), VISIBLE),
    body=st.binary(max_size=50),
    at=st.integers(calendar.timegm((2020, 1, 1, 0, 0, 0)), calendar.timegm((2099, 1, 1, 0, 0, 0))),
    stage=st.sampled_from(["/ws", "/my-stage", ""]),
)
def test_a_signature_is_botocores(
    connection_id: str,
    access_key: str,
    secret_key: str,
    token: str,
    body: bytes,
    at: int,
    stage: str,
) -> None:
    host = "abcde12345.execute-api.ap-southeast-3.amazonaws.com"
    path = f"{stage}/@connections/{quote(connection_id, safe='')}"
    credentials = Credentials(access_key=access_key, secret_key=secret_key, token=token)
    ours = Signer(lambda: credentials, service=SERVICE, host=host, region="ap-southeast-3")
    for method, also in (("POST", {}), ("DELETE", {}), ("POST", TARGET)):
        lines = ours.headers(method, path, sha256(body).hexdigest(), at, also)
        assert lines == botocores(credentials, host, path, body, at, method=method, also=also)


def test_the_key_changes_with_the_day() -> None:
    credentials = Credentials(access_key="AKIA", secret_key="secret", token="")
    host, path, empty = "localhost:8080", "/ws/@connections/c1", sha256(b"").hexdigest()
    signer = Signer(lambda: credentials, service=SERVICE, host=host, region="ap-southeast-3")
    midnight = calendar.timegm((2026, 11, 24, 0, 0, 0))
    for at in (midnight - 1, midnight, midnight - 1):
        assert signer.headers("POST", path, empty, at) == botocores(
            credentials, host, path, b"", at
        )
