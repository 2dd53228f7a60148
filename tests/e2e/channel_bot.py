"""A running bot with users of its own, its AWS services, and what happens in its queue."""

import json
import secrets
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import boto3
import urllib3
from botocore.auth import SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from scripts.create_user import create_user
from tests.e2e.channel_client import PATIENCE, ChannelClient
from tests.e2e.client import HTTP, log_in
from tests.e2e.conftest import free_port
from tests.e2e.gateway_process import GatewayProcess

PASSWORD = "Aa1-" + secrets.token_urlsafe(12)


def unique(name: str) -> str:
    """A name that no other run has used."""
    return f"{name}-{secrets.token_hex(4)}"


@dataclass
class Bot:
    """A bot's page and the AWS services behind it, with two users, `ana` and `ben`."""

    base_url: str
    aws_endpoint_url: str
    ana: str = field(default_factory=lambda: unique("ana"))
    ben: str = field(default_factory=lambda: unique("ben"))
    tabs: list[ChannelClient] = field(default_factory=list)

    @classmethod
    @contextmanager
    def started(cls, arguments: str) -> Iterator[tuple[Self, GatewayProcess]]:
        """`make run` with these arguments."""
        port = free_port()
        command = ["make", "run", f"PORT={port}", f"ARGS={arguments}"]
        with GatewayProcess(command, {}) as process:
            process.wait_for("^Ready")
            endpoint = process.wait_for(r"AWS services for this run: (\S+)")[1]
            bot = cls(f"http://localhost:{port}", endpoint)
            yield bot, process
            bot.close()

    def aws(self, service: str) -> Any:
        """A client of an AWS service."""
        session = boto3.Session("local", "local", region_name="us-east-1")
        return session.client(service, endpoint_url=self.aws_endpoint_url)  # type: ignore[call-overload]

    @cached_property
    def tokens(self) -> dict[str, str]:
        """A login session for each user, who are made for it."""
        cognito = self.aws("cognito-idp")
        [pool] = cognito.list_user_pools(MaxResults=10)["UserPools"]
        for name in (self.ana, self.ben):
            create_user(cognito, pool["Id"], name, PASSWORD)
        return {name: self.log_in(name) for name in (self.ana, self.ben)}

    def log_in(self, username: str) -> str:
        """The cookie of a further login session."""
        return log_in(self.base_url, username, PASSWORD)

    def tab(self, username: str, endpoint: str = "chat", token: str = "") -> ChannelClient:
        """A socket of a user."""
        url = f"{self.base_url.replace('http', 'ws', 1)}/ws?endpoint={endpoint}"
        tab = ChannelClient(url, token or self.tokens[username])
        self.tabs.append(tab)
        return tab

    def close(self) -> None:
        """Close all sockets."""
        while self.tabs:
            self.tabs.pop().close()

    def post(
        self, channel: object, payload: object, *, signed: bool = True
    ) -> urllib3.BaseHTTPResponse:
        """`POST /publish`."""
        url = f"{self.base_url}/publish"
        body = json.dumps({"channel": channel, "payload": payload})
        request = AWSRequest("POST", url, {"Content-Type": "application/json"}, body)
        if signed:
            SigV4Auth(Credentials("local", "local"), "execute-api", "us-east-1").add_auth(request)
        return HTTP.request("POST", url, body=body, headers=dict(request.headers.items()))

    def publish(self, channel: str, **payload: object) -> int:
        """Publish from outside; the sequence number."""
        answer = self.post(channel, payload)
        assert answer.status == 202, answer.data
        return int(answer.json()["sequence"])

    def close_sockets(self, username: str) -> None:
        """Close a user's sockets from the server's side, as an operator would."""
        session = boto3.Session("local", "local", region_name="us-east-1")
        client = session.client("apigatewaymanagementapi", endpoint_url=f"{self.base_url}/ws")
        for item in self.items("Connections"):
            if item["username"]["S"] == username:
                with suppress(client.exceptions.GoneException):
                    client.delete_connection(ConnectionId=item["connection_id"]["S"])

    def table(self, name: str) -> str:
        """The name of a table of the stack."""
        names = self.aws("dynamodb").list_tables()["TableNames"]
        return next(str(table) for table in names if table.split("-")[1] == f"{name}Table")

    def items(self, table: str) -> list[dict[str, Any]]:
        """All items of a table of the stack, in DynamoDB's JSON."""
        pages = self.aws("dynamodb").get_paginator("scan").paginate(TableName=self.table(table))
        return [item for page in pages for item in page["Items"]]

    def let_all_have_come(self, seconds_ago: int) -> None:
        """Change when the connections that there are came into their users' channels.

        For other channels presence knows the time, too.
        """
        since = str((int(time.time()) - seconds_ago) * 1000)
        everyone = self.items("Subscriptions")
        for item in (one for one in everyone if one["channel"]["S"].startswith("user:")):
            with suppress(self.aws("dynamodb").exceptions.ConditionalCheckFailedException):
                self.aws("dynamodb").update_item(
                    TableName=self.table("Subscriptions"),
                    Key={key: item[key] for key in ("channel_shard", "connection_id")},
                    UpdateExpression="SET since = :since",
                    ConditionExpression="attribute_exists(connection_id)",
                    ExpressionAttributeValues={":since": {"N": since}},
                )

    def queue(self, name: str) -> str:
        """The URL of a queue of the stack."""
        urls = self.aws("sqs").list_queues()["QueueUrls"]
        return next(str(url) for url in urls if url.rpartition("-")[2] == name)

    def busy(self) -> bool:
        """Whether messages are in the queue, those left out that wait for their next attempt."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws("sqs").get_queue_attributes(
            QueueUrl=self.queue("PublishQueue"), AttributeNames=counts
        )
        return any(int(answer["Attributes"][name]) for name in counts)

    def settle(self, tabs: Iterable[ChannelClient]) -> None:
        """Have everything that was accepted delivered and read, but to who cannot be reached.

        A message leaves the queue after its posts, and what was posted to a socket comes before
        the answer to a later ping.
        """
        reading, start = list(tabs), time.monotonic()
        while self.busy():
            assert time.monotonic() - start < PATIENCE, "the queue does not get empty"
            reading[0].read_for(0.05)
        for tab in reading:
            assert tab.ask(**{"$ping": 1}) == {"$pong": 1}
