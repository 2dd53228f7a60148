"""Management calls as SDKs make them, read and answered without the detour through aiohttp.

Every answer of a handler is one of these calls, so what they cost is much of what a message costs.
Anything out of the ordinary is left to aiohttp, which knows all of HTTP.
"""

import re
import time
from dataclasses import dataclass
from email.utils import formatdate
from functools import lru_cache
from http import HTTPStatus

from local_gateway.core.http import Headers
from local_gateway.core.iam.sigv4 import SignedRequest
from local_gateway.core.management import ManagementResponse

# Larger calls have an error to be told, and their bodies take more than a moment to come.
MAX_BODY_BYTES = 160 * 1024
_LENGTH_DIGITS = len(str(MAX_BODY_BYTES))

_HEAD = re.compile(
    r"(POST|GET|DELETE) (/[!-~]+/(?:@|%40)connections/[!-~]+) HTTP/1\.1\r\n"
    r"((?:[\w!#$%&'*+.^`|~-]+:[\t -~]*\r\n){1,64})\r\n",
    re.ASCII,
)
_HEADER = re.compile(r"([^:\r\n]+):[ \t]*(.*?)[ \t]*\r\n")
_OUT_OF_PATH = frozenset("?#")
# They change how a request is read, or that the connection stays.
_UNUSUAL = frozenset({"transfer-encoding", "content-encoding", "expect", "upgrade", "connection"})
_PHRASES = {status.value: status.phrase for status in HTTPStatus}


@dataclass(frozen=True, slots=True)
class Incomplete:
    """A call whose body has not come yet."""


INCOMPLETE = Incomplete()


def read_call(data: bytes, max_head_bytes: int) -> SignedRequest | Incomplete | None:
    """The call that `data` is; `None` for anything else, and for one that is unusual."""
    end = data.find(b"\r\n\r\n", 0, max_head_bytes) + 4
    head = _HEAD.fullmatch(data[:end].decode("latin-1")) if end >= 4 else None
    if head is None:
        return None
    method, path, lines = head.groups()
    headers: Headers = tuple(_HEADER.findall(lines))
    length = _body_length(headers)
    if length is None or len(data) > end + length or not _OUT_OF_PATH.isdisjoint(path):
        return None
    if len(data) < end + length:
        return INCOMPLETE
    return SignedRequest(
        method=method, path=path, query_string="", headers=headers, body=data[end:]
    )


def _body_length(headers: Headers) -> int | None:
    """How long the body is; `None` for a request that is not to be read here."""
    lengths, hosts = [], 0
    for name, value in headers:
        lower = name.lower()
        if lower in _UNUSUAL:
            return None
        if lower == "content-length":
            lengths.append(value)
        hosts += lower == "host"
    if hosts != 1 or len(lengths) > 1:
        return None
    text = lengths[0] if lengths else "0"
    if not text.isdigit() or len(text) > _LENGTH_DIGITS or int(text) > MAX_BODY_BYTES:
        return None
    return int(text)


def answer_bytes(response: ManagementResponse, request_id: str) -> bytes:
    """An answer as it travels, the connection staying open."""
    headers = "".join([f"{name}: {value}\r\n" for name, value in response.headers])
    body = response.body
    length = "" if response.status == HTTPStatus.NO_CONTENT else f"Content-Length: {len(body)}\r\n"
    head = (
        f"HTTP/1.1 {response.status} {_PHRASES[response.status]}\r\n{headers}"
        f"x-amzn-RequestId: {request_id}\r\n{length}Date: {_date(int(time.time()))}\r\n\r\n"
    )
    return head.encode("latin-1") + body


@lru_cache(maxsize=1)
def _date(second: int) -> str:
    return formatdate(second, usegmt=True)
