"""The welcome of `make run`: what it prints when the bot does not answer as it should."""

import json
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer

import boto3
import pytest
from moto import mock_aws
from mypy_boto3_cognito_idp import CognitoIdentityProviderClient

from tools.scripts.welcome import COOKIE, main

REGION = "eu-west-1"
COOKIE_LINE = f"Set-Cookie: {COOKIE}=token; Path=/; HttpOnly"
LONG = "x" * 5_000
ERROR = b'{"errorMessage": "Unable to import module", "errorType": "Runtime.ImportModuleError"}'


class Bot(HTTPServer):
    """Answers a login with `login`, and a handshake with the status `handshake`."""

    login = b""
    handshake = 101

    def __init__(self) -> None:
        self.paths: list[str] = []
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Bot

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.server.paths.append(self.path)
        self.wfile.write(self.server.login)

    def do_GET(self) -> None:
        self.server.paths.append(f"{self.path} {self.headers['Cookie']}")
        self.wfile.write(f"HTTP/1.1 {self.server.handshake} X\r\n\r\n".encode())

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


def answer(status: int, body: bytes = b"{}", *headers: str) -> bytes:
    lines = [f"HTTP/1.1 {status} X", f"Content-Length: {len(body)}", *headers, "", ""]
    return "\r\n".join(lines).encode() + body


@pytest.fixture
def bot(monkeypatch: pytest.MonkeyPatch) -> Iterator[Bot]:
    """A bot with a user pool; the gateway's environment points to both."""
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    for name in ("AWS_PROFILE", "AWS_ENDPOINT_URL", "DEMO_PASSWORD", "LAMBDA_ENDPOINT"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("LOCAL_GATEWAY_WARP", "1")
    with mock_aws(), Bot() as server:
        cognito: CognitoIdentityProviderClient = boto3.client("cognito-idp", REGION)
        pool = cognito.create_user_pool(PoolName="users")["UserPool"]["Id"]
        monkeypatch.setenv("STACK_OUTPUTS", json.dumps({"UserPoolId": pool}))
        monkeypatch.setenv("LOCAL_GATEWAY_URL", server.url)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def failure(capsys: pytest.CaptureFixture[str]) -> str:
    """The one line that a welcome prints before it ends with status 1."""
    assert main() == 1
    printed = capsys.readouterr()
    assert printed.out == ""
    [line] = printed.err.splitlines()
    assert line.startswith("welcome: ")
    assert len(line) < 600
    return line


def test_what_to_paste_is_printed(bot: Bot, capsys: pytest.CaptureFixture[str]) -> None:
    bot.login = answer(200, b"{}", COOKIE_LINE)
    assert main() == 0
    assert f'"Cookie: {COOKIE}=token"' in capsys.readouterr().out
    assert bot.paths == ["/auth/login"]


@pytest.mark.parametrize(
    ("sent", "said"),
    [
        (answer(200, ERROR), "Runtime.ImportModuleError"),
        (answer(200, ERROR, "Set-Cookie: other=x"), f"without the cookie {COOKIE}"),
        (answer(500, b'{"message":"Internal Server Error"}'), "answered 500"),
        (answer(502, b"<html>\n<p>Bad\n"), "answered 502"),
        (answer(200, LONG.encode()), "answered 200"),
        (answer(200, b"\xff\xfe"), "answered 200"),
        (answer(204, b""), "answered 204"),
        (b"SSH-2.0-OpenSSH\r\n", "does not answer"),
        (b"", "does not answer"),
    ],
)
def test_an_answer_without_the_cookie_is_one_line_with_the_cause(
    bot: Bot, capsys: pytest.CaptureFixture[str], sent: bytes, said: str
) -> None:
    bot.login = sent
    assert said in failure(capsys)


def test_a_template_without_users(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("STACK_OUTPUTS", "{}")
    assert "no output UserPoolId" in failure(capsys)


def test_a_first_handshake_warms_the_functions_that_run_elsewhere(
    bot: Bot, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("LOCAL_GATEWAY_LAMBDA_ENDPOINT", "http://127.0.0.1:3001")
    bot.login = answer(200, b"{}", COOKIE_LINE)
    assert main() == 0
    assert bot.paths == ["/auth/login", f"/ws {COOKIE}=token"]


def test_a_handshake_that_is_refused_is_one_line(
    bot: Bot, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("LOCAL_GATEWAY_LAMBDA_ENDPOINT", "http://127.0.0.1:3001")
    bot.login, bot.handshake = answer(200, b"{}", COOKIE_LINE), 500
    assert "/ws answered 500 to the handshake" in failure(capsys)
