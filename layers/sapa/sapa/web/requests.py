"""HTTP API events (payload format 2.0) as typed values.

Source: developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".
"""

import base64
import binascii
import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Self

from sapa.errors import RefusalError
from sapa.lambda_events import LambdaEvent, came_by_https, header_values

MAX_BODY_BYTES = 8 * 1024
_HOST = re.compile(r"[A-Za-z0-9._\-\[\]:]{1,255}")


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpRequest:
    """A request; `host` is the one that the viewer uses, in front of CloudFront.

    `api_host` is API Gateway's own, which is the same if no CloudFront is in front of it.
    `encoded_body` is the body as the event carries it, in base64 when `is_base64`.
    """

    method: str
    path: str
    query: Mapping[str, str]
    request_id: str
    host: str
    api_host: str
    hosts: tuple[str, ...]
    is_https: bool
    origins: tuple[str, ...]
    cookie_headers: tuple[str, ...]
    content_type: str
    accept: str
    accept_encoding: str
    if_none_match: str
    encoded_body: str
    is_base64: bool

    @classmethod
    def from_event(cls, event: LambdaEvent) -> Self:
        """Read an event of the HTTP API."""
        context = event["requestContext"]
        api_hosts = header_values(event, "host")
        hosts = header_values(event, "x-viewer-host") + api_hosts
        return cls(
            method=context["http"]["method"].upper(),
            path=event["rawPath"],
            query=event.get("queryStringParameters") or {},
            request_id=context["requestId"],
            host=_first_host(hosts, context),
            api_host=_first_host(api_hosts, context),
            hosts=hosts,
            is_https=came_by_https(event),
            origins=header_values(event, "origin"),
            cookie_headers=_cookies(event),
            content_type="".join(header_values(event, "content-type")[:1]),
            accept=",".join(header_values(event, "accept")).lower(),
            accept_encoding=",".join(header_values(event, "accept-encoding")),
            if_none_match="".join(header_values(event, "if-none-match")[:1]),
            encoded_body=event.get("body") or "",
            is_base64=bool(event.get("isBase64Encoded")),
        )

    @property
    def base_url(self) -> str:
        """Scheme and host for HTTP."""
        return f"{'https' if self.is_https else 'http'}://{self.host}"

    @property
    def api_base_url(self) -> str:
        """Scheme and host for requests that CloudFront must not touch."""
        return f"{'https' if self.is_https else 'http'}://{self.api_host}"

    @property
    def websocket_base_url(self) -> str:
        """Scheme and host for the WebSocket."""
        return f"{'wss' if self.is_https else 'ws'}://{self.host}"

    def json_body(self) -> bytes:
        """The body of a JSON request. Raises `RefusalError` for a large or other body.

        The content type is required because the forms of foreign pages cannot send JSON.
        """
        if len(self.encoded_body) > MAX_BODY_BYTES * (4 / 3 if self.is_base64 else 1) + 4:
            problem = f"The body is larger than {MAX_BODY_BYTES} bytes."
            raise RefusalError("body_too_large", problem)
        media_type = self.content_type.partition(";")[0].strip().lower()
        if media_type != "application/json":
            problem = "Send JSON, with the header Content-Type: application/json."
            raise RefusalError("json_required", problem)
        return self._body()

    def _body(self) -> bytes:
        if not self.is_base64:
            return self.encoded_body.encode(errors="surrogatepass")
        try:
            return base64.b64decode(self.encoded_body)
        except (binascii.Error, ValueError) as error:
            raise RefusalError("invalid_json", "The body is not JSON.") from error


def _first_host(hosts: Iterable[str], context: LambdaEvent) -> str:
    return next((host for host in hosts if _HOST.fullmatch(host)), context["domainName"])


def _cookies(event: LambdaEvent) -> tuple[str, ...]:
    """The cookies of a request, as often as it has them.

    API Gateway has them in `cookies` alone. `sam local start-api` has each one in the header, too.
    """
    cookies = tuple(event.get("cookies") or ())
    pairs = (
        pair.strip() for header in header_values(event, "cookie") for pair in header.split(";")
    )
    return (*cookies, *(Counter(pairs) - Counter(cookies)).elements())
