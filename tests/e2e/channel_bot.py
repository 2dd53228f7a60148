"""A running bot with users of its own, its AWS services, and what happens in its queue."""

import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Self

import urllib3

from tests.e2e.channel_client import PATIENCE, ChannelClient
from tests.e2e.client import log_in
from tests.e2e.gateway_process import GatewayProcess
from tests.e2e.targets import PASSWORD, Target, local, unique


@dataclass
class Bot:
    """A bot and the AWS services behind it, with two users, `ana` and `ben`."""

    target: Target
    ana: str = field(default_factory=lambda: unique("ana"))
    ben: str = field(default_factory=lambda: unique("ben"))
    tabs: list[ChannelClient] = field(default_factory=list)

    @classmethod
    @contextmanager
    def started(cls, arguments: str) -> Iterator[tuple[Self, GatewayProcess]]:
        """`make run` with these arguments."""
        with local(arguments) as target:
            assert target.process is not None
            bot = cls(target)
            yield bot, target.process
            bot.close()

    @property
    def base_url(self) -> str:
        """The page's URL without a trailing slash."""
        return self.target.base_url

    def aws(self, service: str) -> Any:
        """A client of an AWS service."""
        return self.target.stack.client(service)

    @cached_property
    def tokens(self) -> dict[str, str]:
        """A login session for each user, who are made for it."""
        self.target.create_users(self.ana, self.ben)
        return {name: self.log_in(name) for name in (self.ana, self.ben)}

    def log_in(self, username: str) -> str:
        """The cookie of a further login session."""
        return log_in(self.base_url, username, PASSWORD)

    def tab(self, username: str, endpoint: str = "chat", token: str = "") -> ChannelClient:
        """A socket of a user."""
        url = f"{self.target.socket_url}?endpoint={endpoint}"
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
        return self.target.publish(channel, payload, signed=signed)

    def publish(self, channel: str, **payload: object) -> int:
        """Publish from outside; the sequence number."""
        answer = self.post(channel, payload)
        assert answer.status == 202, answer.data
        return int(answer.json()["sequence"])

    def table(self, name: str) -> str:
        """The name of a table of the stack."""
        return self.target.stack.resource(f"{name}Table")

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
        return self.target.stack.resource(name)

    def busy(self) -> bool:
        """Whether messages are in the queue, those left out that wait for their next attempt."""
        counts = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        answer = self.aws("sqs").get_queue_attributes(
            QueueUrl=self.queue("FanOutQueue"), AttributeNames=counts
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
