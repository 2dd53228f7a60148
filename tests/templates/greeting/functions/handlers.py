import json
import os
import secrets
from typing import Any

import boto3

ENVIRONMENT = os.environ  # noqa: TID251
api = boto3.client("apigatewaymanagementapi", endpoint_url=ENVIRONMENT["ENDPOINT"])


def connect(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200}


def greet(event: dict[str, Any], context: object) -> dict[str, Any]:
    print("greeting somebody")  # noqa: T201
    connection_id = event["requestContext"]["connectionId"]
    frame = {"greeting": ENVIRONMENT["GREETING"], "token": secrets.token_hex(8)}
    api.post_to_connection(ConnectionId=connection_id, Data=json.dumps(frame))
    return {"statusCode": 200}


def leave(event: dict[str, Any], context: object) -> dict[str, Any]:
    connection_id = event["requestContext"]["connectionId"]
    api.delete_connection(ConnectionId=connection_id)
    try:
        api.post_to_connection(ConnectionId=connection_id, Data="too late")
    except api.exceptions.GoneException:
        return {"statusCode": 200, "body": "gone"}
    return {"statusCode": 500}


def log_in(event: dict[str, Any], context: object) -> dict[str, Any]:
    cookie = f"session={secrets.token_hex(8)}; HttpOnly"
    return {"statusCode": 200, "cookies": [cookie], "body": json.dumps({"user": "ann"})}
