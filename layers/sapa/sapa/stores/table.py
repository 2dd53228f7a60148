"""What every DynamoDB adapter needs: the shape of items, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, TypedDict, cast

from sapa.aws.json_service import CallError
from sapa.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    type Item = dict[str, AttributeValueTypeDef]


class Condition(TypedDict, total=False):
    """What a write depends on."""

    ConditionExpression: str
    ExpressionAttributeValues: "Item"


def only_if_equal(path: str, number: int | None) -> Condition:
    """That a number is stored at `path`; `None` is any, even none."""
    if number is None:
        return {}
    values: Item = {":number": {"N": str(number)}}
    return {"ConditionExpression": f"{path} = :number", "ExpressionAttributeValues": values}


CONDITION_FAILED = "ConditionalCheckFailedException"


class ConditionFailedError(StoreError):
    """A write was refused by its own condition; `item` is what is there, if it was asked for."""

    def __init__(self, table_name: str, item: "Item") -> None:
        super().__init__(table_name, CONDITION_FAILED)
        self.item = item


@contextmanager
def translated(table_name: str) -> Iterator[None]:
    """Raise `StoreError` for a call that failed; its `reason` is DynamoDB's error code."""
    try:
        yield
    except CallError as error:
        if error.code == CONDITION_FAILED:
            item = cast("Item", error.details.get("Item") or {})
            raise ConditionFailedError(table_name, item) from error
        raise StoreError(table_name, error.code) from error
