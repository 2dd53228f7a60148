"""The bot that the end-to-end tests talk to, wherever it runs."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest

from tests.support.client import HTTP, TIMEOUT_SECONDS, ChannelClient, log_in
from tests.support.emulator import emulated_stack
from tests.support.programs import Program, free_port
from tests.support.secrecy import SECRETS
from tools.scripts.create_user import create_user
from tools.scripts.stacks import Stack, deployed_stack, running_stack

USERNAME = "demo"
PASSWORD = "Aa1-" + secrets.token_urlsafe(12)


def unique(name: str) -> str:
    """A name that no other run has used."""
    return f"{name}-{secrets.token_hex(4)}"


class MakeRun(Program):
    """`make run`, on a free port; each that was ever started is in `started`."""

    started: list["MakeRun"] = []  # noqa: RUF012 - of the whole run of the tests

    def __init__(self, arguments: str = "", *settings: str, password: str = "") -> None:
        self.port = free_port()
        command = ["make", "run", f"PORT={self.port}", f"ARGS={arguments}", *settings]
        super().__init__(*command, variables={"DEMO_PASSWORD": password} if password else {})
        MakeRun.started.append(self)

    @property
    def url(self) -> str:
        """The page's URL without a trailing slash."""
        return f"http://localhost:{self.port}"


@dataclass(frozen=True, slots=True)
class User:
    """A user of the bot, and the cookie of a login session."""

    name: str
    token: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bot:
    """A running bot: its page's URL, a user, and the stack behind it.

    `management_url` is where `@connections` is; `program` is the gateway that was started for the
    tests, `None` for a bot elsewhere.
    """

    base_url: str
    username: str
    password: str
    stack: Stack
    management_url: str
    program: Program | None = None
    _users: list[str] = field(default_factory=list)

    @property
    def socket_url(self) -> str:
        """The WebSocket's URL without an endpoint."""
        return self.base_url.replace("http", "ws", 1) + "/ws"

    @property
    def publish_url(self) -> str:
        """Where events are published."""
        return self.stack.output("PublishUrl")

    @property
    def output(self) -> str:
        """What the gateway on this machine has printed."""
        assert self.program is not None
        return self.program.output

    def aws(self, service: str) -> Any:
        """A client of an AWS service of the stack."""
        return self.stack.client(service)

    def create_user(self, name: str) -> str:
        """The unique name of a new user with `PASSWORD`, who is deleted in the end."""
        return self._create_user(unique(name))

    def _create_user(self, name: str) -> str:
        SECRETS.password(PASSWORD)
        create_user(self.aws("cognito-idp"), self.stack.output("UserPoolId"), name, PASSWORD)
        self._users.append(name)
        return name

    def delete_users(self) -> None:
        """Delete the users that were created."""
        pool = self.stack.output("UserPoolId")
        while self._users:
            self.aws("cognito-idp").admin_delete_user(UserPoolId=pool, Username=self._users.pop())

    def log_in(self) -> str:
        """The cookie of a further login session of the bot's user."""
        return log_in(self.base_url, self.username, self.password)

    def close_sockets(self, username: str) -> None:
        """Close a user's sockets from the server's side, as an operator would."""
        client = self.stack.session.client(
            "apigatewaymanagementapi", endpoint_url=self.management_url
        )
        for item in self.items("Connections"):
            if item["username"]["S"] == username:
                with suppress(client.exceptions.GoneException):
                    client.delete_connection(ConnectionId=item["connection_id"]["S"])

    def post_event(
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
        headers = dict(request.headers.items())
        return HTTP.request("POST", self.publish_url, body=body, headers=headers)

    def publish(self, channel: str, **payload: object) -> int:
        """Publish an event; its sequence number."""
        answer = self.post_event(channel, payload)
        assert answer.status == 202, answer.data
        return int(answer.json()["sequence"])

    def table(self, name: str) -> str:
        """The name of a table of the stack."""
        return self.stack.resource(f"{name}Table")

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table of the stack, in DynamoDB's JSON."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.table(table))
        return [item for page in pages for item in page["Items"]]

    def wait_until_delivered(self, clients: Iterable[ChannelClient]) -> None:
        """Wait until the queue is empty and the clients have read everything that came of it.

        A message leaves the queue after its posts, and what was posted to a socket comes before
        the answer to a later ping.
        """
        clients = list(clients)
        deadline = time.monotonic() + TIMEOUT_SECONDS
        while self._messages_in_queue():
            assert time.monotonic() < deadline, "the queue does not get empty"
            clients[0].read_for(0.05)
        for client in clients:
            assert client.ask(**{"$ping": 1}) == {"$pong": 1}

    def _messages_in_queue(self) -> int:
        """How many there are, without those that wait for their next attempt."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws("sqs").get_queue_attributes(
            QueueUrl=self.stack.resource("FanOutQueue"), AttributeNames=counts
        )
        return sum(int(answer["Attributes"][name]) for name in counts)


@contextmanager
def local_bot(arguments: str = "") -> Iterator[Bot]:
    """`make run` with these arguments."""
    password = f"Aa1-{secrets.token_urlsafe(12)}"
    SECRETS.password(password)
    with MakeRun(arguments, password=password) as program:
        program.wait_for('^Ready|^{.*"type": "ready"')
        yield Bot(
            base_url=program.url,
            username=USERNAME,
            password=password,
            stack=running_stack(program.url),
            management_url=f"{program.url}/ws",
            program=program,
        )


@contextmanager
def emulated_bot() -> Iterator[Bot]:
    """What `sam deploy` makes on MiniStack."""
    with emulated_stack() as (stack, page, management):
        yield from _deployed_bot(stack, page, management)


@contextmanager
def aws_bot(name: str, region: str | None) -> Iterator[Bot]:
    """A stack on AWS, with the developer's own credentials."""
    stack = deployed_stack(name, region)
    yield from _deployed_bot(
        stack, stack.output("PageUrl").rstrip("/"), stack.output("ManagementApiUrl")
    )


def _deployed_bot(stack: Stack, page: str, management: str) -> Iterator[Bot]:
    bot = Bot(
        base_url=page,
        username=unique(USERNAME),
        password=PASSWORD,
        stack=stack,
        management_url=management,
    )
    bot._create_user(bot.username)
    try:
        yield bot
    finally:
        bot.delete_users()
