"""`make user` and `make revoke` on the bot of `make run`: users log in at once, or no more."""

import json
import subprocess
from collections.abc import Iterator

import pytest

from tests.support.bot import MakeRun
from tests.support.client import (
    COOKIE,
    ask,
    close_code,
    handshake_status,
    log_in,
    open_socket,
    post_json,
    session_status,
)
from tests.support.programs import free_port, run

pytestmark = pytest.mark.local_only

PASSWORD = "Correct-horse-7"


@pytest.fixture(scope="module")
def bot() -> Iterator[MakeRun]:
    """A running bot."""
    with MakeRun() as program:
        program.wait_for("^Ready")
        yield program


def make(
    target: str, name: str, port: int, *more: str, typed: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run a command of the Makefile, with a password on its standard input."""
    command = ("make", "--silent", target, f"NAME={name}", f"PORT={port}", *more)
    return run(*command, typed=f"{typed}\n")


def test_new_users_log_in_until_they_are_revoked(bot: MakeRun) -> None:
    made = make("user", "ana", bot.port, typed=PASSWORD)
    assert made.returncode == 0, made.stderr
    assert bot.url in made.stdout
    assert PASSWORD not in made.stdout
    made = make("user", "ben", bot.port)
    generated = made.stdout.split("Password")[1].split()[0]
    first, second = (log_in(bot.url, "ana", PASSWORD) for _ in range(2))
    other = log_in(bot.url, "ben", generated)
    socket_url = f"ws://localhost:{bot.port}/ws"
    with open_socket(socket_url, first) as socket, open_socket(socket_url, other) as staying:
        revoked = make("revoke", "ana", bot.port)
        assert revoked.stdout == (
            "ana cannot log in any more; login sessions deleted: 2, sockets closed: 1\n"
        )
        assert json.loads(socket.recv(timeout=30))["error"]["code"] == "session_ended"
        assert close_code(socket) == 1000
        assert ask(staying, {"message": "Hai!"}) == {"message": "Halo!"}
    assert [session_status(bot.url, token) for token in (first, second, other)] == [401, 401, 200]
    assert handshake_status(socket_url, {"Cookie": f"{COOKIE}={first}"}) == 403
    body = {"username": "ana", "password": PASSWORD}
    assert post_json(f"{bot.url}/auth/login", body).status == 401
    restored = make("revoke", "ana", bot.port, "ARGS=--restore")
    assert restored.stdout == "ana can log in again\n"
    assert log_in(bot.url, "ana", PASSWORD)
    assert session_status(bot.url, first) == 401


def test_a_name_that_is_taken_gets_a_new_password_on_request_alone(bot: MakeRun) -> None:
    again = make("user", "demo", bot.port, typed=PASSWORD)
    assert again.returncode != 0
    assert "user: there is a user demo already" in again.stderr
    assert make("user", "demo", bot.port, "ARGS=--replace", typed=PASSWORD).returncode == 0
    assert log_in(bot.url, "demo", PASSWORD)


@pytest.mark.parametrize(
    ("target", "name", "problem"),
    [
        ("user", "eva", "user: "),
        ("revoke", "nobody", "revoke: there is no user nobody"),
    ],
)
def test_a_refusal_is_one_line(bot: MakeRun, target: str, name: str, problem: str) -> None:
    refused = make(target, name, bot.port, typed="short")
    assert refused.returncode != 0
    lines = refused.stderr.splitlines()
    [line] = [line for line in lines if not line.startswith(("make:", "make["))]
    assert line.startswith(problem)


@pytest.mark.parametrize("target", ["user", "revoke"])
def test_without_a_bot_the_line_says_what_to_do(target: str) -> None:
    refused = make(target, "ana", free_port(), typed=PASSWORD)
    assert refused.returncode != 0
    assert "start `make run`" in refused.stderr
    assert "Traceback" not in refused.stderr
