"""What is put under load: the bare echoes, the local gateway with our handlers, and the bot."""

import re
import secrets
import shlex
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from tools.benchmarks.processes import ROOT, Program, python
from tools.scripts.welcome import COOKIE, USERNAME, log_in

WEBSOCKETS_ECHO = "bare websockets echo"
AIOHTTP_ECHO = "bare aiohttp echo"
BOTO3 = "gateway, boto3 handler"
SIGNER = "gateway, signer handler"
BOT = "gateway, our bot's reply"

SMALL_TEMPLATE = ROOT / "tools/benchmarks/handlers/template.yaml"

_ECHOED = '{"message": "Hai!"}'
# The bot's own limits are meant for people.
UNLIMITED = {
    "MESSAGES_PER_SECOND_PER_CONNECTION": "10000",
    "MESSAGES_PER_SECOND_PER_USER": "10000",
}
# What an account allows at most.
_ACCOUNT_THROTTLES = {"ThrottlingRateLimit": 10_000, "ThrottlingBurstLimit": 5_000}
_VARIABLES = "      Variables:\n"


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
def unlimited_template() -> Iterator[Path]:
    """template.yaml without its limits, in a folder with links to what it refers to."""
    text = (ROOT / "template.yaml").read_text(encoding="utf-8")
    for name, most in _ACCOUNT_THROTTLES.items():
        text = re.sub(rf"\b{name}: \d+", f"{name}: {most}", text)
    limits = "".join(f'        {name}: "{value}"\n' for name, value in UNLIMITED.items())
    # The first variables are those of Globals.
    text = text.replace(_VARIABLES, _VARIABLES + limits, 1)
    with TemporaryDirectory(prefix="sapa-bench-") as folder:
        for name in ("functions", "layers", "observability.yaml"):
            (Path(folder) / name).symlink_to(ROOT / name)
        template = Path(folder) / "template.yaml"
        template.write_text(text, encoding="utf-8")
        yield template


@contextmanager
def bot() -> Iterator[Target]:
    """The bot as `make run` starts it but without its limits, and a user who is logged in."""
    password = f"Bench-{secrets.token_urlsafe(12)}-7"
    with ExitStack() as stack:
        program = gateway(
            str(stack.enter_context(unlimited_template())),
            f"--on-ready={shlex.quote(sys.executable)} -m tools.scripts.welcome",
            variables={"DEMO_PASSWORD": password},
        )
        stack.enter_context(program)
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
