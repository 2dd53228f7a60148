"""Subscriptions in DynamoDB, spread over shards so that no partition key is hot.

Table `Subscriptions`: partition key `channel_shard`, sort key `connection_id`. Table `Channels`
(key `channel`) has the number of shards and an approximate number of members, which only decides
when to double the shards.

The number of shards is a power of two and doubles as the channel grows. A connection's shard is its
hash modulo the number at the time when it joined, so there are only a few places where it can be:
one per power of two.
"""

from collections.abc import Iterator
from contextlib import suppress
from zlib import crc32

from sapa.channels.channel import USER_PREFIX, Subscription, SubscriptionPage
from sapa.connections.connection import Subscriber
from sapa.errors import ConditionFailedError
from sapa.stores.table import Item, Table

MEMBERS_PER_SHARD = 500
MAX_SHARDS = 1024
_PAGE = 1000


def shard_of(connection_id: str, shards: int) -> int:
    """The shard of a connection that joins now."""
    return crc32(connection_id.encode()) % shards


def possible_shards(connection_id: str, shards: int) -> list[int]:
    """The shards in which a connection can be since the channel began, the likeliest first."""
    possible: dict[int, None] = {}
    while shards:
        possible[shard_of(connection_id, shards)] = None
        shards //= 2
    return list(possible)


def needs_more(members: int, shards: int, members_per_shard: int = MEMBERS_PER_SHARD) -> bool:
    """Whether a channel of so many members has outgrown its shards."""
    return shards < MAX_SHARDS and members > members_per_shard * shards


class DynamoDBSubscriptionStore:
    """A `SubscriptionStore` and a `SubscriptionReader`."""

    def __init__(
        self, *, subscriptions: Table, channels: Table, members_per_shard: int = MEMBERS_PER_SHARD
    ) -> None:
        self._subscriptions = subscriptions
        self._channels = channels
        self._members_per_shard = members_per_shard

    def add(self, subscription: Subscription) -> None:
        """Store a subscription, unless a later one of the connection is there."""
        channel = subscription.channel
        shard = shard_of(subscription.subscriber.connection_id, self.shards(channel))
        try:
            old = self._subscriptions.put(
                _item(subscription, shard),
                when="attribute_not_exists(connection_id) OR since <= :since",
                values={":since": {"N": str(subscription.since)}},
            )
        except ConditionFailedError:
            return
        if not old:
            self._count(channel, 1)

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        """Remove a subscription and return it; with `since`, only the one of that time."""
        when = "" if since is None else "since = :since"
        values = None if since is None else {":since": {"N": str(since)}}
        for shard in possible_shards(connection_id, self.shards(channel)):
            with suppress(ConditionFailedError):
                key = _key(channel, shard, connection_id)
                old = self._subscriptions.delete(key, when=when, values=values)
                if old:
                    self._count(channel, -1)
                    return _subscription(old)
        return None

    def contains(self, channel: str, connection_id: str) -> bool:
        """Whether a connection is in a channel, read consistently."""
        shards = possible_shards(connection_id, self.shards(channel))
        keys = [_key(channel, shard, connection_id) for shard in shards]
        return self._subscriptions.get_any(keys, "connection_id")

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        """All subscriptions of a channel, expired ones included."""
        for shard in range(self.shards(channel)):
            condition, values = _in_shard(channel, shard)
            items = self._subscriptions.query(condition, values, limit=_PAGE)
            yield from (_subscription(item) for item in items)

    def shards(self, channel: str) -> int:
        """How many shards a channel has; 1 for a new one and for a user's."""
        if channel.startswith(USER_PREFIX):
            return 1
        return _shards(self._channels.get({"channel": {"S": channel}}, "shards") or {})

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> SubscriptionPage:
        """Up to `limit` subscriptions of a shard after `start`, expired ones included."""
        condition, values = _in_shard(channel, shard)
        after = None if start is None else _key(channel, shard, start)
        items, last = self._subscriptions.page(condition, values, limit=limit, start=after)
        return SubscriptionPage(
            [_subscription(item) for item in items], last["connection_id"]["S"] if last else None
        )

    def _count(self, channel: str, change: int) -> None:
        """Count a member; a user's few connections are not counted."""
        if channel.startswith(USER_PREFIX):
            return
        item = self._channels.update(
            {"channel": {"S": channel}},
            "ADD members :change",
            values={":change": {"N": str(change)}},
            returns="ALL_NEW",
        )
        shards = _shards(item)
        if needs_more(int(item["members"]["N"]), shards, self._members_per_shard):
            self._double(channel, shards)

    def _double(self, channel: str, shards: int) -> None:
        """Of several callers at the same time only one succeeds, and that is enough."""
        with suppress(ConditionFailedError):
            self._channels.update(
                {"channel": {"S": channel}},
                "SET shards = :double",
                when="attribute_not_exists(shards) OR shards = :shards",
                values={":double": {"N": str(shards * 2)}, ":shards": {"N": str(shards)}},
            )


def _shards(item: Item) -> int:
    return int(item.get("shards", {"N": "1"})["N"])


def _in_shard(channel: str, shard: int) -> tuple[str, Item]:
    return "channel_shard = :shard", {":shard": {"S": f"{channel}#{shard}"}}


def _key(channel: str, shard: int, connection_id: str) -> Item:
    return {
        "channel_shard": {"S": f"{channel}#{shard}"},
        "connection_id": {"S": connection_id},
    }


def _item(subscription: Subscription, shard: int) -> Item:
    subscriber = subscription.subscriber
    return {
        **_key(subscription.channel, shard, subscriber.connection_id),
        "channel": {"S": subscription.channel},
        "username": {"S": subscriber.username},
        "session_id": {"S": subscriber.session_id},
        "since": {"N": str(subscription.since)},
        "expires_at": {"N": str(subscriber.expires_at)},
    }


def _subscription(item: Item) -> Subscription:
    return Subscription(
        channel=item["channel"]["S"],
        subscriber=Subscriber(
            connection_id=item["connection_id"]["S"],
            username=item["username"]["S"],
            session_id=item["session_id"]["S"],
            expires_at=int(item["expires_at"]["N"]),
        ),
        since=int(item["since"]["N"]),
    )
