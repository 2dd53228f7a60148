"""Where one AWS service is reached: signed requests over connections that are kept alive.

What boto3 would do in 125 ms of imports and 40 ms for each client: docs/adr/0005-cold-start.md.
"""

import functools
import time
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from hashlib import sha256
from http import HTTPStatus
from types import MappingProxyType
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

from sapa.aws.http_connection import (
    Address,
    Answer,
    BrokenConnectionError,
    HttpConnection,
    Patience,
)
from sapa.aws.signing import CredentialSource, Signer

if TYPE_CHECKING:
    from sapa.aws.tls import Authorities

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
    """No answer came, however often it was tried; `reason` names what happened last."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(frozen=True, slots=True)
class Body:
    """A request's body and its SHA-256, so that a thousand posts of one frame hash it once."""

    content: bytes
    digest: str

    @classmethod
    def of(cls, content: bytes) -> "Body":
        """Hash a body."""
        return cls(content, sha256(content).hexdigest())


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries:
    """How often a request is sent at most; `chance` gives numbers from 0 to 1."""

    attempts: int
    pause: Callable[[float], None]
    chance: Callable[[], float]


class SignedEndpoint:
    """A service at `url` (http or https); safe to share between threads."""

    def __init__(
        self,
        url: str,
        *,
        service: str,
        region: str,
        credentials: CredentialSource,
        patience: Patience,
    ) -> None:
        parts = urlsplit(url)
        is_tls = parts.scheme == "https"
        host = parts.hostname or ""
        standard_port = 443 if is_tls else 80
        port = parts.port or standard_port
        self.path = parts.path.rstrip("/")
        self._host = host if port == standard_port else f"{host}:{port}"
        self._authorities = authorities() if is_tls else None
        tls = self._authorities.context if self._authorities else None
        self._address = Address(host=host, port=port, tls=tls)
        self._signer = Signer(credentials, service=service, host=self._host, region=region)
        self._patience = patience
        self._idle: deque[HttpConnection] = deque()

    def send(
        self, method: str, path: str, body: Body, headers: Mapping[str, str] = _NO_HEADERS
    ) -> Answer:
        """Send a request once; `headers` have names in lower case.

        A request that found its connection closed, without a byte in answer, is sent again on a
        new one: it can then have arrived twice, as with every repetition. Raises `TimeoutError`,
        `BrokenConnectionError` and `OSError`.
        """
        signature = self._signer.headers(method, path, body.digest, time.time(), headers)
        others = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
        request = (
            f"{method} {path} HTTP/1.1\r\nHost: {self._host}\r\n"
            f"Content-Length: {len(body.content)}\r\n{others}{signature}\r\n"
        ).encode() + body.content
        while (idle := self._take_idle()) is not None:
            try:
                return self._exchange(idle, request)
            except BrokenConnectionError as broken:
                if not broken.unanswered:
                    raise
        return self._exchange(self._connect(), request)

    def send_patiently(
        self,
        method: str,
        path: str,
        body: Body,
        retries: Retries,
        headers: Mapping[str, str] = _NO_HEADERS,
    ) -> Answer:
        """Send a request, and again after what may pass: throttling, a 5xx, a lost connection.

        Every request of ours may arrive twice. Raises `UnreachableError`.
        """
        for attempt in range(1, retries.attempts):
            longest = _FAILED_PAUSE
            try:
                answer = self.send(method, path, body, headers)
            except TimeoutError:
                # What one connection has lost without a word the others have lost, too.
                self.close()
            except (BrokenConnectionError, OSError):
                pass
            else:
                throttled = _is_throttled(answer)
                if not throttled and answer.status not in _PASSING:
                    return answer
                longest = _THROTTLED_PAUSE if throttled else _FAILED_PAUSE
            retries.pause(retries.chance() * longest * 2 ** (attempt - 1))
        try:
            return self.send(method, path, body, headers)
        except (BrokenConnectionError, OSError) as error:
            raise UnreachableError(type(error).__name__) from error

    def close(self) -> None:
        """Close the idle connections."""
        while (connection := self._pop()) is not None:
            connection.close()

    def __del__(self) -> None:
        """Who drops an endpoint drops its connections."""
        self.close()

    def _connect(self) -> HttpConnection:
        known = self._authorities
        if known is None or known.are_all_known:
            return HttpConnection(self._address, self._patience)
        try:
            return HttpConnection(self._address, self._patience)
        except known.refusal:
            known.learn_others()
            return HttpConnection(self._address, self._patience)

    def _exchange(self, connection: HttpConnection, request: bytes) -> Answer:
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
def authorities() -> "Authorities":
    """One for all connections. Plain services need none, nor the TLS library."""
    from sapa.aws.tls import Authorities

    return Authorities()


def _is_throttled(answer: Answer) -> bool:
    if answer.status == HTTPStatus.TOO_MANY_REQUESTS:
        return True
    return answer.status == HTTPStatus.BAD_REQUEST and any(
        code in answer.body for code in _THROTTLES
    )
