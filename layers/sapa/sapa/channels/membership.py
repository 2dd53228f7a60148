"""Who is in which channel: joining, leaving, and the removal of connections that are gone.

There are no locks. Two rules keep this correct:

- A connection's own record is written first and last. A join adds the channel to the record before
  it writes anything else; a leave removes the channel from the record after everything else. So a
  cleanup finds in the record all that was written.
- Every step checks again at its end. The removal of a connection first marks its record as gone,
  then takes out all channels in it, then deletes it. A join checks last whether the record still
  has its entry. Of a join and the step that ends it, the one that comes second cleans up.

A join is identified by its time, `since`. Only its own writes are removed by that time, never those
of a later join. A channel that is in the record without a subscription means that a join or leave
is under way, or that its function died; a join then takes the entry over.

If a function dies half-way through a removal, the marked record stays. The next step that finds the
connection gone continues from there. All records expire in any case.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from sapa.channels.channel import (
    USER_PREFIX,
    Member,
    Subscription,
    channel_name,
    user_channel,
)
from sapa.connections.connection import Connection, ConnectionStore, Subscriber
from sapa.errors import ForbiddenChannelError, QueueError, StoreError

type Announce = Callable[[str, str, str], None]
"""Announces to a channel that a user `joined` or `left`: channel, change, user name."""


class SubscriptionStore(Protocol):
    """Where subscriptions are kept, one per connection and channel; raises `StoreError`."""

    def add(self, subscription: Subscription) -> None:
        """Store a subscription, unless a later one of the connection is there."""

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        """Remove a subscription and return what it was, if there is one of that time."""

    def contains(self, channel: str, connection_id: str) -> bool:
        """Whether a connection is in a channel."""

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        """Everybody in a channel, those that expired included."""


class PresenceStore(Protocol):
    """Which users are in a channel, each with one or more connections; raises `StoreError`.

    `now` is epoch seconds.
    """

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Add a user's subscription; true when the user had no live one."""

    def exit(self, subscription: Subscription, now: int) -> frozenset[str] | None:
        """Remove a user's subscription; the login sessions of the user's other live ones.

        `None` if the subscription is not there.
        """

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a subscription that has not expired."""


class SessionChannelStore(Protocol):
    """The channels that each login session may resume; raises `StoreError`."""

    def add(self, session_id: str, channel: str, expires_at: int) -> None:
        """Add a channel that the session joined, until `expires_at` (epoch seconds)."""

    def remove(self, session_id: str, channel: str) -> None:
        """Remove a channel that the session left."""

    def contains(self, session_id: str, channel: str, now: int) -> bool:
        """Whether the session joined the channel and has not left it."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Membership:
    """The rules of joining and leaving.

    `clock` gives epoch milliseconds. A resume is possible for `resume_seconds` after the connection
    that joined has expired. All methods raise `StoreError` and, when they announce
    something, `QueueError`; those with a channel raise `ChannelNameError`.
    """

    connections: ConnectionStore
    subscriptions: SubscriptionStore
    presence: PresenceStore
    session_channels: SessionChannelStore
    announce: Announce
    clock: Callable[[], int]
    max_channels: int
    resume_seconds: int

    def connect(self, connection: Connection) -> None:
        """Store a connection and let it into its user's channel, which announces nothing."""
        self.connections.put(connection)
        subscription = Subscription(
            channel=user_channel(connection.username),
            subscriber=connection.subscriber(),
            since=self.clock(),
        )
        self.subscriptions.add(subscription)

    def join(self, subscriber: Subscriber, channel: str) -> bool:
        """Let a connection into a channel; false when it is there already, or gone.

        Raises `ForbiddenChannelError` for another user's channel and `TooManyChannelsError` when
        the connection is in as many as it may be.
        """
        channel_name(channel)
        if channel.startswith(USER_PREFIX):
            if channel != user_channel(subscriber.username):
                raise ForbiddenChannelError(channel)
            return False
        connection_id, since = subscriber.connection_id, self.clock()
        recorded = self.connections.add_channel(connection_id, channel, since, self.max_channels)
        if recorded is None:
            return False
        subscription = Subscription(channel=channel, subscriber=subscriber, since=since)
        if recorded == since:
            return self._enter(subscription)
        if self.subscriptions.contains(channel, connection_id):
            return False
        # A time of its own: a join that began meanwhile must not have the same.
        since = max(self.clock(), recorded + 1)
        return self._take_over(replace(subscription, since=since), recorded)

    def leave(self, subscriber: Subscriber, channel: str) -> bool:
        """Take a connection out of a channel; false when it is not there.

        The session may resume the channel only if it is there with another connection. A user's
        own channel cannot be left.
        """
        if channel_name(channel).startswith(USER_PREFIX):
            return False
        connection_id = subscriber.connection_id
        removed = self.subscriptions.remove(channel, connection_id)
        sessions = None if removed is None else self._exit(removed)
        since = removed.since if removed else None
        recorded = self.connections.remove_channel(connection_id, channel, since)
        if removed is None and recorded is not None:
            # A join that is under way or died half-way.
            removed = Subscription(channel=channel, subscriber=subscriber, since=recorded)
            sessions = self._remove(removed)
        if subscriber.session_id not in (sessions or ()):
            self.session_channels.remove(subscriber.session_id, channel)
        if _was_last(sessions):
            self.announce(channel, "left", subscriber.username)
        return removed is not None

    def remove_connection(self, connection_id: str, channel: str | None = None) -> None:
        """Take a connection that is gone out of all its channels and delete it.

        It is taken out of `channel` even if the connection has no record any more.
        """
        closed = self.connections.mark_closed(connection_id)
        cleaned = set[str]()
        if closed is not None:
            subscriber = closed.subscriber
            own = user_channel(subscriber.username)
            self.subscriptions.remove(own, connection_id)
            for recorded, since in closed.channels.items():
                self._drop(Subscription(channel=recorded, subscriber=subscriber, since=since))
            self.connections.delete(connection_id)
            cleaned = {own, *closed.channels}
        if channel is not None and channel not in cleaned:
            orphan = self.subscriptions.remove(channel, connection_id)
            if orphan is not None:
                self._drop(orphan)

    def may_resume(self, subscriber: Subscriber, channel: str) -> bool:
        """Whether the login session joined the channel before, or the connection is in it."""
        if channel_name(channel).startswith(USER_PREFIX):
            return channel == user_channel(subscriber.username)
        return self.session_channels.contains(
            subscriber.session_id, channel, self.clock() // 1000
        ) or self.subscriptions.contains(channel, subscriber.connection_id)

    def members(self, channel: str, limit: int | None = None) -> list[Member]:
        """The users in a channel, by name; with a `limit`, no more than so many of them."""
        now = self.clock() // 1000
        if channel_name(channel).startswith(USER_PREFIX):
            members: Iterable[Member] = self._owner(channel, now)
        else:
            members = self.presence.members(channel, now)
        return sorted(islice(members, limit), key=lambda member: member.username)

    def _take_over(self, subscription: Subscription, earlier: int) -> bool:
        """Join in the place of a join or leave that is under way or died half-way."""
        channel, subscriber = subscription.channel, subscription.subscriber
        connection_id, since = subscriber.connection_id, subscription.since
        if not self.connections.replace_channel(connection_id, channel, since, earlier):
            return False
        # Added before the earlier one is removed: the user is there without a break.
        entered = self._enter(subscription)
        self._drop(replace(subscription, since=earlier))
        return entered

    def _enter(self, subscription: Subscription) -> bool:
        """Write a join's records, and undo them if something ended the join in the meantime."""
        channel, subscriber = subscription.channel, subscription.subscriber
        connection_id, since = subscriber.connection_id, subscription.since
        is_first = self.presence.enter(subscription, since // 1000)
        try:
            expires_at = subscriber.expires_at + self.resume_seconds
            self.session_channels.add(subscriber.session_id, channel, expires_at)
            self.subscriptions.add(subscription)
            if is_first:
                self.announce(channel, "joined", subscriber.username)
        except (StoreError, QueueError):
            # A first subscription was not announced yet, so its removal is not announced either.
            # An earlier one of the user may have ended in the meantime; then this was the last.
            self._drop(subscription, announced=not is_first)
            self.connections.remove_channel(connection_id, channel, since)
            raise
        recorded = self.connections.channel_since(connection_id, channel)
        if recorded == since:
            return True
        sessions = self._drop(subscription)
        if recorded == 0 and subscriber.session_id not in (sessions or ()):
            self.session_channels.remove(subscriber.session_id, channel)
        return False

    def _drop(self, subscription: Subscription, *, announced: bool = True) -> frozenset[str] | None:
        """Remove the records of one join; the result is that of `PresenceStore.exit`."""
        channel = subscription.channel
        if channel.startswith(USER_PREFIX):
            return None
        sessions = self._remove(subscription)
        if _was_last(sessions) and announced:
            self.announce(channel, "left", subscription.subscriber.username)
        return sessions

    def _remove(self, subscription: Subscription) -> frozenset[str] | None:
        """Remove a subscription and its presence; the result is that of `PresenceStore.exit`."""
        channel, connection_id = subscription.channel, subscription.subscriber.connection_id
        removed = self.subscriptions.remove(channel, connection_id, subscription.since)
        return self._exit(removed or subscription)

    def _exit(self, subscription: Subscription) -> frozenset[str] | None:
        return self.presence.exit(subscription, self.clock() // 1000)

    def _owner(self, channel: str, now: int) -> list[Member]:
        """The user of a user's channel, if there is a connection."""
        live = [
            each.since
            for each in self.subscriptions.of_channel(channel)
            if each.subscriber.expires_at > now
        ]
        return [Member(username=channel.removeprefix(USER_PREFIX), since=min(live))] if live else []


def _was_last(sessions: frozenset[str] | None) -> bool:
    """Whether the subscription that was removed was the user's last in the channel."""
    return sessions is not None and not sessions
