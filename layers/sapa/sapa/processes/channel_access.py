"""What a message's context does with channels and state: rules and stores put together."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Protocol

from sapa.channels.channel import ChannelLog, Event, Member, Subscriber, channel_name
from sapa.channels.membership import Membership
from sapa.observability import logger
from sapa.processes.state import State

MAX_HISTORY = 1_000


class EventPublisher(Protocol):
    """Who accepts events: `sapa.channels.publisher.Publisher`."""

    def publish(
        self,
        channel: str,
        payload: Mapping[str, Any],
        *,
        publisher: str,
        exclude: str | None = None,
    ) -> Event:
        """Accept an event for everybody in a channel, except for the connection `exclude`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionAccess:
    """A `ChannelAccess` for the connection of a message; `clock` gives epoch milliseconds."""

    subscriber: Subscriber
    membership: Membership
    publisher: EventPublisher
    log: ChannelLog
    clock: Callable[[], int]
    state: State

    def join(self, channel: str) -> bool:
        """Let the connection in."""
        joined = self.membership.join(self.subscriber, channel)
        if joined:
            logger.info("joined", channel=channel)
        return joined

    def leave(self, channel: str) -> bool:
        """Take the connection out."""
        left = self.membership.leave(self.subscriber, channel)
        if left:
            logger.info("left", channel=channel)
        return left

    def last_sequence(self, channel: str) -> int:
        """Where the channel is."""
        return self.log.last_sequence(channel)

    def publish(self, channel: str, payload: Mapping[str, Any], *, to_self: bool) -> int:
        """Accept an event in the name of the user."""
        event = self.publisher.publish(
            channel,
            payload,
            publisher=self.subscriber.username,
            exclude=None if to_self else self.subscriber.connection_id,
        )
        logger.info("published", channel=channel, sequence=event.sequence)
        return event.sequence

    def members(self, channel: str) -> list[Member]:
        """Who is there."""
        return self.membership.members(channel)

    def history(self, channel: str, limit: int, before: int | None) -> list[Event]:
        """What is kept. Raises `ValueError` for a limit outside 1 to 1,000."""
        if not 1 <= limit <= MAX_HISTORY:
            raise ValueError(f"a history's limit is 1 to {MAX_HISTORY}, not {limit}")
        return self.log.before(channel_name(channel), before, limit, self.clock() // 1000)
