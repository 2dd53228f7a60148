"""AWS Signature Version 4 for posts to `@connections`, and nothing else.

botocore signs anything and takes its time; here the host, the region and the body's hash are the
same for thousands of requests. Source: IAM user guide, "Create a signed AWS API request".
"""

import hmac
import time
from dataclasses import dataclass
from hashlib import sha256
from urllib.parse import quote

_SERVICE = "execute-api"
_ALGORITHM = "AWS4-HMAC-SHA256"


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """What a function is given in its environment; `token` is empty for a user's own keys."""

    access_key: str
    secret_key: str
    token: str


class Signer:
    """Signs posts to one host in one region; safe to share between threads."""

    def __init__(self, credentials: Credentials, *, host: str, region: str) -> None:
        self._credentials = credentials
        self._region = region
        self._fixed_headers = f"host:{host}\n"
        self._signed_names = "host;x-amz-date"
        if credentials.token:
            self._signed_names += ";x-amz-security-token"
        self._key_of_day = ("", b"")

    def headers(self, path: str, body_hash: str, epoch_seconds: float) -> str:
        """The header lines that sign a POST of a body with this SHA-256 to `path`.

        `path` is as it travels; it is encoded once more, as for every service but S3.
        """
        moment = time.strftime("%Y%m%dT%H%M%SZ", time.gmtime(epoch_seconds))
        scope = f"{moment[:8]}/{self._region}/{_SERVICE}/aws4_request"
        token = self._credentials.token
        signed = f"{self._fixed_headers}x-amz-date:{moment}\n"
        if token:
            signed += f"x-amz-security-token:{token}\n"
        canonical = f"POST\n{quote(path, safe='/~')}\n\n{signed}\n{self._signed_names}\n{body_hash}"
        text = f"{_ALGORITHM}\n{moment}\n{scope}\n{sha256(canonical.encode()).hexdigest()}"
        signature = hmac.digest(self._signing_key(moment[:8]), text.encode(), "sha256").hex()
        lines = f"X-Amz-Date: {moment}\r\n"
        if token:
            lines += f"X-Amz-Security-Token: {token}\r\n"
        return (
            f"{lines}Authorization: {_ALGORITHM} "
            f"Credential={self._credentials.access_key}/{scope}, "
            f"SignedHeaders={self._signed_names}, Signature={signature}\r\n"
        )

    def _signing_key(self, day: str) -> bytes:
        known, key = self._key_of_day
        if known != day:
            key = f"AWS4{self._credentials.secret_key}".encode()
            for part in (day, self._region, _SERVICE, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._key_of_day = (day, key)
        return key
