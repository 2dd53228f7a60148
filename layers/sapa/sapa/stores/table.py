"""One DynamoDB table: its operations in the terms of the stores, and its errors as ours.

Source: Amazon DynamoDB API reference.
"""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from sapa.aws.json_service import CallError, JsonService
from sapa.errors import ConditionFailedError, StoreError

type Item = dict[str, Any]
"""An item, or part of one, in DynamoDB's JSON: `{"since": {"N": "1"}}`."""

_CONDITION_FAILED = "ConditionalCheckFailedException"
_BATCH_ATTEMPTS = 3


class Table:
    """A table; all methods raise `StoreError`, and those with `when` `ConditionFailedError`.

    `names` and `values` are the expressions' attribute names and values, `when` is the condition
    of a write, `returns` DynamoDB's `ReturnValues`. All reads but those of an index are consistent.
    """

    def __init__(self, service: JsonService, name: str) -> None:
        self._service = service
        self.name = name

    def get(
        self, key: Item, attributes: str = "", names: Mapping[str, str] | None = None
    ) -> Item | None:
        """Read an item, or these attributes of it; `None` if it is not there."""
        answer = self._call(
            "GetItem",
            Key=key,
            ConsistentRead=True,
            ProjectionExpression=attributes,
            ExpressionAttributeNames=names,
        )
        item: Item | None = answer.get("Item")
        return item

    def get_any(self, keys: Sequence[Item], attributes: str) -> bool:
        """Whether one of the items exists, with one call in most cases."""
        request: Any = {"Keys": keys, "ProjectionExpression": attributes, "ConsistentRead": True}
        # DynamoDB may leave some of the keys for another call.
        for _ in range(_BATCH_ATTEMPTS):
            answer = self._send("BatchGetItem", {"RequestItems": {self.name: request}})
            if answer["Responses"].get(self.name):
                return True
            request = answer.get("UnprocessedKeys", {}).get(self.name)
            if not request:
                return False
        raise StoreError(self.name, "UnprocessedKeys")

    def get_with(
        self, key: Item, other: "Table", other_key: Item
    ) -> tuple[Item | None, Item | None]:
        """Read an item of this table and one of another with one call."""
        requests: Any = {
            self.name: {"Keys": [key], "ConsistentRead": True},
            other.name: {"Keys": [other_key], "ConsistentRead": True},
        }
        items: dict[str, Item] = {}
        for _ in range(_BATCH_ATTEMPTS):
            answer = self._send("BatchGetItem", {"RequestItems": requests})
            items |= {name: found[0] for name, found in answer["Responses"].items() if found}
            requests = answer.get("UnprocessedKeys", {})
            if not requests:
                return items.get(self.name), items.get(other.name)
        raise StoreError(self.name, "UnprocessedKeys")

    def put_all(self, items: Sequence[Item], *, when: str) -> None:
        """Write all items, or none if the condition does not hold for one; one call."""
        if len(items) == 1:
            self.put(items[0], when=when)
            return
        puts = [
            {"Put": {"TableName": self.name, "Item": item, "ConditionExpression": when}}
            for item in items
        ]
        self._send("TransactWriteItems", {"TransactItems": puts})

    def put(self, item: Item, *, when: str = "", values: Item | None = None) -> Item:
        """Write an item and return what it replaced, empty if nothing."""
        answer = self._call(
            "PutItem",
            Item=item,
            ConditionExpression=when,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_OLD",
        )
        old: Item = answer.get("Attributes") or {}
        return old

    def update(
        self,
        key: Item,
        expression: str,
        *,
        when: str = "",
        names: Mapping[str, str] | None = None,
        values: Item | None = None,
        returns: str = "NONE",
    ) -> Item:
        """Change an item, and create it if it is not there; a failed condition has the old item."""
        answer = self._call(
            "UpdateItem",
            Key=key,
            UpdateExpression=expression,
            ConditionExpression=when,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues=returns,
            ReturnValuesOnConditionCheckFailure="ALL_OLD" if when else "",
        )
        attributes: Item = answer.get("Attributes") or {}
        return attributes

    def delete(self, key: Item, *, when: str = "", values: Item | None = None) -> Item:
        """Delete an item and return what it was, empty if it was not there."""
        answer = self._call(
            "DeleteItem",
            Key=key,
            ConditionExpression=when,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_OLD",
        )
        old: Item = answer.get("Attributes") or {}
        return old

    def query(
        self,
        condition: str,
        values: Item,
        *,
        names: Mapping[str, str] | None = None,
        index: str = "",
        descending: bool = False,
        limit: int | None = None,
    ) -> Iterator[Item]:
        """The items of a partition, in order; pages of `limit` items are read when needed."""
        start: Item | None = None
        while True:
            items, start = self.page(
                condition,
                values,
                names=names,
                index=index,
                descending=descending,
                limit=limit,
                start=start,
            )
            yield from items
            if start is None:
                return

    def page(
        self,
        condition: str,
        values: Item,
        *,
        names: Mapping[str, str] | None = None,
        index: str = "",
        descending: bool = False,
        limit: int | None = None,
        start: Item | None = None,
    ) -> tuple[list[Item], Item | None]:
        """A page of a partition, and the key after which the next one begins."""
        answer = self._call(
            "Query",
            KeyConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            IndexName=index,
            ScanIndexForward=not descending,
            ConsistentRead=not index,
            Limit=limit,
            ExclusiveStartKey=start,
        )
        return answer["Items"], answer.get("LastEvaluatedKey")

    def _call(self, operation: str, **request: Any) -> Any:
        """Members that are `None` or empty texts are left out."""
        present = {
            key: value for key, value in request.items() if value is not None and value != ""
        }
        return self._send(operation, {"TableName": self.name, **present})

    def _send(self, operation: str, request: Mapping[str, Any]) -> Any:
        try:
            return self._service.call(operation, request)
        except CallError as error:
            if error.code == _CONDITION_FAILED or _is_canceled_by_condition(error):
                item = error.details.get("Item") or {}
                raise ConditionFailedError(self.name, error.code, item) from error
            raise StoreError(self.name, error.code) from error


def _is_canceled_by_condition(error: CallError) -> bool:
    """Whether a transaction was canceled because a condition of one of its writes failed."""
    reasons = error.details.get("CancellationReasons") or ()
    return any(reason.get("Code") == "ConditionalCheckFailed" for reason in reasons)
