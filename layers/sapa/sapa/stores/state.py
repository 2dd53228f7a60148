"""Shared state in DynamoDB: table `State`, key `key`.

A new item's version begins at the time rather than at 1, so that an item that TTL deleted and
somebody wrote anew is not taken for the old one. `writer` tells each write from all others: the
call may be sent twice, and the second one must not take the first for somebody else's.
"""

import secrets
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from sapa.processes.state import Stored
from sapa.stores.table import ConditionFailedError, translated

if TYPE_CHECKING:
    from sapa.aws.dynamodb import DynamoDBClient
    from sapa.stores.table import Item


class DynamoDBStateStore:
    """A `StateStore`; `clock` gives epoch milliseconds."""

    def __init__(self, client: "DynamoDBClient", table_name: str, clock: Callable[[], int]) -> None:
        self._client = client
        self._table = table_name
        self._clock = clock

    def get(self, key: str) -> Stored | None:
        """The value, expired or not, read consistently."""
        with translated(self._table):
            answer = self._client.get_item(
                TableName=self._table, Key={"key": {"S": key}}, ConsistentRead=True
            )
        return _stored(answer["Item"]) if "Item" in answer else None

    def put(self, key: str, text: str, expires_at: int | None) -> None:
        """Store a value over whatever is there."""
        self._client_update(_update(self._table, key, text, expires_at, self._clock()))

    def replace(self, key: str, old: Stored | None, text: str, expires_at: int | None) -> bool:
        """Store a value if what is there is still `old`; false when it is not."""
        update = _update(self._table, key, text, expires_at, self._clock())
        if old is None:
            update["ConditionExpression"] = "attribute_not_exists(version)"
        else:
            update["ConditionExpression"] = "version = :old"
            update["ExpressionAttributeValues"][":old"] = {"N": str(old.version)}
        update["ReturnValuesOnConditionCheckFailure"] = "ALL_OLD"
        try:
            self._client_update(update)
        except ConditionFailedError as error:
            return bool(error.item.get("writer") == update["ExpressionAttributeValues"][":writer"])
        return True

    def _client_update(self, update: dict[str, Any]) -> None:
        with translated(self._table):
            self._client.update_item(**update)


def _update(table: str, key: str, text: str, expires_at: int | None, now: int) -> dict[str, Any]:
    expression = (
        "SET #value = :value, writer = :writer, version = if_not_exists(version, :now) + :one"
    )
    values: Item = {
        ":value": {"S": text},
        ":writer": {"S": secrets.token_hex(8)},
        ":now": {"N": str(now)},
        ":one": {"N": "1"},
    }
    if expires_at is None:
        expression += " REMOVE expires_at"
    else:
        expression += ", expires_at = :expires_at"
        values[":expires_at"] = {"N": str(expires_at)}
    return {
        "TableName": table,
        "Key": {"key": {"S": key}},
        "UpdateExpression": expression,
        # `value` is one of DynamoDB's words.
        "ExpressionAttributeNames": {"#value": "value"},
        "ExpressionAttributeValues": values,
    }


def _stored(item: "Item") -> Stored:
    return Stored(
        text=item["value"]["S"],
        version=int(item["version"]["N"]),
        expires_at=int(item["expires_at"]["N"]) if "expires_at" in item else None,
    )
