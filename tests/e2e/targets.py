"""What the end-to-end tests talk to: one bot, wherever it runs."""

import json
import secrets
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field

import pytest
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.e2e.client import HTTP
from tests.e2e.emulator import emulated_stack
from tests.e2e.gateway_process import GatewayProcess, free_port
from tests.e2e.secrecy import SECRETS
from tools.scripts.create_user import create_user
from tools.scripts.stacks import Stack, deployed_stack, running_stack

USERNAME = "demo"
PASSWORD = "Aa1-" + secrets.token_urlsafe(12)
LOGOUT_IS_500 = pytest.mark.emulator_differs(
    "fails on a proxy answer without a body, which the one to a logout is", fact="the HTTP API's"
)


def unique(name: str) -> str:
    """A name that no other run has used."""
    return f"{name}-{secrets.token_hex(4)}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Target:
    """A running bot: its page's URL, a user, and the stack behind it.

    `management_url` is where `@connections` is; `process` is the gateway that was started for the
    tests, `None` for a bot elsewhere.
    """

    base_url: str
    username: str
    password: str
    stack: Stack
    management_url: str
    process: GatewayProcess | None = None
    _users: list[str] = field(default_factory=list)

    @property
    def socket_url(self) -> str:
        """The WebSocket's URL without an endpoint."""
        return self.base_url.replace("http", "ws", 1) + "/ws"

    @property
    def publish_url(self) -> str:
        """Where events are published."""
        return self.stack.output("PublishUrl")

    def create_users(self, *names: str) -> None:
        """Make users with `PASSWORD`, who are deleted when the tests are done."""
        SECRETS.password(PASSWORD)
        for name in names:
            create_user(
                self.stack.client("cognito-idp"), self.stack.output("UserPoolId"), name, PASSWORD
            )
            self._users.append(name)

    def delete_users(self) -> None:
        """Delete them."""
        cognito = self.stack.client("cognito-idp")
        while self._users:
            cognito.admin_delete_user(
                UserPoolId=self.stack.output("UserPoolId"), Username=self._users.pop()
            )

    def close_sockets(self, username: str) -> None:
        """Close a user's sockets from the server's side, as an operator would."""
        table = self.stack.resource("ConnectionsTable")
        pages = self.stack.client("dynamodb").get_paginator("scan").paginate(TableName=table)
        client = self.stack.session.client(
            "apigatewaymanagementapi", endpoint_url=self.management_url
        )
        for item in (item for page in pages for item in page["Items"]):
            if item["username"]["S"] == username:
                with suppress(client.exceptions.GoneException):
                    client.delete_connection(ConnectionId=item["connection_id"]["S"])

    def publish(
        self, channel: object, payload: object, *, signed: bool = True
    ) -> urllib3.BaseHTTPResponse:
        """`POST /publish`."""
        body = json.dumps({"channel": channel, "payload": payload})
        headers = {"Content-Type": "application/json"}
        request = AWSRequest("POST", self.publish_url, headers, body)
        if signed:
            credentials = self.stack.session.get_credentials()
            assert credentials is not None, "no AWS credentials to sign with"
            region = self.stack.session.region_name
            SigV4Auth(credentials, "execute-api", region).add_auth(request)
        return HTTP.request(
            "POST", self.publish_url, body=body, headers=dict(request.headers.items())
        )


@contextmanager
def local(arguments: str = "") -> Iterator[Target]:
    """`make run` with these arguments."""
    port, password = free_port(), f"Aa1-{secrets.token_urlsafe(12)}"
    SECRETS.password(password)
    command = ["make", "run", f"PORT={port}", f"ARGS={arguments}"]
    with GatewayProcess(command, {"DEMO_PASSWORD": password}) as process:
        process.wait_for('^Ready|^{.*"type": "ready"')
        url = f"http://localhost:{port}"
        yield Target(
            base_url=url,
            username=USERNAME,
            password=password,
            stack=running_stack(url),
            management_url=f"{url}/ws",
            process=process,
        )


@contextmanager
def emulator() -> Iterator[Target]:
    """What `sam deploy` makes on MiniStack."""
    with emulated_stack() as (stack, page, management):
        yield from _elsewhere(stack, page, management)


@contextmanager
def aws(name: str, region: str | None) -> Iterator[Target]:
    """A stack on AWS, with the developer's own credentials."""
    stack = deployed_stack(name, region)
    yield from _elsewhere(
        stack, stack.output("PageUrl").rstrip("/"), stack.output("ManagementApiUrl")
    )


def _elsewhere(stack: Stack, page: str, management: str) -> Iterator[Target]:
    target = Target(
        base_url=page,
        username=unique(USERNAME),
        password=PASSWORD,
        stack=stack,
        management_url=management,
    )
    target.create_users(target.username)
    try:
        yield target
    finally:
        target.delete_users()
