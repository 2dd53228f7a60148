"""What every DynamoDB adapter needs: the shape of items, and its errors as ours."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from botocore.exceptions import BotoCoreError, ClientError

from sapa.errors import StoreError

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import AttributeValueTypeDef

    type Item = dict[str, AttributeValueTypeDef]

CONDITION_FAILED = "ConditionalCheckFailedException"


@contextmanager
def translated(table_name: str) -> Iterator[None]:
    """Raise `StoreError` for whatever botocore raises; its `reason` is DynamoDB's error code."""
    try:
        yield
    except ClientError as error:
        raise StoreError(table_name, error.response["Error"]["Code"]) from error
    except BotoCoreError as error:
        raise StoreError(table_name, type(error).__name__) from error


def is_condition(error: StoreError) -> bool:
    """Whether a write was refused by its own condition."""
    return error.reason == CONDITION_FAILED
