"""`make revoke` on the bot of `make run`: out at once, everywhere, and nobody else with them."""

import subprocess
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest
from websockets.exceptions import ConnectionClosed

from tests.e2e.client import COOKIE, HTTP, ask, log_in, open_socket, post_json, refusal
from tests.e2e.gateway_process import ROOT, GatewayProcess, environment, free_port

pytestmark = pytest.mark.local_only

PASSWORD = "Correct-horse-7"


@dataclass(frozen=True, slots=True)
class Bot:
    """A running bot."""

    port: int

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    @property
    def socket_url(self) -> str:
        return f"ws://localhost:{self.port}/ws"

    def make(
        self, target: str, name: str, *more: str, typed: str = ""
    ) -> subprocess.CompletedProcess[str]:
        """Run a command of the Makefile as a person would."""
        return subprocess.run(
            ["make", "--silent", target, f"NAME={name}", f"PORT={self.port}", *more],
            cwd=ROOT,
            env=environment(),
            input=typed,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def login_status(self, name: str) -> int:
        body = {"username": name, "password": PASSWORD}
        return post_json(f"{self.url}/auth/login", body).status

    def session_status(self, token: str) -> int:
        cookie = {"Cookie": f"{COOKIE}={token}"}
        return HTTP.request("GET", f"{self.url}/auth/session", headers=cookie).status


@pytest.fixture(scope="module")
def bot() -> Iterator[Bot]:
    port = free_port()
    with GatewayProcess(["make", "run", f"PORT={port}"], {}) as process:
        process.wait_for("^Ready")
        bot = Bot(port)
        for name in ("ana", "ben"):
            assert bot.make("user", name, typed=f"{PASSWORD}\n").returncode == 0
        yield bot


def test_a_revoked_user_is_out_everywhere_and_nobody_else_is(bot: Bot) -> None:
    first, second, other = (log_in(bot.url, name, PASSWORD) for name in ("ana", "ana", "ben"))
    with ExitStack() as stack:
        mine = [stack.enter_context(open_socket(bot.socket_url, one)) for one in (first, second)]
        others = stack.enter_context(open_socket(bot.socket_url, other))
        revoked = bot.make("revoke", "ana")
        assert revoked.returncode == 0, revoked.stderr
        assert revoked.stdout == (
            "ana cannot log in any more; login sessions deleted: 2, sockets closed: 2\n"
        )
        for socket in mine:
            with pytest.raises(ConnectionClosed):
                socket.recv(timeout=30)
        assert ask(others, {"message": "Hai!"}) == {"message": "Halo!"}
    assert [bot.session_status(token) for token in (first, second, other)] == [401, 401, 200]
    assert refusal(bot.socket_url, {"Cookie": f"{COOKIE}={first}"}) == 403
    assert bot.login_status("ana") == 401
    again = bot.make("revoke", "ana")
    assert "login sessions deleted: 0, sockets closed: 0" in again.stdout
    restored = bot.make("revoke", "ana", "ARGS=--restore")
    assert restored.stdout == "ana can log in again\n"
    assert bot.login_status("ana") == 200
    assert bot.session_status(first) == 401


def test_a_name_that_nobody_has_is_one_line(bot: Bot) -> None:
    refused = bot.make("revoke", "nobody")
    assert refused.returncode != 0
    assert "revoke: there is no user nobody" in refused.stderr
    assert "Traceback" not in refused.stderr
    assert "a name is needed" in bot.make("revoke", "").stderr


def test_without_a_bot_the_line_says_what_to_do() -> None:
    refused = Bot(free_port()).make("revoke", "ana")
    assert refused.returncode != 0
    assert "start `make run`" in refused.stderr
