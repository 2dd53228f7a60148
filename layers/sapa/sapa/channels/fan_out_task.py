"""Fan-out tasks: frames on their way to a channel, as they wait in the queue.

A task goes to a whole channel, to a range of its shards, or to the connections that it names:
the task of a large channel is split into ranges, and undelivered recipients go back by name.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol, Self

from sapa.channels.channel import json_text
from sapa.errors import FanOutTaskError

type Content = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Recipient:
    """A connection and when it joined the channel, epoch milliseconds."""

    connection_id: str
    since: int


@dataclass(frozen=True, slots=True)
class Shards:
    """The shards of a channel from `first` up to and without `end`.

    In the first one, subscriptions begin after the connection id `start`.
    """

    first: int
    end: int
    start: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class FanOutTask:
    """`content` is the frame's JSON object; without shards and recipients it goes to everybody.

    The connection `exclude` gets nothing. `attempt` counts how often the task was queued again.
    """

    channel: str
    content: Content
    exclude: str | None = None
    shards: Shards | None = None
    recipients: tuple[Recipient, ...] | None = None
    attempt: int = 0

    def within(self, shards: Shards) -> Self:
        """The same for part of the channel."""
        return replace(self, shards=shards)

    def again_for(self, recipients: Sequence[Recipient], attempt: int) -> Self:
        """The same for the recipients that do not have it yet."""
        return replace(self, shards=None, recipients=tuple(recipients), attempt=attempt)

    def frame(self) -> str:
        """The text frame that every recipient gets."""
        return json_text(self.content)

    def to_json(self) -> str:
        """The body of a message in the queue."""
        value: dict[str, object] = {"channel": self.channel, "content": self.content}
        if self.exclude is not None:
            value["exclude"] = self.exclude
        if self.shards is not None:
            value["shards"] = [self.shards.first, self.shards.end, self.shards.start]
        if self.recipients is not None:
            value["recipients"] = [[each.connection_id, each.since] for each in self.recipients]
        if self.attempt:
            value["attempt"] = self.attempt
        return json_text(value)

    @classmethod
    def from_json(cls, body: str) -> Self:
        """Read the body of a message. Raises `FanOutTaskError`."""
        try:
            value = json.loads(body)
            shards, recipients = value.get("shards"), value.get("recipients")
            return cls(
                channel=value["channel"],
                content=dict(value["content"]),
                exclude=value.get("exclude"),
                shards=None if shards is None else Shards(*shards),
                recipients=None if recipients is None else _recipients(recipients),
                attempt=int(value.get("attempt", 0)),
            )
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise FanOutTaskError from error


class FanOutQueue(Protocol):
    """Where tasks wait; raises `QueueError`."""

    def send(self, tasks: Sequence[FanOutTask], delay_seconds: int = 0) -> None:
        """Put tasks into the queue; they cannot be lost when this returns."""


def _recipients(value: Sequence[Sequence[Any]]) -> tuple[Recipient, ...]:
    return tuple(Recipient(str(connection_id), int(since)) for connection_id, since in value)
