"""Who is in which channel: joining, leaving, and what a vanished connection leaves behind.

The order of writes keeps this right without locks. A join first enters presence, then writes the
subscription, and at last looks whether the connection is still there; forgetting deletes the
connection first, then its subscriptions, then presence. Whichever comes second cleans up, so a
subscription has its presence and its connection whenever nothing is under way. Only a function
that dies half-way through a join leaves something: a presence that lasts until the connection's
time is up.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Protocol

from sapa.channels import (
    USER_PREFIX,
    Member,
    Subscriber,
    Subscription,
    channel_name,
    user_channel,
)
from sapa.connections import Connection, ConnectionStore
from sapa.errors import QueueError, StoreError
from sapa.refusals import ForbiddenChannelError, TooManyChannelsError

type Announce = Callable[[str, str, str], None]
"""Tells a channel that somebody `joined` or `left`: channel, what, user name."""


class SubscriptionStore(Protocol):
    """Where subscriptions are kept; all methods raise `StoreError`."""

    def add(self, subscription: Subscription) -> bool:
        """Store a subscription; false when the connection is in the channel already."""

    def remove(self, channel: str, connection_id: str) -> Subscription | None:
        """Remove a subscription and return what it was, if there is one."""

    def holds(self, channel: str, connection_id: str) -> bool:
        """Whether a connection is in a channel."""

    def of_connection(self, connection_id: str) -> list[Subscription]:
        """What a connection is subscribed to; what it joined a moment ago may be missing."""

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        """Everybody in a channel, those that expired included."""


class PresenceStore(Protocol):
    """Which users are in a channel, told apart from their connections; raises `StoreError`.

    `now` is epoch seconds.
    """

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Note a user's subscription; true when the user had no live one."""

    def exit(self, subscription: Subscription, now: int) -> bool:
        """Drop a user's subscription; true when it was there and no live one remains."""

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a subscription that has not expired."""


class PermitStore(Protocol):
    """Which channels a login session has been in, for a resume; raises `StoreError`."""

    def grant(self, session_id: str, channel: str, expires_at: int) -> None:
        """Remember until `expires_at` (epoch seconds) that the session was let in."""

    def revoke(self, session_id: str, channel: str) -> None:
        """Forget it: the session left."""

    def holds(self, session_id: str, channel: str, now: int) -> bool:
        """Whether the session was let in and has not left."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The rules of joining and leaving.

    `clock` gives epoch milliseconds; a resume is possible for `permit_seconds` after the time of
    the connection that joined is up. All methods raise `StoreError` and, when they announce
    something, `QueueError`; those that are given a channel raise `ChannelNameError`.
    """

    connections: ConnectionStore
    subscriptions: SubscriptionStore
    presence: PresenceStore
    permits: PermitStore
    announce: Announce
    clock: Callable[[], int]
    max_channels: int
    permit_seconds: int

    def connect(self, connection: Connection) -> None:
        """Remember a connection and let it into its user's channel, which announces nothing."""
        self.connections.put(connection)
        subscription = Subscription(
            channel=user_channel(connection.username),
            subscriber=connection.subscriber(),
            since=self.clock(),
        )
        self.subscriptions.add(subscription)

    def join(self, subscriber: Subscriber, channel: str) -> bool:
        """Let a connection into a channel; false when it is there already.

        Raises `ForbiddenChannelError` for another user's channel and `TooManyChannelsError` when
        the connection is in as many as it may be.
        """
        channel_name(channel)
        if channel.startswith(USER_PREFIX):
            if channel != user_channel(subscriber.username):
                raise ForbiddenChannelError(channel)
            return False
        if self.subscriptions.holds(channel, subscriber.connection_id):
            return False
        self._check_room(subscriber, channel)
        return self._enter(Subscription(channel=channel, subscriber=subscriber, since=self.clock()))

    def leave(self, subscriber: Subscriber, channel: str) -> bool:
        """Take a connection out of a channel; false when it is not there.

        The session may come back by a resume only if the user is there with another connection.
        Nobody leaves the user's own channel.
        """
        if channel_name(channel).startswith(USER_PREFIX):
            return False
        subscription = self.subscriptions.remove(channel, subscriber.connection_id)
        is_last = subscription is not None and self._exit(subscription)
        if subscription is None or is_last:
            self.permits.revoke(subscriber.session_id, channel)
        if is_last:
            self.announce(channel, "left", subscriber.username)
        return subscription is not None

    def forget(self, connection_id: str) -> None:
        """Delete a connection that is gone and take it out of all its channels."""
        self.connections.delete(connection_id)
        for subscription in self.subscriptions.of_connection(connection_id):
            self._drop(subscription)

    def may_resume(self, subscriber: Subscriber, channel: str) -> bool:
        """Whether the login session was let into the channel before, or the connection is in it."""
        if channel_name(channel).startswith(USER_PREFIX):
            return channel == user_channel(subscriber.username)
        return self.permits.holds(
            subscriber.session_id, channel, self.clock() // 1000
        ) or self.subscriptions.holds(channel, subscriber.connection_id)

    def members(self, channel: str, limit: int | None = None) -> list[Member]:
        """The users in a channel, by name; with a `limit`, no more than so many of them."""
        now = self.clock() // 1000
        if channel_name(channel).startswith(USER_PREFIX):
            found: Iterable[Member] = self._owner(channel, now)
        else:
            found = self.presence.members(channel, now)
        return sorted(islice(found, limit), key=lambda member: member.username)

    def _check_room(self, subscriber: Subscriber, channel: str) -> None:
        found = self.subscriptions.of_connection(subscriber.connection_id)
        taken = {one.channel for one in found if not one.channel.startswith(USER_PREFIX)}
        if channel not in taken and len(taken) >= self.max_channels:
            raise TooManyChannelsError(channel, self.max_channels)

    def _enter(self, subscription: Subscription) -> bool:
        channel, subscriber = subscription.channel, subscription.subscriber
        is_first = self.presence.enter(subscription, subscription.since // 1000)
        try:
            added = self.subscriptions.add(subscription)
            if added:
                expires_at = subscriber.expires_at + self.permit_seconds
                self.permits.grant(subscriber.session_id, channel, expires_at)
            if is_first:
                self.announce(channel, "joined", subscriber.username)
        except (StoreError, QueueError):
            # Nobody has heard of a first one; one who was in before may have gone meanwhile.
            self._drop(subscription, announced=not is_first)
            raise
        if added and self.connections.exists(subscriber.connection_id):
            return True
        if added:
            self._drop(subscription)
        elif self._exit(subscription):
            self.announce(channel, "left", subscriber.username)
        return False

    def _drop(self, subscription: Subscription, *, announced: bool = True) -> None:
        """Take out a subscription, or the one that has taken its place."""
        channel, subscriber = subscription.channel, subscription.subscriber
        removed = self.subscriptions.remove(channel, subscriber.connection_id)
        if channel.startswith(USER_PREFIX):
            return
        is_last = self._exit(subscription)
        if removed is not None and removed != subscription:
            is_last = self._exit(removed)
        if is_last and announced:
            self.announce(channel, "left", subscriber.username)

    def _exit(self, subscription: Subscription) -> bool:
        return self.presence.exit(subscription, self.clock() // 1000)

    def _owner(self, channel: str, now: int) -> list[Member]:
        """The user of a user's channel, if there is a connection."""
        live = [
            one.since
            for one in self.subscriptions.of_channel(channel)
            if one.subscriber.expires_at > now
        ]
        return [Member(username=channel.removeprefix(USER_PREFIX), since=min(live))] if live else []
