"""HTTP as the rules of API Gateway see it: requests, responses and their headers."""

import hashlib
from dataclasses import dataclass
from urllib.parse import parse_qsl

type Pairs = tuple[tuple[str, str], ...]


class Headers(tuple[tuple[str, str], ...]):
    """Pairs of name and value, in the spelling and order they were sent in; names may repeat.

    Look-ups compare names without regard to case.
    """

    __slots__ = ()

    def get(self, name: str) -> str | None:
        """The first value of a header."""
        wanted = name.lower()
        for key, value in self:
            if key.lower() == wanted:
                return value
        return None

    def get_all(self, name: str) -> list[str]:
        """Every value of a header, in order."""
        wanted = name.lower()
        return [value for key, value in self if key.lower() == wanted]


_NO_HEADERS = Headers()


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """A request as it was sent: `path` and `query_string` are percent-encoded.

    `query_string` has no question mark. A body that `is_too_large` for the server is left out.
    """

    method: str
    path: str
    query_string: str = ""
    headers: Headers = _NO_HEADERS
    body: bytes = b""
    source_ip: str = ""
    is_too_large: bool = False
    version: str = "1.1"

    @property
    def query(self) -> Pairs:
        """The parameters of the query string, decoded, in order."""
        return tuple(parse_qsl(self.query_string, keep_blank_values=True, errors="replace"))


@dataclass(frozen=True, slots=True)
class Response:
    """A status, headers in order (`Set-Cookie` may repeat) and the body's bytes."""

    status: int
    headers: Headers = _NO_HEADERS
    body: bytes = b""


def trace_header(at: int, seed: str) -> str:
    """`X-Amzn-Trace-Id`: `Root=1-<8 hex of the epoch second>-<24 hex>`, the tail from `seed`."""
    tail = hashlib.sha256(seed.encode()).hexdigest()[:24]
    return f"Root=1-{at // 1000:08x}-{tail}"


def forwarded_for(request: Request) -> str:
    """`X-Forwarded-For`: what earlier proxies wrote, then the address that connected."""
    earlier = [value for value in request.headers.get_all("x-forwarded-for") if value]
    return ", ".join([*earlier, request.source_ip])
