"""Channels under fault injection: no member misses an event, nothing dead is kept."""

import os
import signal
import time
from collections.abc import Callable, Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from tests.support.bot import Bot, User, local_bot, unique
from tests.support.client import ChannelClient, NoReplyError
from tests.support.programs import descendants

pytestmark = pytest.mark.local_only

# With this seed the logins at the start succeed.
CHAOS = "7:gone=0.1,limit=0.2,crash=0.1,duplicate=0.2,lost-disconnect=0.5"
EVENTS = 12
HOUR = 3600
LONG = 60.0
# A reply that was lost does not come.
REPLY_SECONDS = 3.0

type Clients = list[tuple[ChannelClient, str]]


@pytest.fixture(scope="module")
def bot() -> Iterator[Bot]:
    """A bot that suffers faults."""
    with local_bot(f"--chaos {CHAOS}") as bot:
        # The work of a function that died is taken up again after this, not 3 minutes.
        bot.aws("sqs").set_queue_attributes(
            QueueUrl=bot.stack.resource("FanOutQueue"), Attributes={"VisibilityTimeout": "5"}
        )
        yield bot


@pytest.fixture
def clients(bot: Bot, ana: User, ben: User, connect: Callable[[User], ChannelClient]) -> Clients:
    """Three sockets of each user, with the user's channel."""
    users = [user for user in (ana, ben) for _ in range(3)]
    clients = [(opened(connect, user), f"user:{user.name}") for user in users]
    # As long as a connection is young, a 410 is no proof that it is gone; these stay young.
    set_age_of_connections(bot, -HOUR)
    return clients


def opened(connect: Callable[[User], ChannelClient], user: User) -> ChannelClient:
    """A socket that is in its user's channel alone, after as many handshakes as it takes."""
    while True:
        with suppress(InvalidStatus):
            client = connect(user)
            client.follow(f"user:{user.name}")
            return client


def set_age_of_connections(bot: Bot, seconds: int) -> None:
    """Change when the connections joined their users' channels.

    For other channels presence holds the time, too.
    """
    since = str((int(time.time()) - seconds) * 1000)
    dynamodb = bot.aws("dynamodb")
    for item in bot.items("Subscriptions"):
        if not item["channel"]["S"].startswith("user:"):
            continue
        with suppress(dynamodb.exceptions.ConditionalCheckFailedException):
            dynamodb.update_item(
                TableName=bot.table("Subscriptions"),
                Key={key: item[key] for key in ("channel_shard", "connection_id")},
                UpdateExpression="SET since = :since",
                ConditionExpression="attribute_exists(connection_id)",
                ExpressionAttributeValues={":since": {"N": since}},
            )


def publish(bot: Bot, channels: Iterable[str], text: str) -> dict[str, dict[int, str]]:
    """Publish to channels until it is accepted; the texts by channel and sequence number."""
    published: dict[str, dict[int, str]] = {}
    for channel in channels:
        while (answer := bot.post_event(channel, {"text": text})).status != 202:
            assert answer.status >= 500, answer.data
        published[channel] = {int(answer.json()["sequence"]): text}
    return published


def wait_for_all(clients: Clients, published: Iterable[Mapping[str, Mapping[int, str]]]) -> None:
    """Wait until every client has all events, under the numbers they were accepted with."""
    published = list(published)
    for client, channel in clients:
        expected = {number: text for each in published for number, text in each[channel].items()}
        client.wait_for(partial(has_received, client, channel, expected), LONG)
        assert not client.events.keys() - {channel}
        assert all(again in client.events[channel] for again in client.repeated)


def has_received(client: ChannelClient, channel: str, expected: Mapping[int, str]) -> bool:
    """Whether a client has all these events."""
    received = {event["$sequence"]: event["text"] for event in client.events[channel]}
    return received.items() >= expected.items()


def test_every_member_gets_each_event_whatever_is_refused_repeated_or_dies(
    bot: Bot, clients: Clients
) -> None:
    channels = {channel for _, channel in clients}
    wait_for_all(clients, [publish(bot, channels, f"event {n}") for n in range(EVENTS)])
    assert any(client.repeated for client, _ in clients), "some came again"


def test_event_whose_fan_out_dies_is_delivered_by_another(bot: Bot, clients: Clients) -> None:
    channels = {channel for _, channel in clients}
    published = []
    # A message that fails for the third time is given up.
    for number in range(2):
        published.append(publish(bot, channels, f"event {number}"))
        kill_environments(bot, "FanOutFunction")
    wait_for_all(clients, published)


def kill_environments(bot: Bot, function: str) -> None:
    """End a function's execution environments, whatever they do at the moment."""
    assert bot.program is not None
    for pid in descendants(bot.program.pid):
        with suppress(OSError):
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if any(
                variable.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") and function.encode() in variable
                for variable in variables
            ):
                os.kill(pid, signal.SIGKILL)


def test_nothing_is_kept_of_connections_that_are_gone(
    bot: Bot, ana: User, ben: User, connect: Callable[[User], ChannelClient]
) -> None:
    room = unique("room")
    for user in (ana, ben) * 3:
        client = opened(connect, user)
        # The function may die of it, and the reply be refused.
        with suppress(NoReplyError):
            client.exchange({"action": "join", "room": room}, REPLY_SECONDS)
        client.cut()
    assert bot.items("Subscriptions"), "some disconnects were lost"
    set_age_of_connections(bot, HOUR)
    witness = opened(connect, ana)
    publish(bot, [f"user:{ana.name}", f"user:{ben.name}"], "event")
    deadline = time.monotonic() + LONG
    while left := items_of_others(bot):
        assert time.monotonic() < deadline, left
        witness.read_for(0.2)


def items_of_others(bot: Bot) -> list[dict[str, Any]]:
    """The items of all connections but the one opened last, which is in no room."""
    connections = sorted(bot.items("Connections"), key=lambda item: int(item["connected_at"]["N"]))
    last = connections.pop()["connection_id"]
    subscriptions = [item for item in bot.items("Subscriptions") if item["connection_id"] != last]
    return [*connections, *subscriptions, *bot.items("Presence")]
