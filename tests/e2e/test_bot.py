"""The bot over real sockets: log in, connect with the cookie, get replies."""

import json
from collections.abc import Callable, Iterator

import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection

from tests.e2e.client import COOKIE, HTTP, ask, log_in, open_socket, post_json, refusal
from tests.e2e.targets import LOGOUT_IS_500, Target

UNAUTHORIZED_IS_500 = pytest.mark.emulator_differs(
    "answers 500 when the authorizer raises Unauthorized", fact="2.4"
)


@pytest.fixture
def token(target: Target) -> str:
    """A fresh login session's cookie."""
    return log_in(target.base_url, target.username, target.password)


@pytest.fixture
def socket(target: Target, token: str) -> Iterator[ClientConnection]:
    """An open socket to the default endpoint."""
    with open_socket(target.socket_url, token) as connection:
        yield connection


@pytest.mark.parametrize(
    ("said", "answered"),
    [
        ("Hai!", "Halo!"),
        ("Bagaimana kabarmu?", "Hebat! Bagaimana denganmu?"),
        ("Hai", "Hai"),
        ("", ""),
        ("Apa kabar, dunia? 👋", "Apa kabar, dunia? 👋"),
    ],
)
def test_reply_answers(socket: ClientConnection, said: str, answered: str) -> None:
    assert ask(socket, {"message": said}) == {"message": answered}


def test_id_comes_back(socket: ClientConnection) -> None:
    assert ask(socket, {"message": "Hai!", "$id": "a1"}) == {"message": "Halo!", "$id": "a1"}
    assert ask(socket, {"message": "Hai!", "$id": 7}) == {"message": "Halo!", "$id": 7}


def test_ping_is_answered_without_the_business_process(socket: ClientConnection) -> None:
    assert ask(socket, {"$ping": {"sent": 1}}) == {"$pong": {"sent": 1}}


def test_second_endpoint_sends_one_frame_per_item(target: Target, token: str) -> None:
    channel = HTTP.request("GET", f"{target.base_url}/asyncapi.json").json()["channels"]["convert"]
    schema = channel["messages"]["input"]["payload"]
    assert set(schema["required"]) < set(schema["properties"]), "one input has a default"
    with open_socket(f"{target.socket_url}?endpoint=convert", token) as socket:
        first = ask(socket, {"value": 1, "unit": "km", "$id": 1})
        second = json.loads(socket.recv(timeout=30))
    assert "error" not in first
    assert "error" not in second
    assert first != second
    assert {first["$id"], second["$id"]} == {1}


@pytest.mark.parametrize(
    ("sent", "code"),
    [
        ("Hai!", "invalid_json"),
        ("", "invalid_json"),
        ('["Hai!"]', "not_an_object"),
        ('"Hai!"', "not_an_object"),
        ('{"mesage": "Hai"}', "invalid_message"),
        ('{"message": 3}', "invalid_message"),
        ("{}", "invalid_message"),
        ('{"message": "Hai", "extra": 1}', "invalid_message"),
        ('{"message": "Hai", "$id": [1]}', "invalid_message"),
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


def test_fields_name_each_problem_and_the_expected_inputs(socket: ClientConnection) -> None:
    error = ask(socket, {"mesage": "Hai"})["error"]
    told = json.dumps(error)
    assert "mesage" in told
    assert "message" in json.dumps(error["fields"])


def test_large_message_in_frames_of_the_allowed_size(socket: ClientConnection) -> None:
    text = "ä" * 50_000
    data = json.dumps({"message": text}, ensure_ascii=False).encode()
    socket.send(_cut(data))
    assert json.loads(socket.recv(timeout=30)) == {"message": text}


def _cut(data: bytes) -> Iterator[str]:
    text = data.decode()
    return (text[start : start + 10_000] for start in range(0, len(text), 10_000))


@pytest.mark.emulator_differs("takes frames of any size", fact="6.1")
def test_frame_over_32_kib_closes_with_1009(socket: ClientConnection) -> None:
    socket.send(json.dumps({"message": "x" * 33_000}))
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1009


@pytest.mark.emulator_differs("takes binary frames", fact="6.3")
def test_binary_closes_with_1003(socket: ClientConnection) -> None:
    socket.send(b"\x00")
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1003


@pytest.mark.parametrize(
    "cookie",
    [
        None,
        "",
        pytest.param("other=1", marks=UNAUTHORIZED_IS_500),
        f"{COOKIE}=",
        f"{COOKIE}=unknown",
        f"{COOKIE}={'x' * 10_000}",
        f"{COOKIE}=a; {COOKIE}=b",
        pytest.param(f"{COOKIE.upper()}=unknown", marks=UNAUTHORIZED_IS_500),
        pytest.param('=;;=,,"', marks=UNAUTHORIZED_IS_500),
    ],
)
def test_bad_cookie_is_refused(target: Target, cookie: str | None) -> None:
    headers = {} if cookie is None else {"Cookie": cookie}
    assert refusal(target.socket_url, headers) in {401, 403}


def test_no_cookie_is_401_and_an_unknown_token_403(target: Target) -> None:
    assert refusal(target.socket_url, {}) == 401
    assert refusal(target.socket_url, {"Cookie": f"{COOKIE}=unknown"}) == 403


def test_foreign_origin_is_refused(target: Target, token: str) -> None:
    cookie = {"Cookie": f"{COOKIE}={token}"}
    assert refusal(target.socket_url, {**cookie, "Origin": "https://evil.example"}) == 403
    assert refusal(target.socket_url, {**cookie, "Origin": "null"}) == 403
    assert refusal(target.socket_url, {**cookie, "Origin": target.base_url}) == 101


@pytest.mark.emulator_differs("answers 403 whatever $connect answers", fact="3")
def test_unknown_endpoint_is_404(target: Target, token: str) -> None:
    url = f"{target.socket_url}?endpoint=nothing"
    assert refusal(url, {"Cookie": f"{COOKIE}={token}"}) == 404


@LOGOUT_IS_500
def test_logout_ends_the_session_and_its_sockets(target: Target) -> None:
    leaving = log_in(target.base_url, target.username, target.password)
    staying = log_in(target.base_url, target.username, target.password)
    with (
        open_socket(target.socket_url, leaving) as socket,
        open_socket(target.socket_url, staying) as other,
    ):
        assert ask(socket, {"message": "Hai!"}) == {"message": "Halo!"}
        headers = {"Cookie": f"{COOKIE}={leaving}"}
        answer = HTTP.request("POST", f"{target.base_url}/auth/logout", headers=headers)
        assert answer.status == 204
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv(timeout=30)
        assert closed.value.rcvd is not None
        assert closed.value.rcvd.code == 1000
        assert ask(other, {"message": "Hai!"}) == {"message": "Halo!"}
    assert refusal(target.socket_url, headers) == 403
    session = HTTP.request("GET", f"{target.base_url}/auth/session", headers=headers)
    assert session.status == 401


def test_sockets_closed_by_the_server_say_1000(
    socket: ClientConnection, close_sockets: Callable[[], None]
) -> None:
    ask(socket, {"message": "Hai!"})
    close_sockets()
    with pytest.raises(ConnectionClosed) as closed:
        socket.recv(timeout=30)
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 1000


@pytest.mark.parametrize(
    ("body", "status"),
    [
        (b"", 400),
        (b"not json", 400),
        (b"[]", 400),
        (b'{"username": 1, "password": "x"}', 400),
        (b'{"username": "demo"}', 400),
        (b'{"username": "' + b"x" * 1_000_000 + b'", "password": "x"}', 413),
    ],
)
def test_bad_login_is_told_what_was_expected(target: Target, body: bytes, status: int) -> None:
    headers = {"Content-Type": "application/json"}
    url = f"{target.base_url}/auth/login"
    answer = HTTP.request("POST", url, body=body, headers=headers)
    assert answer.status == status
    assert set(answer.json()["error"]) >= {"code", "message"}


def test_wrong_password_and_unknown_user_look_alike(target: Target) -> None:
    url = f"{target.base_url}/auth/login"
    wrong = post_json(url, {"username": target.username, "password": "Wrong-1-password"})
    unknown = post_json(url, {"username": "nobody", "password": "Wrong-1-password"})
    assert (wrong.status, wrong.data) == (unknown.status, unknown.data)
    assert wrong.status == 401


@pytest.mark.emulator_differs("answers 502 to a plain request", fact="3")
def test_ws_without_upgrade_is_426(target: Target) -> None:
    assert HTTP.request("GET", f"{target.base_url}/ws").status == 426


def test_documents_and_page_are_served(target: Target) -> None:
    for path in ("/", "/swagger", "/openapi.json", "/asyncapi.json"):
        answer = HTTP.request("GET", target.base_url + path)
        assert answer.status == 200, path
    assert (
        "unsafe-inline"
        not in HTTP.request("GET", target.base_url + "/").headers["Content-Security-Policy"]
    )
