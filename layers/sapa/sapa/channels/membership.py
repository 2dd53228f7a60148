"""Who is in which channel: joining, leaving, and what a vanished connection leaves behind.

There are no locks; two rules keep this right. A connection's own record says first and last what
it is in: a join notes the channel there before it writes anything else, a leave removes it there
after everything else, so whoever cleans up finds all there is. And nobody trusts what they began
with: forgetting first marks the record as gone, then takes out all channels noted in it, then
deletes it; a join looks at last whether the record still has its note. Of a join and whatever ends
it, the one that comes second cleans up.

A join is told from others by its time, `since`: what it wrote is removed by that time, never what
a later one wrote. Who finds a channel noted and no subscription meets a join or leave that is
under way, or one whose function died; a join then takes the note over.

A function that dies half-way through forgetting leaves the marked record, and whoever finds the
connection gone again goes on from there. Its records end in any case when its time is up.
"""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from itertools import islice
from typing import Protocol

from sapa.channels.channel import (
    USER_PREFIX,
    Member,
    Subscriber,
    Subscription,
    channel_name,
    user_channel,
)
from sapa.connections.connection import Connection, ConnectionStore
from sapa.errors import QueueError, StoreError
from sapa.refusals import ForbiddenChannelError

type Announce = Callable[[str, str, str], None]
"""Tells a channel that somebody `joined` or `left`: channel, what, user name."""


class SubscriptionStore(Protocol):
    """Where subscriptions are kept, one per connection and channel; raises `StoreError`."""

    def add(self, subscription: Subscription) -> None:
        """Store a subscription, unless a later one of the connection is there."""

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        """Remove a subscription and return what it was, if there is one of that time."""

    def holds(self, channel: str, connection_id: str) -> bool:
        """Whether a connection is in a channel."""

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
        noted = self.connections.enter(connection_id, channel, since, self.max_channels)
        if noted is None:
            return False
        mine = Subscription(channel=channel, subscriber=subscriber, since=since)
        if noted == since:
            return self._enter(mine)
        if self.subscriptions.holds(channel, connection_id):
            return False
        return self._take_over(replace(mine, since=max(since, noted + 1)), noted)

    def leave(self, subscriber: Subscriber, channel: str) -> bool:
        """Take a connection out of a channel; false when it is not there.

        The session may come back by a resume only if the user is there with another connection.
        Nobody leaves the user's own channel.
        """
        if channel_name(channel).startswith(USER_PREFIX):
            return False
        connection_id = subscriber.connection_id
        removed = self.subscriptions.remove(channel, connection_id)
        is_last = removed is not None and self._exit(removed)
        noted = self.connections.leave(connection_id, channel, removed.since if removed else None)
        if removed is None and noted is not None:
            # A join that is under way or died half-way.
            removed = Subscription(channel=channel, subscriber=subscriber, since=noted)
            is_last = self._remove(removed)
        if removed is None or is_last:
            self.permits.revoke(subscriber.session_id, channel)
        if is_last:
            self.announce(channel, "left", subscriber.username)
        return removed is not None

    def forget(self, connection_id: str, found_in: str | None = None) -> None:
        """Take a connection that is gone out of all its channels and delete it.

        `found_in` is the channel in which it was found to be gone: there it is taken out even if
        nothing else is known of it.
        """
        parting = self.connections.part(connection_id)
        known = set[str]()
        if parting is not None:
            subscriber = parting.subscriber
            own = user_channel(subscriber.username)
            self.subscriptions.remove(own, connection_id)
            for channel, since in parting.channels.items():
                self._drop(Subscription(channel=channel, subscriber=subscriber, since=since))
            self.connections.delete(connection_id)
            known = {own, *parting.channels}
        if found_in is not None and found_in not in known:
            stray = self.subscriptions.remove(found_in, connection_id)
            if stray is not None:
                self._drop(stray)

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

    def _take_over(self, subscription: Subscription, earlier: int) -> bool:
        """Join in the place of a join or leave that is under way or died half-way."""
        channel, subscriber = subscription.channel, subscription.subscriber
        connection_id, since = subscriber.connection_id, subscription.since
        if not self.connections.enter_anew(connection_id, channel, since, earlier):
            return False
        # Entered before the other one is taken out: the user is there without a break.
        entered = self._enter(subscription)
        self._drop(replace(subscription, since=earlier))
        return entered

    def _enter(self, subscription: Subscription) -> bool:
        """Write what a join writes, and undo it if something ended the join meanwhile."""
        channel, subscriber = subscription.channel, subscription.subscriber
        connection_id, since = subscriber.connection_id, subscription.since
        is_first = self.presence.enter(subscription, since // 1000)
        try:
            expires_at = subscriber.expires_at + self.permit_seconds
            self.permits.grant(subscriber.session_id, channel, expires_at)
            self.subscriptions.add(subscription)
            if is_first:
                self.announce(channel, "joined", subscriber.username)
        except (StoreError, QueueError):
            # Nobody has heard of a first one; one who was in before may have gone meanwhile.
            self._drop(subscription, announced=not is_first)
            self.connections.leave(connection_id, channel, since)
            raise
        now_noted = self.connections.since(connection_id, channel)
        if now_noted == since:
            return True
        self._drop(subscription)
        if now_noted == 0:
            self.permits.revoke(subscriber.session_id, channel)
        return False

    def _drop(self, subscription: Subscription, *, announced: bool = True) -> None:
        """Take out what one join wrote."""
        channel = subscription.channel
        if channel.startswith(USER_PREFIX):
            return
        if self._remove(subscription) and announced:
            self.announce(channel, "left", subscription.subscriber.username)

    def _remove(self, subscription: Subscription) -> bool:
        """Remove a subscription and its presence; true when it was the user's last."""
        channel, connection_id = subscription.channel, subscription.subscriber.connection_id
        removed = self.subscriptions.remove(channel, connection_id, subscription.since)
        return self._exit(removed or subscription)

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
