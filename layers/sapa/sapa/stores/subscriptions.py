"""Subscriptions in DynamoDB, sharded by channel.

Table `Subscriptions`: partition key `channel_shard`, sort key `connection_id`. Table `Channels`
(key `channel`) holds the number of shards and an approximate number of members, which only decides
when to double the shards.
"""

from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from sapa.channels.channel import USER_PREFIX, Subscriber, Subscription
from sapa.errors import StoreError
from sapa.stores.shards import (
    MEMBERS_PER_SHARD,
    needs_more,
    partition,
    possible_shards,
    shard_of,
)
from sapa.stores.table import ConditionFailedError, only_if_equal, translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import KeysAndAttributesTypeDef, QueryInputTypeDef

    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item

_PAGE = 1000
_BATCH_ATTEMPTS = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Page:
    """Part of a shard; `start` is where the next one begins, `None` after the last."""

    subscriptions: list[Subscription]
    start: str | None


class DynamoDBSubscriptionStore:
    """A `SubscriptionStore` that can also be read shard by shard; raises `StoreError`."""

    def __init__(
        self,
        client: "DynamoDBClient",
        *,
        subscriptions_table: str,
        channels_table: str,
        members_per_shard: int = MEMBERS_PER_SHARD,
    ) -> None:
        self._client = client
        self._table = subscriptions_table
        self._channels_table = channels_table
        self._members_per_shard = members_per_shard

    def add(self, subscription: Subscription) -> None:
        """Store a subscription, unless a later one of the connection is there."""
        channel = subscription.channel
        shard = shard_of(subscription.subscriber.connection_id, self.shards(channel))
        try:
            with translated(self._table):
                answer = self._client.put_item(
                    TableName=self._table,
                    Item=_item(subscription, shard),
                    ConditionExpression="attribute_not_exists(connection_id) OR since <= :since",
                    ExpressionAttributeValues={":since": {"N": str(subscription.since)}},
                    ReturnValues="ALL_OLD",
                )
        except ConditionFailedError:
            return
        if not answer.get("Attributes"):
            self._count(channel, 1)

    def remove(
        self, channel: str, connection_id: str, since: int | None = None
    ) -> Subscription | None:
        """Remove a subscription and return what it was, if there is one of that time."""
        condition = only_if_equal("since", since)
        for shard in possible_shards(connection_id, self.shards(channel)):
            with suppress(ConditionFailedError), translated(self._table):
                answer = self._client.delete_item(
                    TableName=self._table,
                    Key=_key(channel, shard, connection_id),
                    ReturnValues="ALL_OLD",
                    **condition,
                )
                if answer.get("Attributes"):
                    self._count(channel, -1)
                    return _subscription(answer["Attributes"])
        return None

    def holds(self, channel: str, connection_id: str) -> bool:
        """Whether a connection is in a channel, read consistently."""
        shards = possible_shards(connection_id, self.shards(channel))
        wanted: Mapping[str, KeysAndAttributesTypeDef] = {
            self._table: {
                "Keys": [_key(channel, shard, connection_id) for shard in shards],
                "ProjectionExpression": "connection_id",
                "ConsistentRead": True,
            }
        }
        # One call looks into all of them, but DynamoDB may leave some for another.
        for _ in range(_BATCH_ATTEMPTS):
            with translated(self._table):
                answer = self._client.batch_get_item(RequestItems=wanted)
            if answer["Responses"].get(self._table):
                return True
            wanted = cast("Mapping[str, KeysAndAttributesTypeDef]", answer.get("UnprocessedKeys"))
            if not wanted:
                return False
        raise StoreError(self._table, "UnprocessedKeys")

    def of_channel(self, channel: str) -> Iterator[Subscription]:
        """Everybody in a channel, those that expired included."""
        for shard in range(self.shards(channel)):
            start: str | None = None
            while True:
                page = self.page(channel, shard, start, _PAGE)
                yield from page.subscriptions
                start = page.start
                if start is None:
                    break

    def shards(self, channel: str) -> int:
        """How many shards a channel has; 1 for one that nobody has joined and for a user's."""
        if channel.startswith(USER_PREFIX):
            return 1
        with translated(self._channels_table):
            answer = self._client.get_item(
                TableName=self._channels_table,
                Key={"channel": {"S": channel}},
                ProjectionExpression="shards",
                ConsistentRead=True,
            )
        return int(answer.get("Item", {}).get("shards", {"N": "1"})["N"])

    def page(self, channel: str, shard: int, start: str | None, limit: int) -> Page:
        """Up to `limit` subscriptions of a shard from `start` on, those that expired included."""
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": "channel_shard = :shard",
            "ExpressionAttributeValues": {":shard": {"S": partition(channel, shard)}},
            "Limit": limit,
            "ConsistentRead": True,
        }
        if start is not None:
            request["ExclusiveStartKey"] = _key(channel, shard, start)
        with translated(self._table):
            answer = self._client.query(**request)
        last = answer.get("LastEvaluatedKey")
        return Page(
            subscriptions=[_subscription(item) for item in answer["Items"]],
            start=last["connection_id"]["S"] if last else None,
        )

    def _count(self, channel: str, change: int) -> None:
        """Note that somebody came or went; a user's few connections are not counted."""
        if channel.startswith(USER_PREFIX):
            return
        with translated(self._channels_table):
            answer = self._client.update_item(
                TableName=self._channels_table,
                Key={"channel": {"S": channel}},
                UpdateExpression="ADD members :change",
                ExpressionAttributeValues={":change": {"N": str(change)}},
                ReturnValues="ALL_NEW",
            )
        item = answer["Attributes"]
        shards = int(item.get("shards", {"N": "1"})["N"])
        if needs_more(int(item["members"]["N"]), shards, self._members_per_shard):
            self._double(channel, shards)

    def _double(self, channel: str, shards: int) -> None:
        """Only one of those who notice it at the same time succeeds, and that is enough."""
        with suppress(ConditionFailedError), translated(self._channels_table):
            self._client.update_item(
                TableName=self._channels_table,
                Key={"channel": {"S": channel}},
                UpdateExpression="SET shards = :double",
                ConditionExpression="attribute_not_exists(shards) OR shards = :shards",
                ExpressionAttributeValues={
                    ":double": {"N": str(shards * 2)},
                    ":shards": {"N": str(shards)},
                },
            )


def _key(channel: str, shard: int, connection_id: str) -> "Item":
    return {
        "channel_shard": {"S": partition(channel, shard)},
        "connection_id": {"S": connection_id},
    }


def _item(subscription: Subscription, shard: int) -> "Item":
    subscriber = subscription.subscriber
    return {
        **_key(subscription.channel, shard, subscriber.connection_id),
        "channel": {"S": subscription.channel},
        "username": {"S": subscriber.username},
        "session_id": {"S": subscriber.session_id},
        "since": {"N": str(subscription.since)},
        "expires_at": {"N": str(subscriber.expires_at)},
    }


def _subscription(item: "Item") -> Subscription:
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
