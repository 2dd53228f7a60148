"""What a business process knows beyond its inputs, and what it can do beyond its reply.

Business processes import `Context` from `sapa.processes.business_process`.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol

from sapa.errors import BusinessProcessError

if TYPE_CHECKING:
    from sapa.channels.channel import Event, Member
    from sapa.processes.state import State


class ChannelAccess(Protocol):
    """What the connection that sent a message may do; `Context` tells more."""

    @property
    def state(self) -> "State":
        """The state of the endpoint."""

    def join(self, channel: str) -> bool:
        """Enter a channel."""

    def leave(self, channel: str) -> bool:
        """Leave a channel."""

    def last_sequence(self, channel: str) -> int:
        """The number of the last event of a channel, 0 before the first."""

    def publish(self, channel: str, payload: Mapping[str, Any], *, to_self: bool) -> int:
        """Send an event."""

    def members(self, channel: str) -> "list[Member]":
        """Who is there."""

    def history(self, channel: str, limit: int, before: int | None) -> "list[Event]":
        """What was sent."""


def _nothing() -> ChannelAccess:
    raise BusinessProcessError("Context", "was made without access to channels and state")


@dataclass(frozen=True, slots=True, kw_only=True)
class Context:
    """What a business process may know and do beyond its inputs and reply.

    It is passed to the parameter annotated `Context`, whatever that is called. `received_at` is
    epoch milliseconds; `request_id` is the one in the logs. All methods raise `ChannelNameError`
    for what cannot name a channel; a refusal that a process lets through is told to the client.
    """

    username: str
    connection_id: str
    endpoint: str
    request_id: str
    received_at: int
    # Made when it is used: most messages need no channels, and pay for none.
    access: Callable[[], ChannelAccess] = field(default=_nothing, repr=False, compare=False)
    # The channels that were joined, with their last event: the client is told before the reply.
    joined: dict[str, int] = field(default_factory=dict, repr=False, compare=False)

    @property
    def state(self) -> "State":
        """Values that outlive the message, shared by all messages to this endpoint."""
        return self.access().state

    def join(self, channel: str) -> bool:
        """Let this connection into a channel; false when it is there already.

        The client is told, in `$joined`, from which event on it hears the channel. Raises
        `TooManyChannelsError`, and `ForbiddenChannelError` for another user's channel.
        """
        access = self.access()
        entered = access.join(channel)
        # Joined first, read second: what is published in between comes by itself.
        self.joined[channel] = access.last_sequence(channel)
        return entered

    def leave(self, channel: str) -> bool:
        """Take this connection out of a channel; false when it is not there."""
        self.joined.pop(channel, None)
        return self.access().leave(channel)

    def publish(self, channel: str, payload: Mapping[str, Any], *, to_self: bool = True) -> int:
        """Send a JSON object to everybody in a channel and return its sequence number.

        When this returns, the event cannot be lost. The publisher need not be in the channel;
        with `to_self=False` this connection does not get the event. Raises `PayloadError`,
        `PayloadTooLargeError`.
        """
        return self.access().publish(channel, payload, to_self=to_self)

    def members(self, channel: str) -> "list[Member]":
        """The users in a channel, by name, however many connections each has."""
        return self.access().members(channel)

    def history(self, channel: str, limit: int = 50, before: int | None = None) -> "list[Event]":
        """The last `limit` (at most 1,000) events in order, of those before a sequence number."""
        return self.access().history(channel, limit, before)
