"""A function that takes orders from a queue, and another that has prices."""

import json
import os
from typing import Any

import boto3

PRICES = {"RICE": 3, "SALT": 1}

management = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ.get("ENDPOINT", "https://nowhere.invalid"),  # noqa: TID251
)


def take_orders(event: dict[str, Any], context: object) -> None:
    """Confirm each order to the connection that sent it."""
    for record in event["Records"]:
        order = json.loads(record["body"])
        management.post_to_connection(
            ConnectionId=record["messageAttributes"]["connectionId"]["stringValue"],
            Data=json.dumps({"confirmed": order["item"]}),
        )


def prices(event: dict[str, Any], context: object) -> dict[str, int]:
    """The prices of some symbols; the event is what the request template makes."""
    for symbol in event["symbols"]:
        if symbol not in PRICES:
            raise LookupError(f"No price of {symbol}")
    return {symbol: PRICES[symbol] for symbol in event["symbols"]}
