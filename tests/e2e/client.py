"""A client as a person would write one: log in over HTTP, open the socket with the cookie.

What it sends and is handed must not be found in the logs: all goes into `SECRETS`.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from http.cookies import SimpleCookie
from typing import Any

import urllib3
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import DataLike

from tests.e2e.secrecy import SECRETS

COOKIE = "gen_app_auth_token"


class HttpClient(urllib3.PoolManager):
    """HTTP as it is; bodies, cookies sent and cookies set are secrets."""

    def urlopen(  # type: ignore[override]
        self, method: str, url: str, redirect: bool = True, **options: Any
    ) -> urllib3.BaseHTTPResponse:
        body = options.get("body") or b""
        SECRETS.body(body if isinstance(body, str) else body.decode(errors="replace"))
        SECRETS.cookies((options.get("headers") or {}).get("Cookie", ""))
        answer = super().urlopen(method, url, redirect, **options)
        SECRETS.cookies(answer.headers.get("Set-Cookie", ""))
        return answer


class SecretConnection(ClientConnection):
    """A WebSocket as it is; what is sent is a secret."""

    def send(self, message: DataLike | Iterable[DataLike], *, text: bool | None = None) -> None:
        if isinstance(message, str):
            SECRETS.body(message)
        super().send(message, text=text)


HTTP = HttpClient(timeout=30)


def post_json(url: str, body: object, **headers: str) -> urllib3.BaseHTTPResponse:
    """POST a JSON document."""
    return HTTP.request("POST", url, json=body, headers=headers)


def log_in(base_url: str, username: str, password: str) -> str:
    """The cookie's value after a successful login."""
    answer = post_json(f"{base_url}/auth/login", {"username": username, "password": password})
    assert answer.status == 200, answer.data
    return SimpleCookie(answer.headers["Set-Cookie"])[COOKIE].value


@contextmanager
def open_socket(url: str, token: str, **headers: str) -> Iterator[ClientConnection]:
    """An open socket with the session's cookie."""
    sent = {"Cookie": f"{COOKIE}={token}", **headers}
    with connect(
        url,
        additional_headers=sent,
        compression=None,
        close_timeout=5,
        create_connection=SecretConnection,
    ) as socket:
        yield socket


def refusal(url: str, headers: Mapping[str, str]) -> int:
    """The HTTP status with which a handshake is refused; 101 when it is not."""
    SECRETS.cookies(headers.get("Cookie", ""))
    try:
        with connect(url, additional_headers=dict(headers), compression=None):
            return 101
    except InvalidStatus as error:
        return error.response.status_code


def ask(socket: ClientConnection, message: object) -> dict[str, Any]:
    """Send a message, text as it is and anything else as JSON; the next frame as JSON.

    What it joined is told before that and is left out.
    """
    socket.send(message if isinstance(message, str) else json.dumps(message))
    answer = json.loads(socket.recv(timeout=30))
    while "$joined" in answer:
        answer = json.loads(socket.recv(timeout=30))
    assert isinstance(answer, dict)
    return answer
