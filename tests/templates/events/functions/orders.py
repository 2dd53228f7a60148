"""Orders come from a queue, are told on a bus, and are shipped by whoever listens there."""

import json
import logging
import os
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
events = boto3.client("events")
dynamodb = boto3.client("dynamodb")


def take_orders(event: dict[str, Any], context: object) -> dict[str, Any]:
    failures = []
    for record in event["Records"]:
        try:
            take(json.loads(record["body"]))
        except (ValueError, KeyError) as error:
            logger.warning("order refused: %r", error)
            failures.append({"itemIdentifier": record["messageId"]})
    return {"batchItemFailures": failures}


def take(order: dict[str, Any]) -> None:
    events.put_events(
        Entries=[
            {
                "EventBusName": os.environ["BUS_NAME"],  # noqa: TID251
                "Source": "shop.orders",
                "DetailType": "OrderTaken",
                "Detail": json.dumps({"id": order["id"], "amount": order["amount"]}),
            }
        ]
    )


def ship(event: dict[str, Any], context: object) -> None:
    order = event["detail"]
    dynamodb.put_item(
        TableName=os.environ["TABLE_NAME"],  # noqa: TID251
        Item={"id": {"S": order["id"]}, "taken": {"S": event["time"]}},
    )


def report(event: dict[str, Any], context: object) -> None:
    logger.info("report: %s", json.dumps(event))
