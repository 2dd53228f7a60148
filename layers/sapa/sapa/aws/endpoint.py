"""Signed requests to one AWS service, over connections that are kept alive.

boto3 would do the same with 125 ms of imports and 40 ms for each client, and botocore signs any
request, slowly; here host, region and service are the same for all requests of an endpoint:
docs/adr/0005-cold-start.md.
"""

import functools
import hmac
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, urlsplit

from sapa.aws.http_connection import (
    Address,
    BrokenConnectionError,
    HttpConnection,
    ServiceResponse,
    Timeouts,
)
from sapa.settings import Settings

if TYPE_CHECKING:
    from sapa.aws.tls import TrustStore

_ALGORITHM = "AWS4-HMAC-SHA256"
_NO_HEADERS: Mapping[str, str] = MappingProxyType({})
# The longest pauses before the first repetition, in seconds; each further one is twice as long.
_THROTTLED_PAUSE = 1.0
_FAILED_PAUSE = 0.05
_PASSING = {
    HTTPStatus.TOO_MANY_REQUESTS,
    HTTPStatus.INTERNAL_SERVER_ERROR,
    HTTPStatus.BAD_GATEWAY,
    HTTPStatus.SERVICE_UNAVAILABLE,
    HTTPStatus.GATEWAY_TIMEOUT,
}
_THROTTLES = {
    b"ProvisionedThroughputExceededException",
    b"RequestLimitExceeded",
    b"RequestThrottled",
    b"ThrottlingException",
    b"TransactionInProgressException",
}


class UnreachableError(Exception):
    """No attempt was answered; `reason` names the last error."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True, kw_only=True)
class Credentials:
    """The keys that sign requests; `token` is empty for a user's own keys."""

    access_key: str
    secret_key: str
    token: str


type CredentialSource = Callable[[], Credentials]
"""Called for each request: credentials of a restored snapshot are renewed while it runs."""


def credential_source(config: Settings) -> CredentialSource:
    """Lambda puts the role's credentials into the environment and never changes them there.

    A function that starts from a snapshot gets an address instead, from which they are fetched and
    renewed ("Lambda SnapStart": credentials of the container provider). botocore supports that
    place and all others, and is loaded only then.
    """
    if not config.access_key:
        return _botocore_credentials
    credentials = Credentials(
        access_key=config.access_key, secret_key=config.secret_key, token=config.session_token
    )
    return lambda: credentials


def _botocore_credentials() -> Credentials:
    frozen = _credential_chain().get_frozen_credentials()
    return Credentials(
        access_key=frozen.access_key, secret_key=frozen.secret_key, token=frozen.token or ""
    )


@functools.cache
def _credential_chain() -> Any:
    """Credentials that renew themselves. Raises `NoCredentialsError` when there are none."""
    from botocore.exceptions import NoCredentialsError
    from botocore.session import get_session

    credentials = get_session().get_credentials()
    if credentials is None:
        raise NoCredentialsError
    return credentials


class Signer:
    """Signs requests to one host of one service in one region; safe to share between threads.

    AWS Signature Version 4 for requests without a query string; source: IAM user guide, "Create a
    signed AWS API request".
    """

    def __init__(
        self, credentials: CredentialSource, *, service: str, host: str, region: str
    ) -> None:
        self._credentials = credentials
        self._service = service
        self._host = host
        self._region = region
        self._cached_key = ("", "", b"")

    def headers(
        self,
        method: str,
        path: str,
        body_hash: str,
        epoch_seconds: float,
        also_signed: Mapping[str, str] = _NO_HEADERS,
    ) -> str:
        """The header lines that sign a request whose body has this SHA-256.

        `path` is encoded as in the request; it is encoded once more, as for every service but S3.
        The headers `also_signed`, named in lower case, are signed and not returned.
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
        fields = "".join([f"{name}:{signed[name]}\n" for name in names])
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
        day_of_key, secret_of_key, key = self._cached_key
        if (day_of_key, secret_of_key) != (day, secret_key):
            key = f"AWS4{secret_key}".encode()
            for part in (day, self._region, self._service, "aws4_request"):
                key = hmac.digest(key, part.encode(), "sha256")
            self._cached_key = (day, secret_key, key)
        return key


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body and its SHA-256, so that a thousand posts of one frame hash it once."""

    content: bytes
    digest: str

    @classmethod
    def from_bytes(cls, content: bytes) -> "Body":
        """Hash a body."""
        return cls(content, sha256(content).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a request is sent at most; `jitter` gives numbers from 0 to 1."""

    attempts: int
    sleep: Callable[[float], None]
    jitter: Callable[[], float]


class Server:
    """What a URL (http or https) names; `host` is the value of the header `Host`."""

    def __init__(self, url: str) -> None:
        parts = urlsplit(url)
        is_tls = parts.scheme == "https"
        host = parts.hostname or ""
        standard_port = 443 if is_tls else 80
        port = parts.port or standard_port
        self.path = parts.path.rstrip("/")
        self.host = host if port == standard_port else f"{host}:{port}"
        self._trust_store = trust_store() if is_tls else None
        tls = self._trust_store.context if self._trust_store else None
        self._address = Address(host=host, port=port, tls=tls)

    def connect[Connection](
        self, open_to: Callable[[Address, Timeouts], Connection], timeouts: Timeouts
    ) -> Connection:
        """A new connection. Raises `TimeoutError` and `OSError`."""

        def connect() -> Connection:
            return open_to(self._address, timeouts)

        return self._trust_store.connected(connect) if self._trust_store else connect()


class SignedEndpoint:
    """A service at `url` (http or https); safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        region: str,
        credentials: CredentialSource,
        timeouts: Timeouts,
    ) -> None:
        self._server = Server(url)
        self.path = self._server.path
        self._signer = Signer(credentials, service=service, host=self._server.host, region=region)
        self._timeouts = timeouts
        self._idle: deque[HttpConnection] = deque()

    def send(
        self, method: str, path: str, body: Body, headers: Mapping[str, str] = _NO_HEADERS
    ) -> ServiceResponse:
        """Send a request once; `headers` have names in lower case.

        A request whose kept-alive connection was closed, without a byte in answer, is sent again
        on a new one: it may then arrive twice, as with every retry. Raises `TimeoutError`,
        `BrokenConnectionError` and `OSError`.
        """
        signature = self._signer.headers(method, path, body.digest, time.time(), headers)
        others = "".join([f"{name}: {value}\r\n" for name, value in headers.items()])
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._server.host}\r\n"
            f"Content-Length: {len(body.content)}\r\n{others}{signature}\r\n"
        ).encode() + body.content
        while (idle := self._take_idle()) is not None:
            try:
                return self._exchange(idle, request)
            except BrokenConnectionError as broken:
                if not broken.unanswered:
                    raise
        return self._exchange(self._server.connect(HttpConnection, self._timeouts), request)

    def send_with_retries(
        self,
        method: str,
        path: str,
        body: Body,
        retries: Retries,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> ServiceResponse:
        """Send a request, and retry after throttling, a 5xx or a lost connection.

        A request may arrive twice. Raises `UnreachableError`.
        """
        for attempt in range(1, retries.attempts):
            longest = _FAILED_PAUSE
            try:
                answer = self.send(method, path, body, headers)
            except TimeoutError:
                # If one connection was lost without notice, so were the others.
                self.close()
            except (BrokenConnectionError, OSError):
                pass
            else:
                throttled = _is_throttled(answer)
                if not throttled and answer.status not in _PASSING:
                    return answer
                longest = _THROTTLED_PAUSE if throttled else _FAILED_PAUSE
            retries.sleep(retries.jitter() * longest * 2 ** (attempt - 1))
        try:
            return self.send(method, path, body, headers)
        except (BrokenConnectionError, OSError) as error:
            raise UnreachableError(type(error).__name__) from error

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._pop()) is not None:
            connection.close()

    def __del__(self) -> None:
        """An endpoint that is dropped drops its connections."""
        self.close()

    def _exchange(self, connection: HttpConnection, request: bytes) -> ServiceResponse:
        answer = connection.exchange(request)
        if connection.is_open:
            self._idle.append(connection)
        return answer

    def _take_idle(self) -> HttpConnection | None:
        while (connection := self._pop()) is not None:
            if not connection.was_closed():
                return connection
            connection.close()
        return None

    def _pop(self) -> HttpConnection | None:
        try:
            return self._idle.pop()
        except IndexError:
            return None


@functools.cache
def trust_store() -> "TrustStore":
    """One for all connections. Plain HTTP needs neither it nor the TLS library."""
    from sapa.aws.tls import TrustStore

    return TrustStore()


def _is_throttled(answer: ServiceResponse) -> bool:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return answer.status == HTTPStatus.BAD_REQUEST and any(
        code in answer.body for code in _THROTTLES
    )
