"""Login sessions: user name and password for a cookie."""

import asyncio
import json
import urllib.error
import urllib.request
from dataclasses import dataclass
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from sapa_client.connection import Connection
from sapa_client.errors import LoginError

COOKIE = "gen_app_auth_token"
_TIMEOUT_SECONDS = 30.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """A login of `username` at the server `url`; `expires_at` is epoch seconds.

    As a context manager it logs out at the end, which closes its connections.
    """

    url: str
    username: str
    expires_at: int
    token: str

    @property
    def cookie(self) -> str:
        """The value of the header `Cookie`."""
        return f"{COOKIE}={self.token}"

    def connect(self, endpoint: str = "reply", **options: Any) -> Connection:
        """A connection to an endpoint, which opens with `async with`; see `Connection`."""
        parts = urlsplit(self.url)
        scheme = "wss" if parts.scheme == "https" else "ws"
        path = f"{parts.path.rstrip('/')}/ws"
        url = urlunsplit((scheme, parts.netloc, path, f"endpoint={quote(endpoint, safe='')}", ""))
        return Connection(url, cookie=self.cookie, **options)

    async def logout(self) -> None:
        """End the session, which closes its connections."""
        await asyncio.to_thread(_request, "POST", f"{self.url}/auth/logout", None, self.cookie)

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self.logout()


async def login(
    url: str, username: str, password: str, *, new_password: str | None = None
) -> Session:
    """Log in at `https://HOST`; `new_password` replaces a temporary one. Raises `LoginError`."""
    base = url.rstrip("/")
    content = {"username": username, "password": password}
    if new_password is not None:
        content["new_password"] = new_password
    answer, cookies = await asyncio.to_thread(_request, "POST", f"{base}/auth/login", content, None)
    token = next(
        (
            cookie.partition("=")[2].partition(";")[0]
            for cookie in cookies
            if cookie.startswith(f"{COOKIE}=")
        ),
        None,
    )
    if token is None:
        raise LoginError(200, "no_cookie", f"the answer has no cookie {COOKIE}")
    return Session(
        url=base, username=answer["username"], expires_at=answer["expires_at"], token=token
    )


def _request(
    method: str, url: str, content: object, cookie: str | None
) -> tuple[dict[str, Any], list[str]]:
    """The JSON object of an answer, and its cookies. Raises `LoginError`."""
    if urlsplit(url).scheme not in {"http", "https"}:
        raise LoginError(0, "invalid_url", f"expected https://HOST, not {url}")
    headers = {"Content-Type": "application/json", **({"Cookie": cookie} if cookie else {})}
    body = json.dumps(content).encode() if content is not None else b""
    request = urllib.request.Request(url, body, headers, method=method)  # noqa: S310 - http or https, as checked above
    try:
        with urllib.request.urlopen(request, timeout=_TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
            return _object(response.read()), response.headers.get_all("Set-Cookie") or []
    except urllib.error.HTTPError as error:
        details = _object(error.read()).get("error")
        details = details if isinstance(details, dict) else {}
        raise LoginError(
            error.code, str(details.get("code", "refused")), str(details.get("message", ""))
        ) from error
    except OSError as error:
        raise LoginError(0, "unreachable", str(error)) from error


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body or b"{}")
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
