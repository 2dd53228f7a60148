"""Channels while things go wrong: nobody who is there misses an event, nothing dead is kept."""

import os
import signal
import time
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from sapa.channels.fan_out import MAX_ATTEMPTS
from sapa.channels.fan_out_task import FanOutTask, Recipient
from tests.e2e.channel_bot import Bot
from tests.e2e.channel_client import ChannelClient, NoReplyError
from tests.e2e.gateway_process import GatewayProcess, descendants
from tests.e2e.targets import unique

pytestmark = pytest.mark.local_only

# With this seed the logins at the start succeed.
CHAOS = "7:gone=0.1,limit=0.2,crash=0.1,duplicate=0.2,lost-disconnect=0.5"
EVENTS = 12
HOUR = 3600
LONG = 60.0
# A reply that was lost does not come.
REPLY_SECONDS = 3.0


@pytest.fixture(scope="module")
def started() -> Iterator[tuple[Bot, GatewayProcess]]:
    """A bot with whom things go wrong."""
    with Bot.started(f"--chaos {CHAOS}") as (bot, process):
        # What a function that died has not done is taken up again after this, not 3 minutes.
        bot.aws("sqs").set_queue_attributes(
            QueueUrl=bot.queue("FanOutQueue"), Attributes={"VisibilityTimeout": "5"}
        )
        yield bot, process


@pytest.fixture
def bot(started: tuple[Bot, GatewayProcess]) -> Iterator[Bot]:
    """The same; its sockets are closed afterwards."""
    yield started[0]
    started[0].close()


def tab_of(bot: Bot, username: str) -> ChannelClient:
    """A tab that is in its user's channel alone, after as many handshakes as it takes."""
    while True:
        with suppress(InvalidStatus):
            tab = bot.tab(username)
            tab.follow(f"user:{username}")
            return tab


def tabs_of_both(bot: Bot) -> list[tuple[ChannelClient, str]]:
    """Three tabs of each user, with the user's channel.

    For as long as a connection is young a 410 is no proof that it is gone; this one stays so.
    """
    names = [name for name in (bot.ana, bot.ben) for _ in range(3)]
    tabs = [(tab_of(bot, name), f"user:{name}") for name in names]
    bot.let_all_have_come(-HOUR)
    return tabs


def accepted(bot: Bot, channel: str, text: str) -> int:
    """Publish until it is accepted; the sequence number."""
    while True:
        answer = bot.post(channel, {"text": text})
        if answer.status == 202:
            return int(answer.json()["sequence"])
        assert answer.status >= 500, answer.data


def publish(bot: Bot, counts: Iterable[int]) -> dict[str, dict[int, str]]:
    """Publish to both users; the texts by channel and the number they were accepted with."""
    found: dict[str, dict[int, str]] = {}
    for count in counts:
        for channel in (f"user:{bot.ana}", f"user:{bot.ben}"):
            text = f"event {count}"
            found.setdefault(channel, {})[accepted(bot, channel, text)] = text
    return found


def hear_all(
    tabs: Iterable[tuple[ChannelClient, str]], expected: Mapping[str, Mapping[int, str]]
) -> None:
    """Wait until every tab has what was accepted, under the number that it was accepted with."""
    for tab, channel in tabs:
        tab.wait_for(partial(has_heard, tab, channel, expected[channel]), LONG)
        assert not tab.heard.keys() - {channel}
        for again in tab.repeated:
            assert again in tab.heard[channel]


def has_heard(tab: ChannelClient, channel: str, expected: Mapping[int, str]) -> bool:
    """Whether a tab has all these events."""
    heard = {event["$sequence"]: event["text"] for event in tab.heard[channel]}
    return heard.items() >= expected.items()


def test_every_member_gets_each_event_whatever_is_refused_repeated_or_dies(bot: Bot) -> None:
    tabs = tabs_of_both(bot)
    hear_all(tabs, publish(bot, range(EVENTS)))
    assert any(tab.repeated for tab, _ in tabs), "some came again"


def test_event_whose_fan_out_dies_is_delivered_by_another(
    started: tuple[Bot, GatewayProcess], bot: Bot
) -> None:
    tabs = tabs_of_both(bot)
    expected: dict[str, dict[int, str]] = {f"user:{name}": {} for name in (bot.ana, bot.ben)}
    # A message that fails for the third time is given up.
    for number in range(2):
        for channel, accepted_now in publish(bot, [number]).items():
            expected[channel] |= accepted_now
        kill_environments(started[1], "FanOutFunction")
    hear_all(tabs, expected)


def kill_environments(process: GatewayProcess, function: str) -> None:
    """End a function's execution environments, whatever they do at the moment."""
    for pid in descendants(process.pid):
        with suppress(OSError):
            variables = Path(f"/proc/{pid}/environ").read_bytes().split(b"\0")
            if any(
                one.startswith(b"AWS_LAMBDA_FUNCTION_NAME=") and function.encode() in one
                for one in variables
            ):
                os.kill(pid, signal.SIGKILL)


def test_what_cannot_be_done_waits_in_the_dead_letter_queue(bot: Bot) -> None:
    sqs, dead = bot.aws("sqs"), bot.queue("FanOutDeadLetterQueue")
    nobody = Recipient("AAAAAAAAAAAAAAA=", since=int(time.time() * 1000) + 3_600_000)
    undeliverable = FanOutTask(
        channel="chat:x",
        content={"$channel": "chat:x", "$sequence": 1, "text": "to nobody"},
        recipients=(nobody,),
        attempt=MAX_ATTEMPTS,
    ).to_json()
    bodies = {"nonsense", undeliverable}
    for body in bodies:
        sqs.send_message(QueueUrl=bot.queue("FanOutQueue"), MessageBody=body)
    found: set[str] = set()
    deadline = time.monotonic() + 60
    while not found >= bodies and time.monotonic() < deadline:
        answer = sqs.receive_message(QueueUrl=dead, MaxNumberOfMessages=10, WaitTimeSeconds=5)
        found |= {message["Body"] for message in answer.get("Messages", [])}
    assert found >= bodies


def test_nothing_is_kept_of_connections_that_are_gone(bot: Bot) -> None:
    room = unique("room")
    for name in (bot.ana, bot.ben) * 3:
        tab = tab_of(bot, name)
        # The function may die of it, and the reply be refused.
        with suppress(NoReplyError):
            tab.exchange({"action": "join", "room": room}, REPLY_SECONDS)
        tab.cut()
    bot.close()
    assert bot.items("Subscriptions"), "some ends were not told"
    bot.let_all_have_come(HOUR)
    witness = tab_of(bot, bot.ana)
    publish(bot, [1])
    deadline = time.monotonic() + LONG
    while left := dead(bot):
        assert time.monotonic() < deadline, left
        witness.read_for(0.2)


def dead(bot: Bot) -> list[dict[str, Any]]:
    """What is kept of others than the connection opened last, which is in no room."""
    connections = sorted(bot.items("Connections"), key=lambda one: int(one["connected_at"]["N"]))
    subscriptions = bot.items("Subscriptions")
    alive = connections.pop()["connection_id"]
    foreign = [one for one in subscriptions if one["connection_id"] != alive]
    return [*connections, *foreign, *bot.items("Presence")]
