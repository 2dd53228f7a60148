"""Presence in DynamoDB: one item per user and channel, a set of connections in it.

Adding to and deleting from a set are atomic, and DynamoDB tells what the set was before or is
after: that is how a join is announced once per user, whatever the number of tabs. Each element
is `<connection id> <since> <expires_at>`: readers pass over connections whose time is up, and who
leaves takes out that one subscription and not the one that followed it.
"""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from typing import TYPE_CHECKING
from zlib import crc32

from sapa.channels.channel import Member, Subscription
from sapa.connections.connection import CONNECTION_SECONDS
from sapa.stores.shards import partition
from sapa.stores.table import ConditionFailedError, translated

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item

# Joins and leaves of a channel go to so many partitions, whatever its size.
SHARDS = 4


class DynamoDBPresenceStore:
    """A `PresenceStore` on the table `Presence` (`channel_shard`, `username`)."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Note a connection; true when the user had no live one there."""
        key = _key(subscription.channel, subscription.subscriber.username)
        with translated(self._table):
            answer = self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression=(
                    "ADD connections :mark "
                    "SET since = if_not_exists(since, :since), expires_at = :expires_at"
                ),
                ExpressionAttributeValues={
                    ":mark": {"SS": [_mark(subscription)]},
                    ":since": {"N": str(subscription.since)},
                    # No connection of today lives longer, whichever of them came last.
                    ":expires_at": {"N": str(now + CONNECTION_SECONDS)},
                },
                ReturnValues="ALL_OLD",
            )
        # The call may have been sent twice: then the mark is there already, and is no other.
        old = set(_marks(answer.get("Attributes", {}))) - {_mark(subscription)}
        if any(_is_live(mark, now) for mark in old):
            return False
        if old:
            self._begin_anew(key, subscription, sorted(old))
        return True

    def _begin_anew(self, key: "Item", subscription: Subscription, expired: Sequence[str]) -> None:
        """Drop what nobody took out when its time was up, and the old time with it."""
        with translated(self._table):
            self._client.update_item(
                TableName=self._table,
                Key=key,
                UpdateExpression="DELETE connections :expired SET since = :since",
                ExpressionAttributeValues={
                    ":expired": {"SS": expired},
                    ":since": {"N": str(subscription.since)},
                },
            )

    def exit(self, subscription: Subscription, now: int) -> bool:
        """Drop a connection; true when it was the user's last live one."""
        key = _key(subscription.channel, subscription.subscriber.username)
        try:
            with translated(self._table):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="DELETE connections :mark",
                    ConditionExpression="contains(connections, :one)",
                    ExpressionAttributeValues={
                        ":mark": {"SS": [_mark(subscription)]},
                        ":one": {"S": _mark(subscription)},
                    },
                    ReturnValues="ALL_NEW",
                )
        except ConditionFailedError:
            return False
        if _any_live(answer["Attributes"], now):
            return False
        self._delete_empty(key)
        return True

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a live connection in the channel."""
        for shard in range(SHARDS):
            with translated(self._table):
                for page in self._client.query_pages(
                    TableName=self._table,
                    KeyConditionExpression="channel_shard = :shard",
                    ExpressionAttributeValues={":shard": {"S": partition(channel, shard)}},
                    ConsistentRead=True,
                ):
                    for item in page["Items"]:
                        if _any_live(item, now):
                            since = int(item["since"]["N"])
                            yield Member(username=item["username"]["S"], since=since)

    def _delete_empty(self, key: "Item") -> None:
        """Remove the item unless somebody has come back in the meantime."""
        with suppress(ConditionFailedError), translated(self._table):
            self._client.delete_item(
                TableName=self._table,
                Key=key,
                ConditionExpression="attribute_not_exists(connections)",
            )


def _key(channel: str, username: str) -> "Item":
    shard = crc32(username.encode()) % SHARDS
    return {"channel_shard": {"S": partition(channel, shard)}, "username": {"S": username}}


def _mark(subscription: Subscription) -> str:
    subscriber = subscription.subscriber
    return f"{subscriber.connection_id} {subscription.since} {subscriber.expires_at}"


def _marks(item: "Item") -> Sequence[str]:
    return item.get("connections", {}).get("SS", [])


def _is_live(mark: str, now: int) -> bool:
    return int(mark.rpartition(" ")[2]) > now


def _any_live(item: "Item", now: int) -> bool:
    return any(_is_live(mark, now) for mark in _marks(item))
