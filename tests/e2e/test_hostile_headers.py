"""Headers that no client sends by itself, byte by byte, with a session's cookie among them."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from threading import Thread

import pytest

from tests.support.bot import Bot, MakeRun
from tests.support.client import COOKIE, ask, open_socket
from tests.support.raw_client import Head, RawClient, request

pytestmark = pytest.mark.local_only

KB = 1024
PAGE = b"GET %s HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
SESSION = PAGE % b"/auth/session"
HANDSHAKE = request("/ws").removesuffix(b"\r\n")

type Headers = Callable[[bytes], bytes]
"""The header lines of a request, around a session's cookie."""


@dataclass(frozen=True, slots=True)
class HeaderClient:
    """Sends requests byte by byte, with the cookie of a session."""

    address: tuple[str, int]
    cookie: bytes

    def ask(self, head: bytes) -> Head:
        """The answer to a request, which may come before all of it was taken."""
        with RawClient(self.address) as client:
            sending = Thread(target=_send, args=(client, head + b"\r\n"))
            sending.start()
            answer = client.head()
            sending.join()
        return answer

    def statuses(self, headers: Headers) -> tuple[int, int]:
        """The answers to `GET /auth/session` and to a handshake."""
        lines = headers(self.cookie)
        return self.ask(SESSION + lines).status, self.ask(HANDSHAKE + lines).status


def _send(client: RawClient, data: bytes) -> None:
    try:
        client.send(data)
    except ConnectionError:
        return


@pytest.fixture
def client(bot: Bot, token: str) -> Iterator[HeaderClient]:
    """A client with a session; afterwards nothing has failed, and the session is still served."""
    assert isinstance(bot.program, MakeRun)
    before = len(bot.output)
    yield HeaderClient(("localhost", bot.program.port), f"{COOKIE}={token}".encode())
    with open_socket(bot.socket_url, token) as socket:
        assert ask(socket, {"message": "Hai!"}) == {"message": "Halo!"}
    printed = bot.output[before:]
    assert "Traceback" not in printed
    assert "ERROR" not in printed


NO_HTTP: dict[str, Headers] = {
    "a bare CR": lambda cookie: b"Cookie: a=1\rX: 1; %s\r\n" % cookie,
    "a bare LF": lambda cookie: b"Cookie: %s; a=1\nX: 1\r\n" % cookie,
    "a line break in the name": lambda cookie: b"Coo\nkie: %s\r\n" % cookie,
    "NUL": lambda cookie: b"Cookie: a=\0; %s\r\n" % cookie,
    "control characters": lambda cookie: b"Cookie: a=\x01\x7f; %s\r\n" % cookie,
    "a folded line": lambda cookie: b"Cookie: a=1;\r\n %s\r\n" % cookie,
    "a space before the colon": lambda cookie: b"Cookie : %s\r\n" % cookie,
}

TOO_MUCH: dict[str, Headers] = {
    "a cookie of 16 KB": lambda cookie: b"Cookie: %s; a=%s\r\n" % (cookie, b"x" * 16 * KB),
    "100 cookies of 4 KB": lambda cookie: (
        b"Cookie: %s; %s\r\n" % (cookie, b"; ".join([b"a=%s" % (b"x" * 4 * KB)] * 100))
    ),
    "100 headers of 4 KB": lambda cookie: (
        b"Cookie: a=%s\r\n" % (b"x" * 4 * KB) * 100 + b"Cookie: %s\r\n" % cookie
    ),
    "10,000 headers": lambda cookie: b"Cookie: %s\r\n" % cookie + b"X-A: 1\r\n" * 10_000,
}

ODD: dict[str, Headers] = {
    "bytes that are no text": lambda cookie: b"Cookie: a=\xff\xfe; %s\r\n" % cookie,
    "two headers": lambda cookie: b"Cookie: a=1\r\nCookie: %s\r\n" % cookie,
    "a large one": lambda cookie: b"Cookie: a=%s; %s\r\n" % (b"x" * 9 * KB, cookie),
    "100 headers": lambda cookie: (
        b"Cookie: a=%s\r\n" % (b"x" * 100) * 100 + b"Cookie: %s\r\n" % cookie
    ),
}

OURS_TWICE: dict[str, Headers] = {
    "in one header": lambda cookie: b"Cookie: %s; %s\r\n" % (cookie, cookie),
    "in two headers": lambda cookie: b"Cookie: %s\r\n" % cookie * 2,
    "another first": lambda cookie: b"Cookie: %s=x\r\nCookie: %s\r\n" % (COOKIE.encode(), cookie),
    "another last": lambda cookie: b"Cookie: %s; %s=x\r\n" % (cookie, COOKIE.encode()),
}


def test_the_cookie_alone_opens(client: HeaderClient) -> None:
    assert client.statuses(lambda cookie: b"Cookie: %s\r\n" % cookie) == (200, 101)


@pytest.mark.parametrize("what", [*NO_HTTP, *TOO_MUCH])
def test_what_is_no_header_or_too_much_is_400(client: HeaderClient, what: str) -> None:
    assert client.statuses({**NO_HTTP, **TOO_MUCH}[what]) == (400, 400)


@pytest.mark.parametrize("what", ODD)
def test_other_cookies_are_passed_over(client: HeaderClient, what: str) -> None:
    assert client.statuses(ODD[what]) == (200, 101)


@pytest.mark.parametrize("what", OURS_TWICE)
def test_two_of_our_cookies_open_nothing(client: HeaderClient, what: str) -> None:
    """Which of them the browser's owner has set cannot be told."""
    assert client.statuses(OURS_TWICE[what]) == (401, 403)


@pytest.mark.parametrize(
    "path", [b"/%0d%0aSet-Cookie:%20a=b", b"/auth/login%0d%0aX:%201", b"/?a=%0d%0aX:%201"]
)
def test_line_breaks_in_a_path_become_no_headers(client: HeaderClient, path: bytes) -> None:
    answer = client.ask(PAGE % path)
    assert answer.status in {200, 404}
    assert not {"set-cookie", "x"} & answer.headers.keys()
