"""Presence in DynamoDB: one item per user and channel, with a set of connections.

Adding to and deleting from a set are atomic, and DynamoDB returns the set before or after: so a
join is announced once per user, whatever the number of tabs. Each element of the set is
`<connection id> <session id> <since> <expires_at>`: readers skip connections that have expired, and
a leave removes its own subscription and not a later one of the same connection. It also sees which
login sessions of the user are still there.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from zlib import crc32

from sapa.channels.channel import Member, Subscription
from sapa.connections.connection import CONNECTION_SECONDS
from sapa.errors import ConditionFailedError
from sapa.stores.table import Item, Table

# Joins and leaves of a channel go to so many partitions, whatever its size.
SHARDS = 4


class DynamoDBPresenceStore:
    """A `PresenceStore` on the table `Presence` (`channel_shard`, `username`)."""

    def __init__(self, table: Table) -> None:
        self._table = table

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Add a connection; true when the user had no live one there."""
        key = _key(subscription.channel, subscription.subscriber.username)
        element = _element(subscription)
        before = self._table.update(
            key,
            "ADD connections :element "
            "SET since = if_not_exists(since, :since), expires_at = :expires_at",
            values={
                ":element": {"SS": [element]},
                ":since": {"N": str(subscription.since)},
                # No connection of today lives longer, whichever of them came last.
                ":expires_at": {"N": str(now + CONNECTION_SECONDS)},
            },
            returns="ALL_OLD",
        )
        # The call may have arrived twice: then the element is there already, and is our own.
        others = set(_elements(before)) - {element}
        if any(_is_live(other, now) for other in others):
            return False
        if others:
            self._start_again(key, subscription, sorted(others))
        return True

    def _start_again(self, key: Item, subscription: Subscription, expired: Sequence[str]) -> None:
        """Remove expired connections, and the old time with them."""
        self._table.update(
            key,
            "DELETE connections :expired SET since = :since",
            values={":expired": {"SS": expired}, ":since": {"N": str(subscription.since)}},
        )

    def exit(self, subscription: Subscription, now: int) -> frozenset[str] | None:
        """Remove a connection; the login sessions of the user's other live ones."""
        key = _key(subscription.channel, subscription.subscriber.username)
        element = _element(subscription)
        try:
            after = self._table.update(
                key,
                "DELETE connections :elements",
                when="contains(connections, :element)",
                values={":elements": {"SS": [element]}, ":element": {"S": element}},
                returns="ALL_NEW",
            )
        except ConditionFailedError:
            return None
        sessions = frozenset(each.split(" ")[1] for each in _elements(after) if _is_live(each, now))
        if not sessions:
            # Somebody may have come back in the meantime.
            with suppress(ConditionFailedError):
                self._table.delete(key, when="attribute_not_exists(connections)")
        return sessions

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a live connection in the channel."""
        for shard in range(SHARDS):
            for item in self._table.query(
                "channel_shard = :shard", {":shard": {"S": f"{channel}#{shard}"}}
            ):
                if _any_live(item, now):
                    since = int(item["since"]["N"])
                    yield Member(username=item["username"]["S"], since=since)


def _key(channel: str, username: str) -> Item:
    shard = crc32(username.encode()) % SHARDS
    return {"channel_shard": {"S": f"{channel}#{shard}"}, "username": {"S": username}}


def _element(subscription: Subscription) -> str:
    subscriber = subscription.subscriber
    return " ".join(
        (
            subscriber.connection_id,
            subscriber.session_id,
            str(subscription.since),
            str(subscriber.expires_at),
        )
    )


def _elements(item: Item) -> Sequence[str]:
    elements: Sequence[str] = item.get("connections", {}).get("SS", [])
    return elements


def _is_live(element: str, now: int) -> bool:
    return int(element.rpartition(" ")[2]) > now


def _any_live(item: Item, now: int) -> bool:
    return any(_is_live(element, now) for element in _elements(item))
