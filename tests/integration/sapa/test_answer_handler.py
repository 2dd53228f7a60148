"""Streaming processes from the message to the last part: `default`, the queue, and `answer`."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import boto3
import pytest
from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.answer.app import lambda_handler as answer
from functions.default.app import lambda_handler as default
from sapa.answers.answer import DEAD_MILLISECONDS
from sapa.login.session import LoginSession
from sapa.services import epoch_milliseconds, services
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.stack import lambda_context, recorded
from tests.integration.sapa.test_fan_out_handler import Time

KEY = "k1"


@dataclass
class Bot:
    """Sends messages to `story`, and lets the function `answer` take them from the queue."""

    cloud: Cloud
    queue_url: str

    def send(self, message: Mapping[str, Any], connection_id: str = "c1") -> dict[str, Any]:
        """The last frame that answers a message."""
        event = recorded("default")
        now = epoch_milliseconds()
        event["requestContext"] |= {
            "connectionId": connection_id,
            "connectedAt": now,
            "requestTimeEpoch": now,
        }
        event["requestContext"]["authorizer"] |= {"endpoint": "story", "session_key": KEY}
        event["body"] = json.dumps(message)
        assert default(event, lambda_context()) == {"statusCode": 200}
        return self.frames(connection_id)[-1]

    def frames(self, connection_id: str = "c1") -> list[dict[str, Any]]:
        posted = self.cloud.management_api.posted
        return [frame for name, frame in posted if name == connection_id]

    def answer(self, *, seconds: float = 900, take: bool = True) -> list[str]:
        """One invocation with all messages; those that have to come back stay in the queue."""
        client = boto3.client("sqs")
        messages = client.receive_message(
            QueueUrl=self.queue_url,
            MaxNumberOfMessages=10,
            MessageSystemAttributeNames=["All"],
        ).get("Messages", [])
        [record] = recorded("answer")["Records"]
        records = [
            {
                **record,
                "messageId": message["MessageId"],
                "receiptHandle": message["ReceiptHandle"],
                "body": message["Body"],
                "attributes": message["Attributes"],
            }
            for message in messages
        ]
        response = answer({"Records": records}, cast("LambdaContext", Time(seconds)))
        back = [failure["itemIdentifier"] for failure in response["batchItemFailures"]]
        for message in messages:
            if take and message["MessageId"] not in back:
                client.delete_message(
                    QueueUrl=self.queue_url, ReceiptHandle=message["ReceiptHandle"]
                )
        return back


@pytest.fixture
def bot(cloud: Cloud) -> Bot:
    now = epoch_milliseconds() // 1000
    services().sessions.put(
        LoginSession(token_hash=KEY, username="demo", session_id="s1", expires_at=now + 3600)
    )
    return Bot(cloud, services().config.answer_queue_url)


def test_an_accepted_message_is_answered_from_the_queue(bot: Bot) -> None:
    accepted = bot.send({"words": 3, "per_second": 1000, "$id": 7})
    answer_id = accepted["$answer"]
    assert accepted == {"$answer": answer_id, "$channel": f"answer:{answer_id}", "$id": 7}
    assert bot.answer() == []
    _, *parts, end = bot.frames()
    assert [part["$sequence"] for part in parts] == list(range(1, len(parts) + 1))
    assert "".join(part["message"] for part in parts).split() == ["Dahulu", "kala", "buaya"]
    assert (end["$end"], end["$sequence"]) == ("done", len(parts) + 1)
    listed = bot.send({"$answers": True, "$id": 8})
    [described] = listed["$answers"]
    assert described.pop("started_at") <= epoch_milliseconds()
    assert described == {
        "id": answer_id,
        "endpoint": "story",
        "status": "done",
        "last": end["$sequence"],
    }
    assert listed["$id"] == 8


def test_wrong_inputs_are_no_answer(bot: Bot) -> None:
    assert bot.send({"words": 0})["error"]["code"] == "invalid_message"
    assert bot.send({"$answers": True}) == {"$answers": []}


def test_a_user_has_so_many_answers_that_wait(bot: Bot) -> None:
    answers = [bot.send({"words": 1}) for _ in range(5)]
    assert all("$answer" in frame for frame in answers)
    assert bot.send({"words": 1})["error"]["code"] == "too_many_answers"
    bot.answer()
    assert "$answer" in bot.send({"words": 1})


def test_another_connection_resumes_the_answer(bot: Bot) -> None:
    accepted = bot.send({"words": 3, "per_second": 1000})
    bot.answer()
    channel = accepted["$channel"]
    last = bot.frames()[-1]["$sequence"]
    assert bot.send({"$resume": {channel: 0}}, "c2")["$resumed"] == {channel: last}
    assert bot.frames("c2")[:-1] == bot.frames()[1:]
    assert bot.send({"$resume": {channel: last + 5}}, "c3")["$resumed"] == {channel: last}
    assert len(bot.frames("c3")) == 1


def test_an_answer_is_the_users_own(bot: Bot) -> None:
    refused = bot.send({"$resume": {"answer:nobody": 0}})
    assert refused["$resumed"] == {}
    assert bot.frames()[-2]["error"]["code"] == "forbidden_channel"
    assert bot.send({"$stop": "nobody"})["error"]["code"] == "unknown_answer"


def test_an_answer_is_stopped_before_anybody_writes_it(bot: Bot) -> None:
    answer_id = bot.send({"words": 3})["$answer"]
    assert bot.send({"$stop": answer_id, "$id": 1}, "c2") == {"$stopping": answer_id, "$id": 1}
    end = bot.frames()[-1]
    assert (end["$sequence"], end["$end"]) == (1, "stopped")
    assert bot.send({"$stop": answer_id}, "c2") == {"$stopping": answer_id}
    assert bot.answer() == []
    assert bot.frames()[-1] == end


def test_an_answer_whose_login_has_ended_is_stopped(bot: Bot) -> None:
    bot.send({"words": 3, "per_second": 0.1})
    services().sessions.delete(KEY)
    assert bot.answer() == []
    assert bot.frames()[-1]["$end"] == "stopped"


def test_an_answer_without_time_fails_with_all_its_parts(bot: Bot) -> None:
    bot.send({"words": 3, "per_second": 0.1})
    assert bot.answer(seconds=5) == []
    assert bot.frames()[-1]["error"]["code"] == "answer_timeout"


def die_while_writing(bot: Bot) -> str:
    """A function has become the writer, stored a part, and died."""
    answer_id: str = bot.send({"words": 3, "per_second": 1000})["$answer"]
    store = services().answers.store
    kept = store.get("demo", answer_id)
    assert kept is not None
    store.claim(kept, "dead", epoch_milliseconds() - DEAD_MILLISECONDS - 1)
    return answer_id


def test_an_answer_whose_function_died_ends_as_interrupted(bot: Bot) -> None:
    die_while_writing(bot)
    assert bot.answer() == []
    end = bot.frames()[-1]
    assert (end["$end"], end["error"]["code"]) == ("failed", "interrupted")


@pytest.mark.parametrize("message", ["$answers", "$stop", "$resume"])
def test_a_reader_ends_an_answer_that_nobody_writes(bot: Bot, message: str) -> None:
    """Its message may have been given up."""
    answer_id = die_while_writing(bot)
    values: dict[str, object] = {
        "$answers": True,
        "$stop": answer_id,
        "$resume": {f"answer:{answer_id}": 0},
    }
    bot.send({message: values[message]}, "c2")
    end = next(frame for frame in bot.frames() if "$end" in frame)
    assert end["error"]["code"] == "interrupted"


def test_a_second_delivery_leaves_the_message_to_the_living_writer(bot: Bot) -> None:
    answer_id: str = bot.send({"words": 3})["$answer"]
    store = services().answers.store
    kept = store.get("demo", answer_id)
    assert kept is not None
    store.claim(kept, "alive", epoch_milliseconds())
    assert len(bot.answer()) == 1
    assert len(bot.frames()) == 1


def test_something_else_in_the_queue_comes_back(bot: Bot) -> None:
    boto3.client("sqs").send_message(QueueUrl=bot.queue_url, MessageBody="{}")
    assert len(bot.answer()) == 1


def test_a_repetition_hears_the_same_answer_from_its_beginning(bot: Bot) -> None:
    message = {"words": 3, "per_second": 1000, "$once": "k"}
    accepted = bot.send(message)
    bot.answer()
    bot.send({**message, "$id": 1}, "c2")
    again, *rest = bot.frames("c2")
    assert again == {**accepted, "$id": 1}
    assert rest == bot.frames()[1:]
