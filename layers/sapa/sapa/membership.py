"""Who is in which channel: joining, leaving, and what a vanished connection leaves behind.

Order is what keeps this right without locks. A join writes the subscription and then looks
whether the connection is still there; a disconnect deletes the connection and then its
subscriptions. Whichever comes second cleans up.
"""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import Protocol

from sapa.channels import Member, Subscriber, Subscription, channel_name, user_channel
from sapa.refusals import TooManyChannelsError

type Announce = Callable[[str, str, str], None]
"""Tells a channel that somebody `joined` or `left`: channel, what, user name."""


class SubscriptionStore(Protocol):
    """Where subscriptions are kept; all methods raise `StoreError`."""

    def add(self, subscription: Subscription) -> bool:
        """Store a subscription; false when the connection is in the channel already."""

    def remove(self, channel: str, connection_id: str) -> bool:
        """Remove a subscription; false when there is none."""

    def of_connection(self, connection_id: str) -> list[Subscription]:
        """What a connection is subscribed to."""


class PresenceStore(Protocol):
    """Which users are in a channel, told apart from their connections; raises `StoreError`."""

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Note a user's connection; true when it is the user's first. `now` is epoch seconds."""

    def exit(self, channel: str, subscriber: Subscriber, now: int) -> bool:
        """Drop a user's connection; true when it was the user's last."""

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a connection that has not expired."""


class PermitStore(Protocol):
    """Which channels a login session has been in, for a resume; raises `StoreError`."""

    def grant(self, session_id: str, channel: str) -> None:
        """Remember that the session was let into the channel."""

    def revoke(self, session_id: str, channel: str) -> None:
        """Forget it: the session left."""

    def holds(self, session_id: str, channel: str) -> bool:
        """Whether the session was let in and has not left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The rules of joining and leaving.

    `is_open` tells whether a connection's record is still there; `clock` gives epoch
    milliseconds. All methods raise `StoreError` and, for what is no channel, `ChannelNameError`.
    """

    subscriptions: SubscriptionStore
    presence: PresenceStore
    permits: PermitStore
    announce: Announce
    is_open: Callable[[str], bool]
    clock: Callable[[], int]
    max_channels: int

    def join(self, subscriber: Subscriber, channel: str) -> bool:
        """Let a connection into a channel; false when it is there already.

        Raises `TooManyChannelsError` when the connection is in as many as it may be.
        """
        channel_name(channel)
        if channel == user_channel(subscriber.username):
            return False
        self._check_room(subscriber, channel)
        now = self.clock()
        subscription = Subscription(channel=channel, subscriber=subscriber, since=now)
        if not self.subscriptions.add(subscription):
            return False
        self.permits.grant(subscriber.session_id, channel)
        if self.presence.enter(subscription, now // 1000):
            self.announce(channel, "joined", subscriber.username)
        if not self.is_open(subscriber.connection_id):
            self._drop(channel, subscriber)
        return True

    def leave(self, subscriber: Subscriber, channel: str) -> bool:
        """Take a connection out of a channel; false when it is not there."""
        channel_name(channel)
        self.permits.revoke(subscriber.session_id, channel)
        return self._drop(channel, subscriber)

    def forget(self, connection_id: str) -> None:
        """Take a connection that is gone out of all its channels."""
        for subscription in self.subscriptions.of_connection(connection_id):
            self._drop(subscription.channel, subscription.subscriber)

    def members(self, channel: str) -> list[Member]:
        """The users in a channel, by name."""
        found = self.presence.members(channel_name(channel), self.clock() // 1000)
        return sorted(found, key=lambda member: member.username)

    def _check_room(self, subscriber: Subscriber, channel: str) -> None:
        taken = {one.channel for one in self.subscriptions.of_connection(subscriber.connection_id)}
        if channel not in taken and len(taken) >= self.max_channels:
            raise TooManyChannelsError(channel, self.max_channels)

    def _drop(self, channel: str, subscriber: Subscriber) -> bool:
        removed = self.subscriptions.remove(channel, subscriber.connection_id)
        if removed and self.presence.exit(channel, subscriber, self.clock() // 1000):
            self.announce(channel, "left", subscriber.username)
        return removed
