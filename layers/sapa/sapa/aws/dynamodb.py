"""DynamoDB's operations, called as with boto3 and without its ways to build requests."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Unpack, cast

from sapa.aws.json_service import JsonService

if TYPE_CHECKING:
    from mypy_boto3_dynamodb.type_defs import (
        BatchGetItemInputTypeDef,
        BatchGetItemOutputTypeDef,
        DeleteItemInputTypeDef,
        DeleteItemOutputTypeDef,
        GetItemInputTypeDef,
        GetItemOutputTypeDef,
        PutItemInputTypeDef,
        PutItemOutputTypeDef,
        QueryInputTypeDef,
        QueryOutputTypeDef,
        UpdateItemInputTypeDef,
        UpdateItemOutputTypeDef,
    )

TARGET = "DynamoDB_20120810"
VERSION = "1.0"


class DynamoDBClient:
    """Safe to share between threads; every method raises `CallError`.

    Source: Amazon DynamoDB API reference.
    """

    def __init__(self, service: JsonService) -> None:
        self._call = service.call

    def put_item(self, **request: "Unpack[PutItemInputTypeDef]") -> "PutItemOutputTypeDef":
        """Write an item over what is there."""
        return cast("PutItemOutputTypeDef", self._call("PutItem", request))

    def get_item(self, **request: "Unpack[GetItemInputTypeDef]") -> "GetItemOutputTypeDef":
        """Read an item."""
        return cast("GetItemOutputTypeDef", self._call("GetItem", request))

    def delete_item(self, **request: "Unpack[DeleteItemInputTypeDef]") -> "DeleteItemOutputTypeDef":
        """Remove an item, if it is there."""
        return cast("DeleteItemOutputTypeDef", self._call("DeleteItem", request))

    def update_item(self, **request: "Unpack[UpdateItemInputTypeDef]") -> "UpdateItemOutputTypeDef":
        """Change an item, and create it if it is not there."""
        return cast("UpdateItemOutputTypeDef", self._call("UpdateItem", request))

    def batch_get_item(
        self, **request: "Unpack[BatchGetItemInputTypeDef]"
    ) -> "BatchGetItemOutputTypeDef":
        """Read many items."""
        return cast("BatchGetItemOutputTypeDef", self._call("BatchGetItem", request))

    def query(self, **request: "Unpack[QueryInputTypeDef]") -> "QueryOutputTypeDef":
        """Read a page of a partition."""
        return cast("QueryOutputTypeDef", self._call("Query", request))

    def query_pages(self, **request: "Unpack[QueryInputTypeDef]") -> "Iterator[QueryOutputTypeDef]":
        """Read a partition page by page, as far as somebody wants to know it."""
        while True:
            page = self.query(**request)
            yield page
            if "LastEvaluatedKey" not in page:
                return
            request["ExclusiveStartKey"] = page["LastEvaluatedKey"]
