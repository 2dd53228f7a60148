"""What is put under load: the bare echoes, the local gateway with our handlers, and the bot."""

import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass

from tools.benchmarks.processes import ROOT, Program, python
from tools.scripts.welcome import COOKIE, USERNAME, log_in

WEBSOCKETS_ECHO = "bare websockets echo"
AIOHTTP_ECHO = "bare aiohttp echo"
BOTO3 = "gateway, boto3 handler"
SIGNER = "gateway, signer handler"
BOT = "gateway, our bot's reply"

SMALL_TEMPLATE = ROOT / "tools/benchmarks/handlers/template.yaml"

_ECHOED = '{"message": "Hai!"}'
# Its throttle is meant for people; the account's own is the next bound.
UNTHROTTLED = {
    "ConnectRateLimit": "10000",
    "ConnectBurstLimit": "5000",
    "MessageRateLimit": "10000",
    "MessageBurstLimit": "5000",
    "MessagesPerSecondPerConnection": "10000",
    "MessagesPerSecondPerUser": "10000",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A WebSocket URL, what is sent there, and the only answer that counts."""

    subject: str
    program: Program
    url: str
    message: str = _ECHOED
    answer: bytes = _ECHOED.encode()
    cookie: str | None = None


def gateway(template: str, *arguments: str, variables: dict[str, str] | None = None) -> Program:
    """The local gateway on a template, on a free port."""
    return python(
        "-m",
        "local_gateway",
        f"--template={template}",
        "--port=0",
        *arguments,
        variables=variables,
    )


def port_of(ready_line: str) -> int:
    """The port that a line with `Ready` names first."""
    digits = ready_line.partition("Ready: ")[2].split(":", 2)[2]
    return int(digits[: len(digits) - len(digits.lstrip("0123456789"))])


@contextmanager
def bare_echo(library: str, subject: str) -> Iterator[Target]:
    """A server of `tools.benchmarks.references`."""
    with python("-m", "tools.benchmarks.references", library) as program:
        port = port_of(program.wait_for("Ready"))
        yield Target(subject=subject, program=program, url=f"http://127.0.0.1:{port}/")


@contextmanager
def small_gateway() -> Iterator[list[Target]]:
    """The gateway on the benchmarks' template: one target per handler, in one program."""
    with gateway(str(SMALL_TEMPLATE)) as program:
        port = port_of(program.wait_for("Ready"))
        yield [
            Target(subject=subject, program=program, url=f"http://127.0.0.1:{port}/{stage}")
            for subject, stage in ((BOTO3, "boto3"), (SIGNER, "signer"))
        ]


@contextmanager
def bot() -> Iterator[Target]:
    """The bot as `make run` starts it, with a user who is logged in."""
    password = f"Bench-{secrets.token_urlsafe(12)}-7"
    program = gateway(
        "template.yaml",
        f"--on-ready={shlex.quote(sys.executable)} -m tools.scripts.welcome",
        "--parameter-overrides",
        *(f"{name}={value}" for name, value in UNTHROTTLED.items()),
        variables={"DEMO_PASSWORD": password},
    )
    with program:
        url = f"http://127.0.0.1:{port_of(program.wait_for('Ready'))}"
        yield Target(
            subject=BOT,
            program=program,
            url=f"{url}/ws",
            answer=b'{"message": "Halo!"}',
            cookie=f"{COOKIE}={log_in(url, USERNAME, password)}",
        )


@contextmanager
def everything() -> Iterator[list[Target]]:
    """All targets, running side by side; those that are not asked do nothing."""
    with ExitStack() as stack:
        yield [
            stack.enter_context(bare_echo("websockets", WEBSOCKETS_ECHO)),
            stack.enter_context(bare_echo("aiohttp", AIOHTTP_ECHO)),
            *stack.enter_context(small_gateway()),
            stack.enter_context(bot()),
        ]
