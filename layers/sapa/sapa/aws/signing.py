"""AWS Signature Version 4 for requests without a query string.

botocore signs anything and takes its time, to load and to sign; here host, region and service are
the same for all requests. Source: IAM user guide, "Create a signed AWS API request".
"""

import hmac
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from types import MappingProxyType
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What requests are signed with; `token` is empty for a user's own keys."""

    access_key: str
    secret_key: str
    token: str


type CredentialSource = Callable[[], Credentials]
"""Asked for each request: credentials of a restored snapshot are renewed while it runs."""


class Signer:
    """Signs requests to one host of one service in one region; safe to share between threads."""

    def __init__(
        self, credentials: CredentialSource, *, service: str, host: str, region: str
    ) -> None:
        self._credentials = credentials
        self._service = service
        self._host = host
        self._region = region
        self._known_key = ("", "", b"")

    def headers(
        self,
        method: str,
        path: str,
        body_hash: str,
        epoch_seconds: float,
        also_signed: Mapping[str, str] = _NO_HEADERS,
    ) -> str:
        """The header lines that sign a request whose body has this SHA-256.

        `path` is as it travels; it is encoded once more, as for every service but S3. The headers
        `also_signed`, named in lower case, are signed and not returned.
        """
        credentials = self._credentials()
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(epoch_seconds))
        scope = f"{moment[:8]}/{self._region}/{self._service}/aws4_request"
        signed = {"host": self._host, "x-amz-date": moment, **also_signed}
        lines = f"X-Amz-Date: {moment}\r\n"
        if credentials.token:
            signed["x-amz-security-token"] = credentials.token
            lines += f"X-Amz-Security-Token: {credentials.token}\r\n"
        names = sorted(signed)
        fields = "".join(f"{name}:{signed[name]}\n" for name in names)
        listed = ";".join(names)
        canonical = f"{method}\n{quote(path, safe='/~')}\n\n{fields}\n{listed}\n{body_hash}"
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        key = self._signing_key(moment[:8], credentials.secret_key)
        signature = hmac.digest(key, text.encode(), "sha256").hex()
        return (
            f"{lines}Authorization: {_ALGORITHM} "
            f"Credential={credentials.access_key}/{scope}, "
            f"SignedHeaders={listed}, Signature={signature}\r\n"
        )

    def _signing_key(self, day: str, secret_key: str) -> bytes:
        known_day, known_secret, key = self._known_key
        if (known_day, known_secret) != (day, secret_key):
            key = f"AWS4{secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._known_key = (day, secret_key, key)
        return key
