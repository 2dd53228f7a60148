"""Sends a message back to its sender, as most handlers do: with a client of boto3."""

import os
from typing import Any

import boto3

CLIENT = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ["MANAGEMENT_API_ENDPOINT"],  # noqa: TID251 - the handler's own setting
)


def lambda_handler(event: dict[str, Any], context: object) -> dict[str, int]:
    """Post the body to the connection that it came from."""
    connection_id = event["requestContext"]["connectionId"]
    CLIENT.post_to_connection(ConnectionId=connection_id, Data=event["body"].encode())
    return {"statusCode": 200}
