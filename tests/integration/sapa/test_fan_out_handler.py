"""Delivery by the function behind the queue, with every fault of the management API."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

import boto3
import pytest

from functions.fan_out.app import lambda_handler
from sapa.channels.channel import user_channel
from sapa.channels.fan_out import MAX_ATTEMPTS
from sapa.channels.fan_out_task import FanOutTask, Recipient
from sapa.connections.connection import Connection, Subscriber
from sapa.services import epoch_milliseconds, services
from tests.integration.sapa.conftest import Cloud, logged, new_environment
from tests.integration.sapa.faulty_api import GONE, OK, FaultyApi, failed, faulty_api
from tests.integration.sapa.stack import REGION, InvocationContext

LOBBY = "chat:lobby"


class Time(InvocationContext):
    """A context that has time, or has none left."""

    def __init__(self, seconds: float) -> None:
        self._seconds = seconds

    def get_remaining_time_in_millis(self) -> int:
        return int(self._seconds * 1000)


@dataclass
class Lobby:
    """The function with its queue, on moto, and a management API on a socket."""

    api: FaultyApi
    queue_url: str

    def open(self, name: str, *, minutes_ago: int = 5) -> Subscriber:
        """A connection of a user of the same name, in its own channel and in the lobby."""
        now = epoch_milliseconds()
        connection = Connection(
            connection_id=name,
            username=name.partition("-")[0],
            endpoint="chat",
            session_id="s1",
            connected_at=now // 1000,
            expires_at=now // 1000 + 7200,
        )
        membership = services().membership
        rules = replace(
            membership,
            clock=lambda: now - minutes_ago * 60_000,
            announce=lambda *_: None,
        )
        rules.connect(connection)
        assert rules.join(connection.subscriber(), LOBBY)
        return connection.subscriber()

    def publish(self, channel: str = LOBBY, **payload: Any) -> int:
        return services().publisher.publish(channel, payload, publisher="ana").sequence

    def waiting(self) -> list[dict[str, Any]]:
        """Take what is in the queue."""
        client = boto3.client("sqs")
        found: list[Any] = []
        while messages := client.receive_message(
            QueueUrl=self.queue_url, MaxNumberOfMessages=10
        ).get("Messages"):
            found += messages
            for message in messages:
                client.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return found

    def invoke(self, bodies: list[str], seconds: float = 25) -> list[int]:
        """One invocation; the numbers of the messages that have to come back."""
        event = {"Records": [_record(str(number), body) for number, body in enumerate(bodies)]}
        response = lambda_handler(event, Time(seconds))  # type: ignore[arg-type]
        return [int(failure["itemIdentifier"]) for failure in response["batchItemFailures"]]

    def deliver(self) -> list[int]:
        """One invocation with all that waits."""
        return self.invoke([message["Body"] for message in self.waiting()])

    def got(self, connection_id: str) -> list[dict[str, Any]]:
        """What was posted to a connection, whatever was answered."""
        return [
            json.loads(each.body) for each in self.api.posted if each.path.endswith(connection_id)
        ]


def _record(message_id: str, body: str) -> dict[str, Any]:
    return {
        "messageId": message_id,
        "receiptHandle": message_id,
        "body": body,
        "attributes": {},
        "messageAttributes": {},
        "md5OfBody": "",
        "eventSource": "aws:sqs",
        "eventSourceARN": f"arn:aws:sqs:{REGION}:123456789012:publish",
        "awsRegion": REGION,
    }


@pytest.fixture
def lobby(cloud: Cloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Lobby]:
    queue_url = boto3.client("sqs").create_queue(QueueName="fan_out")["QueueUrl"]
    with faulty_api() as api:
        monkeypatch.setenv("MANAGEMENT_API_ENDPOINT", api.url)
        monkeypatch.setenv("FAN_OUT_QUEUE_URL", queue_url)
        monkeypatch.setenv("AWS_REGION", REGION)
        lobby = Lobby(api, queue_url)
        yield lobby
        services().bulk_sender.close()


def test_exactly_the_members_get_an_event(lobby: Lobby) -> None:
    for name in ("ana-1", "ana-2", "budi-1"):
        lobby.open(name)
    gone = lobby.open("cici-1")
    services().membership.leave(gone, LOBBY)
    lobby.waiting()
    lobby.publish(message="Halo! 👋")
    assert lobby.deliver() == []
    assert sorted(lobby.api.reached) == ["ana-1", "ana-2", "budi-1"]
    [frame] = lobby.got("ana-1")
    assert frame.pop("$sent_at") > 0
    assert frame == {"$channel": LOBBY, "$sequence": 1, "message": "Halo! 👋"}
    assert lobby.waiting() == []


def test_everybody_is_in_their_own_channel(lobby: Lobby) -> None:
    for name in ("ana-1", "ana-2", "budi-1"):
        lobby.open(name)
    lobby.publish(user_channel("ana"), text="for you")
    lobby.deliver()
    assert sorted(lobby.api.reached) == ["ana-1", "ana-2"]


def test_a_batch_delivers_all_its_messages(lobby: Lobby) -> None:
    lobby.open("ana-1")
    for number in range(10):
        lobby.publish(number=number)
    assert lobby.deliver() == []
    assert sorted(each["$sequence"] for each in lobby.got("ana-1")) == list(range(1, 11))


def test_the_gone_are_forgotten_and_announced(lobby: Lobby) -> None:
    lobby.open("ana-1")
    lobby.open("budi-1")
    lobby.api.answers["budi-1"] = [GONE]
    lobby.publish()
    assert lobby.deliver() == []
    tables = boto3.client("dynamodb")
    for table in ("connections", "subscriptions", "presence"):
        items = tables.scan(TableName=table)["Items"]
        assert not [item for item in items if "budi" in json.dumps(item, default=str)]
    lobby.api.posted.clear()
    assert lobby.deliver() == []
    [announced] = lobby.got("ana-1")
    assert announced["$presence"] == {"left": "budi"}
    assert lobby.got("budi-1") == []


def test_a_410_in_the_handshake_is_not_the_end(lobby: Lobby) -> None:
    lobby.open("ana-1", minutes_ago=0)
    lobby.api.answers["ana-1"] = [GONE, GONE, GONE, OK]
    lobby.publish()
    assert lobby.deliver() == []
    assert lobby.deliver() == []
    assert len(lobby.got("ana-1")) == 4
    assert services().subscriptions.contains("user:ana", "ana-1")
    assert lobby.waiting() == []


@pytest.mark.parametrize("status", [429, 500, 503])
def test_a_passing_fault_is_over_in_the_same_invocation(lobby: Lobby, status: int) -> None:
    lobby.open("ana-1")
    lobby.api.answers["ana-1"] = [failed(status), OK]
    lobby.publish()
    assert lobby.deliver() == []
    assert [each["$sequence"] for each in lobby.got("ana-1")] == [1, 1]
    assert lobby.waiting() == []


@pytest.mark.parametrize("answer", [failed(429), failed(500), failed(403), b""])
def test_a_lasting_fault_brings_only_the_rest_back(
    lobby: Lobby, cloud: Cloud, answer: bytes
) -> None:
    for name in ("ana-1", "budi-1", "cici-1"):
        lobby.open(name)
    lobby.api.answers["budi-1"] = [answer]
    lobby.publish()
    assert lobby.deliver() == []
    [message] = lobby.waiting()
    left = FanOutTask.from_json(message["Body"])
    assert left.recipients is not None
    assert [each.connection_id for each in left.recipients] == ["budi-1"]
    assert left.attempt == 1
    assert len(cloud.aws.delays) == 1
    lobby.api.answers["budi-1"] = [OK]
    assert lobby.invoke([message["Body"]]) == []
    assert len(lobby.got("ana-1")) == len(lobby.got("cici-1")) == 1
    assert {each["$sequence"] for each in lobby.got("budi-1")} == {1}


def test_what_cannot_be_done_fails_until_the_dead_letter_queue_has_it(lobby: Lobby) -> None:
    lobby.open("ana-1")
    lobby.api.answers["budi-1"] = [failed(500)]
    good = FanOutTask(channel=LOBBY, content={"a": 1}).to_json()
    bad = FanOutTask(channel=LOBBY, content={"a": 1}).again_for(
        [Recipient("budi-1", 0)], MAX_ATTEMPTS
    )
    assert sorted(lobby.invoke([good, bad.to_json(), "not ours", "[]"])) == [1, 2, 3]
    assert len(lobby.got("ana-1")) == 1
    assert lobby.waiting() == []


def test_a_batch_that_fails_as_a_whole_comes_back_as_a_whole(lobby: Lobby) -> None:
    assert sorted(lobby.invoke(["not ours", "{}"])) == [0, 1]


def test_without_time_everybody_is_left_for_the_next_invocation(lobby: Lobby) -> None:
    lobby.open("ana-1")
    lobby.open("budi-1")
    lobby.publish()
    [message] = lobby.waiting()
    assert lobby.invoke([message["Body"]], seconds=1) == []
    assert lobby.api.posted == []
    assert lobby.deliver() == []
    assert sorted(lobby.api.reached) == ["ana-1", "budi-1"]


def test_a_function_that_dies_half_way_delivers_again_with_the_same_number(lobby: Lobby) -> None:
    """The queue hands the message out again, as nobody deleted it."""
    lobby.open("ana-1")
    lobby.publish()
    [message] = lobby.waiting()
    lobby.invoke([message["Body"]])
    lobby.invoke([message["Body"]])
    assert [each["$sequence"] for each in lobby.got("ana-1")] == [1, 1]


def test_those_who_are_slow_delay_nobody(lobby: Lobby) -> None:
    for number in range(12):
        lobby.open(f"ana-{number}")
    lobby.api.slow.add("ana-3")
    lobby.publish()
    assert lobby.deliver() == []
    assert {f"ana-{number}" for number in range(12)} == set(lobby.api.reached)
    assert len(lobby.got("ana-3")) == 1
    [message] = lobby.waiting()
    left = FanOutTask.from_json(message["Body"])
    assert left.recipients is not None
    assert [each.connection_id for each in left.recipients] == ["ana-3"]


def test_a_store_that_fails_brings_the_message_back(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SUBSCRIPTIONS_TABLE_NAME", "nothing")
    lobby.publish()
    assert lobby.deliver() == [0]


def test_a_connection_that_cannot_be_forgotten_now_is_found_again(
    lobby: Lobby, monkeypatch: pytest.MonkeyPatch
) -> None:
    lobby.open("ana-1")
    lobby.api.answers["ana-1"] = [GONE]
    lobby.publish()
    [message] = lobby.waiting()
    new_environment()
    monkeypatch.setenv("PRESENCE_TABLE_NAME", "nothing")
    assert lobby.invoke([message["Body"]]) == []


def test_the_log_has_what_became_of_an_event_and_why(
    lobby: Lobby, caplog: pytest.LogCaptureFixture
) -> None:
    for name in ("ana-1", "budi-1", "cici-1"):
        lobby.open(name)
    lobby.api.answers.update({"ana-1": [GONE], "budi-1": [failed(429)]})
    lobby.publish()
    lobby.deliver()
    lines = {line["message"]: line for line in logged(caplog)}
    assert lines["connection gone"]["connection_id"] == "ana-1"
    assert lines["posts failed"]["reasons"] == {"429": 1}
    dispatched = lines["dispatched"]
    assert (dispatched["channel"], dispatched["sequence"]) == (LOBBY, 1)
    assert [dispatched[name] for name in ("delivered", "gone", "requeued")] == [1, 1, 1]
    assert dispatched["lag_ms"] >= 0
