"""Presence in DynamoDB: one item per user and channel, a set of connections in it.

Adding to and deleting from a set are atomic, and DynamoDB tells what the set was before or is
after: that is how a join is announced once per user, whatever the number of tabs. Each element
is `<connection id> <expires_at>`, so that readers can pass over connections whose time is up.
"""

from collections.abc import Iterable
from typing import TYPE_CHECKING
from zlib import crc32

from sapa.adapters.items import is_condition, translated
from sapa.adapters.shards import partition
from sapa.channels import Member, Subscriber, Subscription
from sapa.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb import DynamoDBClient

    from sapa.adapters.items import Item

# Joins and leaves of a channel go to so many partitions, whatever its size.
SHARDS = 4


class DynamoDBPresenceStore:
    """A `PresenceStore` on the table `Presence` (`channel_shard`, `username`)."""

    def __init__(self, client: "DynamoDBClient", table_name: str) -> None:
        self._client = client
        self._table = table_name

    def enter(self, subscription: Subscription, now: int) -> bool:
        """Note a connection; true when the user had no live one there."""
        subscriber = subscription.subscriber
        with translated(self._table):
            answer = self._client.update_item(
                TableName=self._table,
                Key=_key(subscription.channel, subscriber.username),
                UpdateExpression=(
                    "ADD connections :mark "
                    "SET since = if_not_exists(since, :since), expires_at = :expires_at"
                ),
                ExpressionAttributeValues={
                    ":mark": {"SS": [_mark(subscriber)]},
                    ":since": {"N": str(subscription.since)},
                    ":expires_at": {"N": str(subscriber.expires_at)},
                },
                ReturnValues="ALL_OLD",
            )
        return not _live(answer.get("Attributes", {}), now)

    def exit(self, channel: str, subscriber: Subscriber, now: int) -> bool:
        """Drop a connection; true when it was the user's last live one."""
        key = _key(channel, subscriber.username)
        try:
            with translated(self._table):
                answer = self._client.update_item(
                    TableName=self._table,
                    Key=key,
                    UpdateExpression="DELETE connections :mark",
                    ConditionExpression="contains(connections, :one)",
                    ExpressionAttributeValues={
                        ":mark": {"SS": [_mark(subscriber)]},
                        ":one": {"S": _mark(subscriber)},
                    },
                    ReturnValues="ALL_NEW",
                )
        except StoreError as error:
            if is_condition(error):
                return False
            raise
        if _live(answer["Attributes"], now):
            return False
        self._delete_empty(key)
        return True

    def members(self, channel: str, now: int) -> Iterable[Member]:
        """The users with a live connection in the channel."""
        pages = self._client.get_paginator("query")
        for shard in range(SHARDS):
            with translated(self._table):
                for page in pages.paginate(
                    TableName=self._table,
                    KeyConditionExpression="channel_shard = :shard",
                    ExpressionAttributeValues={":shard": {"S": partition(channel, shard)}},
                    ConsistentRead=True,
                ):
                    for item in page["Items"]:
                        if _live(item, now):
                            since = int(item["since"]["N"])
                            yield Member(username=item["username"]["S"], since=since)

    def _delete_empty(self, key: "Item") -> None:
        """Remove the item unless somebody has come back in the meantime."""
        try:
            with translated(self._table):
                self._client.delete_item(
                    TableName=self._table,
                    Key=key,
                    ConditionExpression="attribute_not_exists(connections)",
                )
        except StoreError as error:
            if not is_condition(error):
                raise


def _key(channel: str, username: str) -> "Item":
    shard = crc32(username.encode()) % SHARDS
    return {"channel_shard": {"S": partition(channel, shard)}, "username": {"S": username}}


def _mark(subscriber: Subscriber) -> str:
    return f"{subscriber.connection_id} {subscriber.expires_at}"


def _live(item: "Item", now: int) -> list[str]:
    marks = item.get("connections", {}).get("SS", [])
    return [mark for mark in marks if int(mark.rpartition(" ")[2]) > now]
