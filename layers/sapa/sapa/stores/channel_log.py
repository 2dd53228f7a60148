"""Sequence numbers and history in DynamoDB.

Table `Channels` (key `channel`) counts, table `Messages` (keys `channel`, `sequence`) keeps.
"""

import json
from collections.abc import Iterable
from itertools import islice
from typing import TYPE_CHECKING

from sapa.channels.channel import Event
from sapa.stores.table import translated

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import QueryInputTypeDef

    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item


class DynamoDBChannelLog:
    """A `ChannelLog`; every read is consistent and passes over what has expired."""

    def __init__(
        self, client: "DynamoDBClient", *, channels_table: str, messages_table: str
    ) -> None:
        self._client = client
        self._channels_table = channels_table
        self._table = messages_table

    def next_sequence(self, channel: str, now: int) -> int:
        """Take the channel's next sequence number; no other caller gets it."""
        with translated(self._channels_table):
            answer = self._client.update_item(
                TableName=self._channels_table,
                Key={"channel": {"S": channel}},
                # `sequence` is one of DynamoDB's words.
                UpdateExpression="ADD #sequence :one SET taken_at = :now",
                ExpressionAttributeNames={"#sequence": "sequence"},
                ExpressionAttributeValues={":one": {"N": "1"}, ":now": {"N": str(now)}},
                ReturnValues="UPDATED_NEW",
            )
        return int(answer["Attributes"]["sequence"]["N"])

    def last_sequence(self, channel: str) -> int:
        """The number taken last; its event may not be kept yet."""
        return self.latest(channel)[0]

    def latest(self, channel: str) -> tuple[int, int]:
        """The same, and when it was taken."""
        with translated(self._channels_table):
            answer = self._client.get_item(
                TableName=self._channels_table,
                Key={"channel": {"S": channel}},
                ProjectionExpression="#sequence, taken_at",
                ExpressionAttributeNames={"#sequence": "sequence"},
                ConsistentRead=True,
            )
        item = answer.get("Item", {})
        sequence, taken_at = (item.get(name, {"N": "0"})["N"] for name in ("sequence", "taken_at"))
        return int(sequence), int(taken_at)

    def append(self, event: Event, expires_at: int) -> None:
        """Keep an event until `expires_at` (epoch seconds)."""
        item: Item = {
            "channel": {"S": event.channel},
            "sequence": {"N": str(event.sequence)},
            "sent_at": {"N": str(event.sent_at)},
            "payload": {"S": json.dumps(event.payload, ensure_ascii=False)},
            "publisher": {"S": event.publisher},
            "expires_at": {"N": str(expires_at)},
        }
        with translated(self._table):
            self._client.put_item(TableName=self._table, Item=item)

    def after(self, channel: str, sequence: int, now: int) -> Iterable[Event]:
        """The kept events with a higher sequence number, in order, page by page."""
        return self._events(channel, "> :sequence", sequence, now, forward=True)

    def before(self, channel: str, sequence: int | None, limit: int, now: int) -> list[Event]:
        """The last `limit` kept events with a lower sequence number, in order."""
        bound = 2**53 if sequence is None else sequence
        latest = self._events(channel, "< :sequence", bound, now, forward=False, limit=limit)
        return list(islice(latest, limit))[::-1]

    def _events(
        self,
        channel: str,
        condition: str,
        sequence: int,
        now: int,
        *,
        forward: bool,
        limit: int | None = None,
    ) -> Iterable[Event]:
        """TTL deletes late and what has expired is the oldest, so little is read in vain."""
        request: QueryInputTypeDef = {
            "TableName": self._table,
            "KeyConditionExpression": f"channel = :channel AND #sequence {condition}",
            "ExpressionAttributeNames": {"#sequence": "sequence"},
            "ExpressionAttributeValues": {
                ":channel": {"S": channel},
                ":sequence": {"N": str(sequence)},
            },
            "ScanIndexForward": forward,
            "ConsistentRead": True,
        }
        if limit is not None:
            request["Limit"] = limit
        pages = self._client.query_pages(**request)
        with translated(self._table):
            for page in pages:
                live = (item for item in page["Items"] if int(item["expires_at"]["N"]) > now)
                yield from (_event(item) for item in live)


def _event(item: "Item") -> Event:
    return Event(
        channel=item["channel"]["S"],
        sequence=int(item["sequence"]["N"]),
        sent_at=int(item["sent_at"]["N"]),
        payload=json.loads(item["payload"]["S"]),
        publisher=item["publisher"]["S"],
    )
