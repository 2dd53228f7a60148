"""Answer tasks: accepted messages that wait in the queue for a writer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from sapa.answers.answer import Answer, Listener
from sapa.channels.channel import json_text
from sapa.connections.connection import Connection
from sapa.errors import AnswerTaskError
from sapa.lambda_events import ConnectionEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTask:
    """The message `inputs` that came with `event`, and the id of its answer.

    `started_at` is when it was accepted, in epoch milliseconds; `expires_at` is epoch seconds.
    """

    answer_id: str
    started_at: int
    expires_at: int
    event: ConnectionEvent
    inputs: Mapping[str, Any]

    def answer(self) -> Answer:
        """The answer before anybody writes it; the connection that asked listens."""
        event = self.event
        subscriber = Connection.from_event(event).subscriber()
        asker = Listener(subscriber.connection_id, subscriber.expires_at, self.started_at)
        return Answer(
            answer_id=self.answer_id,
            username=event.username,
            endpoint=event.endpoint,
            session_key=event.session_key,
            session_expires_at=event.session_expires_at,
            started_at=self.started_at,
            expires_at=self.expires_at,
            seen_at=self.started_at,
            listeners=frozenset({asker}),
        )

    def to_json(self) -> str:
        """The body of a message in the queue."""
        return json_text(asdict(self))

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read the body of a message. Raises `AnswerTaskError`."""
        try:
            value = json.loads(body)
            return cls(
                answer_id=value["answer_id"],
                started_at=value["started_at"],
                expires_at=value["expires_at"],
                event=ConnectionEvent(**value["event"]),
                inputs=dict(value["inputs"]),
            )
        except (ValueError, TypeError, KeyError) as error:
            raise AnswerTaskError from error


class AnswerQueue(Protocol):
    """Where tasks wait; raises `QueueError`."""

    def send(self, task: AnswerTask) -> None:
        """Put a task into the queue; it cannot be lost when this returns."""

    def hide(self, receipt: str, seconds: int) -> None:
        """Let a message that is being worked on come back after so many seconds, not later."""
