"""Keeps the connections in a table, and posts to those that ask for it."""

import os
from functools import cache
from typing import Any

import boto3

type Event = dict[str, Any]

TABLE_NAME = os.environ["TABLE_NAME"]  # noqa: TID251 - a function's settings
DYNAMODB = boto3.client("dynamodb")


def handler(event: Event, context: object) -> Event:
    """Do what the route is for."""
    request = event["requestContext"]
    connection_id = request["connectionId"]
    key = {"connection_id": {"S": connection_id}}
    match request["routeKey"]:
        case "$connect":
            DYNAMODB.put_item(TableName=TABLE_NAME, Item=key)
        case "$disconnect":
            DYNAMODB.delete_item(TableName=TABLE_NAME, Key=key)
        case _:
            post(
                f"https://{request['domainName']}/{request['stage']}", connection_id, event["body"]
            )
    return {"statusCode": 200}


def post(endpoint_url: str, connection_id: str, data: str) -> None:
    """Answer by way of the management API; who is gone by then needs no answer."""
    client = management(endpoint_url)
    try:
        client.post_to_connection(ConnectionId=connection_id, Data=data)
    except client.exceptions.GoneException:
        return


@cache
def management(endpoint_url: str) -> Any:
    """The management API of a stage."""
    return boto3.client("apigatewaymanagementapi", endpoint_url=endpoint_url)
