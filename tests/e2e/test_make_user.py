"""`make user` on the bot of `make run`: who is created logs in there at once."""

import subprocess
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.e2e.client import log_in
from tests.e2e.gateway_process import ROOT, GatewayProcess, environment, free_port

pytestmark = pytest.mark.local_only

PASSWORD = "Correct-horse-7"


@dataclass(frozen=True, slots=True)
class Bot:
    """The port of a running bot."""

    port: int

    def user(self, name: str, password: str = "", *more: str) -> subprocess.CompletedProcess[str]:
        """Run `make user` as a person would, with the password piped in."""
        return subprocess.run(
            ["make", "--silent", "user", f"NAME={name}", f"PORT={self.port}", *more],
            cwd=ROOT,
            env=environment(),
            input=f"{password}\n",
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )

    def log_in(self, name: str, password: str) -> str:
        """The cookie."""
        return log_in(f"http://localhost:{self.port}", name, password)


@pytest.fixture(scope="module")
def bot() -> Iterator[Bot]:
    port = free_port()
    with GatewayProcess(["make", "run", f"PORT={port}"], {}) as process:
        process.wait_for("^Ready")
        yield Bot(port)


def test_a_new_user_logs_in(bot: Bot) -> None:
    made = bot.user("ana", PASSWORD)
    assert made.returncode == 0, made.stderr
    assert f"http://localhost:{bot.port}" in made.stdout
    assert PASSWORD not in made.stdout
    assert bot.log_in("ana", PASSWORD)


def test_a_password_is_made_up(bot: Bot) -> None:
    made = bot.user("ben")
    password = made.stdout.split("Password")[1].split()[0]
    assert bot.log_in("ben", password)


def test_a_name_that_is_taken_and_a_new_password(bot: Bot) -> None:
    again = bot.user("demo", PASSWORD)
    assert again.returncode != 0
    assert "user: there is a user demo already" in again.stderr
    assert bot.user("demo", PASSWORD, "ARGS=--replace").returncode == 0
    assert bot.log_in("demo", PASSWORD)


def test_a_password_that_the_pool_refuses_is_one_line(bot: Bot) -> None:
    refused = bot.user("eva", "short")
    assert refused.returncode != 0
    [line] = [
        line for line in refused.stderr.splitlines() if not line.startswith(("make:", "make["))
    ]
    assert line.startswith("user: ")
    assert bot.user("eva", PASSWORD).returncode == 0, "nobody was left behind"


def test_without_a_bot_the_line_says_what_to_do() -> None:
    refused = Bot(free_port()).user("ana", PASSWORD)
    assert refused.returncode != 0
    assert "start `make run`" in refused.stderr
    assert "STACK=" in refused.stderr
    assert "Traceback" not in refused.stderr
