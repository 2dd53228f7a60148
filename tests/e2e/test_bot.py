"""The bot over real sockets: log in, connect with the cookie, get replies."""

import json
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from contextlib import ExitStack, suppress
from itertools import islice

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect

from tests.support.bot import Bot
from tests.support.client import (
    COOKIE,
    HTTP,
    ask,
    close_code,
    handshake_status,
    open_socket,
    session_status,
)


@pytest.fixture
def socket(bot: Bot, token: str) -> Iterator[ClientConnection]:
    """An open socket to the default endpoint."""
    with open_socket(bot.socket_url, token) as connection:
        yield connection


def test_reply_answers(socket: ClientConnection) -> None:
    assert ask(socket, {"message": "Hai!", "$id": "a1"}) == {"message": "Halo!", "$id": "a1"}
    text = "Apa kabar, dunia? 👋"
    assert ask(socket, {"message": text}) == {"message": text}
    assert ask(socket, {"$ping": {"sent": 1}}) == {"$pong": {"sent": 1}}


def test_second_endpoint_sends_one_frame_per_item(bot: Bot, token: str) -> None:
    with open_socket(f"{bot.socket_url}?endpoint=convert", token) as socket:
        first = ask(socket, {"value": 1, "unit": "km", "$id": 1})
        second = json.loads(socket.recv(timeout=30))
    assert "error" not in first
    assert "error" not in second
    assert first != second
    assert {first["$id"], second["$id"]} == {1}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("", "invalid_json"),
        ("Hai!", "invalid_json"),
        ('["Hai!"]', "not_an_object"),
        ('{"mesage": "Hai"}', "invalid_message"),
        (json.dumps({"message": "Hai", "$id": "x" * 65}), "invalid_message"),
    ],
)
def test_bad_message_gets_an_error_and_the_socket_stays(
    socket: ClientConnection, sent: str, code: str
) -> None:
    answer = ask(socket, sent)
    assert answer["error"]["code"] == code
    assert "$id" not in answer
    assert ask(socket, {"message": "Hai!"}) == {"message": "Halo!"}


def test_large_message_in_frames_of_the_allowed_size(socket: ClientConnection) -> None:
    message = {"message": "ä" * 50_000}
    text = json.dumps(message, ensure_ascii=False)
    socket.send(text[start : start + 10_000] for start in range(0, len(text), 10_000))
    assert json.loads(socket.recv(timeout=30)) == message


@pytest.mark.emulator_differs("takes frames of any size", fact="6.1")
def test_frame_over_32_kib_closes_with_1009(socket: ClientConnection) -> None:
    socket.send(json.dumps({"message": "x" * 33_000}))
    assert close_code(socket) == 1009


@pytest.mark.emulator_differs("takes binary frames", fact="6.3")
def test_binary_closes_with_1003(socket: ClientConnection) -> None:
    socket.send(b"\x00")
    assert close_code(socket) == 1003


@pytest.mark.parametrize("cookie", [None, f"{COOKIE}=", f"{COOKIE}={'x' * 10_000}"])
def test_bad_cookie_is_refused(bot: Bot, cookie: str | None) -> None:
    headers = {} if cookie is None else {"Cookie": cookie}
    assert handshake_status(bot.socket_url, headers) == (401 if cookie is None else 403)


@pytest.mark.emulator_differs("answers 500 when the authorizer raises Unauthorized", fact="2.4")
def test_cookies_without_ours_are_401(bot: Bot) -> None:
    assert handshake_status(bot.socket_url, {"Cookie": "other=1"}) == 401


def test_foreign_origin_is_refused(bot: Bot, token: str) -> None:
    def status(origin: str) -> int:
        return handshake_status(bot.socket_url, {"Cookie": f"{COOKIE}={token}", "Origin": origin})

    scheme, _, host = bot.base_url.partition("://")
    other_scheme = f"{'http' if scheme == 'https' else 'https'}://{host}"
    for foreign in ("https://evil.example", "null", other_scheme):
        assert status(foreign) == 403, foreign
    assert status(bot.base_url) == 101


@pytest.mark.emulator_differs("answers 403 whatever $connect answers", fact="3")
def test_unknown_endpoint_is_404(bot: Bot, token: str) -> None:
    url = f"{bot.socket_url}?endpoint=nothing"
    assert handshake_status(url, {"Cookie": f"{COOKIE}={token}"}) == 404


@pytest.mark.local_only
def test_a_client_that_keeps_the_rules_of_cookies_stays_logged_in(bot: Bot) -> None:
    """Python's cookie jar sends no `Secure` cookie over http, as most HTTP libraries."""
    client = urllib.request.build_opener(urllib.request.HTTPCookieProcessor())
    credentials = json.dumps({"username": bot.username, "password": bot.password}).encode()
    login = urllib.request.Request(  # noqa: S310 - the bot's own address
        f"{bot.base_url}/auth/login", credentials, {"Content-Type": "application/json"}
    )
    with client.open(login, timeout=30):
        pass
    with client.open(f"{bot.base_url}/auth/session", timeout=30) as session:
        assert json.load(session)["username"] == bot.username


def test_logout_ends_the_session_and_its_sockets(bot: Bot) -> None:
    leaving, staying = bot.log_in(), bot.log_in()
    with (
        open_socket(bot.socket_url, leaving) as socket,
        open_socket(bot.socket_url, staying) as other,
    ):
        assert ask(socket, {"message": "Hai!"}) == {"message": "Halo!"}
        headers = {"Cookie": f"{COOKIE}={leaving}"}
        assert HTTP.request("POST", f"{bot.base_url}/auth/logout", headers=headers).status == 204
        assert close_code(socket) == 1000
        assert ask(other, {"message": "Hai!"}) == {"message": "Halo!"}
    assert handshake_status(bot.socket_url, headers) == 403
    assert session_status(bot.base_url, leaving) == 401


def test_handshakes_beside_a_logout_leave_no_socket_that_answers(bot: Bot) -> None:
    for done in range(6):
        token = bot.log_in()
        headers = {"Cookie": f"{COOKIE}={token}"}
        with ThreadPoolExecutor(8) as pool, ExitStack() as stack:
            opening = [pool.submit(open_or_refused, bot.socket_url, token) for _ in range(6)]
            # Each time a little later: one handshake more is done.
            list(islice(as_completed(opening), done))
            logout = HTTP.request("POST", f"{bot.base_url}/auth/logout", headers=headers)
            assert logout.status == 204
            for future in opening:
                socket = future.result()
                if socket is not None:
                    stack.enter_context(socket)
                    assert not answers(socket), "a socket outlived its session"


def open_or_refused(url: str, token: str) -> ClientConnection | None:
    """A socket; `None` if the handshake is refused."""
    try:
        return connect(url, additional_headers={"Cookie": f"{COOKIE}={token}"}, open_timeout=30)
    except InvalidStatus as refused:
        if refused.response.status_code != 403:
            raise
        return None


def answers(socket: ClientConnection) -> bool:
    """Whether a message gets another answer than the end of the session."""
    with suppress(ConnectionClosed):
        socket.send(json.dumps({"message": "Hai!"}))
        while True:
            if "error" not in json.loads(socket.recv(timeout=30)):
                return True
    return False


def test_sockets_closed_by_the_server_say_1000(bot: Bot, socket: ClientConnection) -> None:
    ask(socket, {"message": "Hai!"})
    bot.close_sockets(bot.username)
    assert close_code(socket) == 1000


@pytest.mark.emulator_differs("answers 502 to a plain request", fact="3")
def test_ws_without_upgrade_is_426(bot: Bot) -> None:
    assert HTTP.request("GET", f"{bot.base_url}/ws").status == 426


def test_documents_and_page_are_served(bot: Bot) -> None:
    for path in ("/", "/swagger", "/openapi.json", "/asyncapi.json"):
        assert HTTP.request("GET", bot.base_url + path).status == 200, path
