"""Where the end-to-end tests talk to: `make run`, or whatever `--base-url` names."""

import secrets
import socket
from collections.abc import Callable, Iterator
from dataclasses import dataclass

import boto3
import pytest

from tests.e2e.gateway_process import GatewayProcess

USERNAME = "demo"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running bot: its page's URL, a user, and a way to close that user's sockets.

    `process` is the gateway that was started for the tests, `None` for a bot elsewhere.
    """

    base_url: str
    username: str
    password: str
    process: GatewayProcess | None
    aws_endpoint_url: str | None

    @property
    def socket_url(self) -> str:
        """The WebSocket's URL without an endpoint."""
        return self.base_url.replace("http", "ws", 1) + "/ws"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Options that point the same tests at a bot that runs elsewhere."""
    group = parser.getgroup("end to end")
    group.addoption("--base-url", help="page URL of a running bot; default: start `make run`")
    group.addoption("--username", default=USERNAME, help="a user of that bot")
    group.addoption("--password", help="the user's password")
    group.addoption("--aws-endpoint-url", help="where that bot's AWS services are, if not on AWS")


def free_port() -> int:
    """A port that nobody listens on at the moment."""
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return int(probe.getsockname()[1])


@pytest.fixture(scope="session")
def target(request: pytest.FixtureRequest) -> Iterator[Target]:
    """The bot under test; `make run` unless `--base-url` is given."""
    option = request.config.getoption
    if option("--base-url"):
        yield Target(
            base_url=option("--base-url").rstrip("/"),
            username=option("--username"),
            password=option("--password") or pytest.fail("--base-url needs --password"),
            process=None,
            aws_endpoint_url=option("--aws-endpoint-url"),
        )
        return
    port, password = free_port(), f"Aa1-{secrets.token_urlsafe(12)}"
    command = ["make", "run", f"PORT={port}"]
    with GatewayProcess(command, {"DEMO_PASSWORD": password}) as process:
        process.wait_for("^Ready")
        endpoint = process.wait_for(r"AWS services for this run: (\S+)")[1]
        yield Target(
            base_url=f"http://localhost:{port}",
            username=USERNAME,
            password=password,
            process=process,
            aws_endpoint_url=endpoint,
        )


@pytest.fixture
def base_url(target: Target) -> str:
    """The page's URL without a trailing slash."""
    return target.base_url


@pytest.fixture
def username(target: Target) -> str:
    """A user who can log in."""
    return target.username


@pytest.fixture
def password(target: Target) -> str:
    """That user's password."""
    return target.password


@pytest.fixture
def close_sockets(target: Target) -> Callable[[], None]:
    """Closes all of the user's sockets from the server's side, as an operator would."""
    aws = boto3.Session("local", "local", region_name="us-east-1")
    dynamodb = aws.client("dynamodb", endpoint_url=target.aws_endpoint_url)
    management = aws.client("apigatewaymanagementapi", endpoint_url=f"{target.base_url}/ws")

    def close() -> None:
        (table,) = (name for name in dynamodb.list_tables()["TableNames"] if "Connections" in name)
        for item in dynamodb.scan(TableName=table)["Items"]:
            try:
                management.delete_connection(ConnectionId=item["connection_id"]["S"])
            except management.exceptions.GoneException:
                continue

    return close
