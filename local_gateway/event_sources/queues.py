"""Queues in the AWS services of this run, reached with boto3."""

import asyncio
from collections.abc import Mapping, Sequence
from typing import Any, Protocol

from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from local_gateway.event_sources.threads import begin_in_thread, in_thread

type Message = Mapping[str, Any]

# What one call to SQS may hold.
MOST_MESSAGES = 10
LONGEST_WAIT = 20

QUEUE_ERRORS = (BotoCoreError, ClientError, ResponseParserError)

_FIRST, _LONGEST = 1.0, 30.0


class Queue(Protocol):
    """A queue; every method raises one of `QUEUE_ERRORS` when it cannot be reached."""

    async def receive(self, count: int, wait: int) -> Sequence[Message]:
        """Up to `count` (1 to 10) messages, waiting up to `wait` (0 to 20) seconds for one."""

    async def delete(self, messages: Sequence[Message]) -> None:
        """Delete received messages."""

    def give_back(self, messages: Sequence[Message]) -> None:
        """Make received messages visible again, in the background."""

    async def send(
        self, body: str, group: str | None = None, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message, to a FIFO queue in a message group."""


class SqsQueue:
    """A `Queue` in SQS, or in what stands in for it."""

    def __init__(self, client: Any, url: str) -> None:
        self._client = client
        self._url = url

    async def receive(self, count: int, wait: int) -> Sequence[Message]:
        """Receive with all attributes; what arrives after a cancellation goes back at once."""

        def call() -> Sequence[Message]:
            answer = self._client.receive_message(
                QueueUrl=self._url,
                MaxNumberOfMessages=count,
                WaitTimeSeconds=wait,
                MessageSystemAttributeNames=["All"],
                MessageAttributeNames=["All"],
            )
            messages: Sequence[Message] = answer.get("Messages", [])
            return messages

        return await in_thread(call, self._give_back)

    async def delete(self, messages: Sequence[Message]) -> None:
        """Delete in calls of ten; a receipt that is not valid any more is passed over."""
        for start in range(0, len(messages), MOST_MESSAGES):
            entries = _entries(messages[start : start + MOST_MESSAGES])
            await in_thread(
                lambda entries=entries: self._client.delete_message_batch(  # type: ignore[misc]
                    QueueUrl=self._url, Entries=entries
                )
            )

    def give_back(self, messages: Sequence[Message]) -> None:
        """Give up messages without doing them."""
        begin_in_thread(lambda: self._give_back(messages))

    async def send(
        self, body: str, group: str | None = None, attributes: Mapping[str, Any] | None = None
    ) -> None:
        """Send a message."""
        parameters: dict[str, Any] = {"MessageBody": body, "MessageAttributes": attributes or {}}
        if group is not None:
            parameters["MessageGroupId"] = group
        await in_thread(lambda: self._client.send_message(QueueUrl=self._url, **parameters))

    def _give_back(self, messages: Sequence[Message]) -> None:
        for start in range(0, len(messages), MOST_MESSAGES):
            entries = _entries(messages[start : start + MOST_MESSAGES])
            self._client.change_message_visibility_batch(
                QueueUrl=self._url, Entries=[entry | {"VisibilityTimeout": 0} for entry in entries]
            )


def _entries(messages: Sequence[Message]) -> list[dict[str, Any]]:
    return [
        {"Id": str(number), "ReceiptHandle": message["ReceiptHandle"]}
        for number, message in enumerate(messages)
    ]


class Backoff:
    """Grows with every failure in a row, up to half a minute."""

    def __init__(self) -> None:
        self._seconds = 0.0

    @property
    def is_first(self) -> bool:
        """True before the first failure in a row."""
        return not self._seconds

    def reset(self) -> None:
        """After a success."""
        self._seconds = 0.0

    async def wait(self) -> None:
        """After a failure."""
        self._seconds = min(max(_FIRST, self._seconds * 2), _LONGEST)
        await asyncio.sleep(self._seconds)
