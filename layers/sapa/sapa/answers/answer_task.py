"""Answer tasks: accepted messages that wait in the queue for a writer."""

import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any, Protocol, Self

from sapa.channels.channel import json_text
from sapa.errors import AnswerTaskError
from sapa.lambda_events import ConnectionEvent


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerTask:
    """The message `inputs` that came with `event`, and the id of its answer."""

    answer_id: str
    event: ConnectionEvent
    inputs: Mapping[str, Any]

    def to_json(self) -> str:
        """The body of a message in the queue."""
        value = {"answer_id": self.answer_id, "event": asdict(self.event), "inputs": self.inputs}
        return json_text(value)

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read the body of a message. Raises `AnswerTaskError`."""
        try:
            value = json.loads(body)
            return cls(
                answer_id=value["answer_id"],
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
