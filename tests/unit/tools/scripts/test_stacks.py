"""Stacks that answer as no stack does: one line with the cause, and no traceback."""

import json
import threading
from collections.abc import Callable, Iterator
from http.server import BaseHTTPRequestHandler, HTTPServer
from pathlib import Path

import pytest

from tools.scripts import create_user, revoke_user
from tools.scripts.stacks import StackError, deployed_stack, one_line, running_stack

STACK = {
    "region": "us-east-1",
    "aws_endpoint_url": "http://127.0.0.1:9",
    "outputs": {"UserPoolId": "pool", "Empty": ""},
    "resources": {"Table": "table"},
}


class Server(HTTPServer):
    """Answers everything with the bytes `sent`."""

    sent = b""

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"

    def answers(self, body: bytes, status: str = "200 OK") -> None:
        """Answer with this body from now on."""
        head = f"HTTP/1.0 {status}\r\nContent-Length: {len(body)}\r\n\r\n"
        self.sent = head.encode() + body


class Handler(BaseHTTPRequestHandler):
    """One request."""

    server: Server

    def do_GET(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"] or 0))
        self.wfile.write(self.server.sent)

    do_POST = do_GET

    def log_message(self, format: str, *args: object) -> None:
        """Log nothing."""


@pytest.fixture
def server() -> Iterator[Server]:
    with Server() as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        yield server
        server.shutdown()
        thread.join()


def test_the_stack_of_a_gateway_is_read(server: Server) -> None:
    server.answers(json.dumps(STACK).encode())
    stack = running_stack(server.url)
    assert stack.output("UserPoolId") == "pool"
    assert stack.output("Empty") == ""
    assert stack.resource("Table") == "table"


def without(name: str) -> bytes:
    return json.dumps({key: value for key, value in STACK.items() if key != name}).encode()


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"null",
        b'"text"',
        b"[" * 100_000,
        b"\xff",
        *map(without, STACK),
        *(json.dumps({**STACK, name: None}).encode() for name in STACK),
        json.dumps({**STACK, "outputs": ["UserPoolId"]}).encode(),
        json.dumps({**STACK, "outputs": {"UserPoolId": 1}}).encode(),
    ],
)
@pytest.mark.parametrize("main", [create_user.main, revoke_user.main])
def test_an_answer_of_another_shape_is_one_line(
    server: Server,
    capsys: pytest.CaptureFixture[str],
    main: Callable[[list[str]], int],
    body: bytes,
) -> None:
    server.answers(body)
    assert main(["ana", "--url", server.url]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "is not a local gateway" in line


@pytest.mark.parametrize("sent", [b"SSH-2.0-OpenSSH\r\n", b"HTTP/1.0 404 Not Found\r\n\r\n"])
def test_something_else_at_the_port(server: Server, sent: bytes) -> None:
    server.sent = sent
    with pytest.raises(StackError, match="is not a local gateway"):
        running_stack(server.url)


@pytest.mark.parametrize(
    ("body", "status"),
    [(b"<html>no</html>", "500 No"), (b"not JSON", "200 OK"), (b"<html>no</html>", "404 No")],
)
@pytest.mark.parametrize("main", [create_user.main, revoke_user.main])
def test_services_that_are_not_those_of_aws_are_one_line(
    server: Server,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    main: Callable[[list[str]], int],
    body: bytes,
    status: str,
) -> None:
    monkeypatch.setenv("AWS_MAX_ATTEMPTS", "1")
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.url)
    server.answers(body, status)
    assert main(["ana", "--stack", "sapa", "--region", "us-east-1"]) == 1
    [line] = capsys.readouterr().err.splitlines()
    assert "the stack sapa in us-east-1 cannot be asked" in line


@pytest.mark.parametrize("text", ["not = = toml", "default = 1\n[a]\nglobal = 2\n"])
def test_a_samconfig_that_makes_no_sense(tmp_path: Path, text: str) -> None:
    samconfig = tmp_path / "samconfig.toml"
    samconfig.write_text(text)
    with pytest.raises(StackError):
        deployed_stack("sapa", samconfig=samconfig)


def test_a_long_answer_is_one_short_line() -> None:
    assert one_line("a\n b\t c") == "a b c"
    assert len(one_line("x" * 1_000)) < 310
