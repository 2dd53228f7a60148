"""A job is priced and acknowledged while the client waits; a worker does it afterwards."""

import json
import logging
import os
from typing import Any

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
functions = boto3.client("lambda")


def take(event: dict[str, Any], context: object) -> dict[str, Any]:
    job = json.loads(event["body"])
    answer = functions.invoke(
        FunctionName=os.environ["PRICES_FUNCTION"],  # noqa: TID251
        Qualifier="live",
        Payload=json.dumps({"item": job["item"]}),
    )
    if "FunctionError" in answer:
        return {"statusCode": 200, "body": answer["Payload"].read().decode()}
    price = json.load(answer["Payload"])
    caller = event["requestContext"]
    order = {
        "item": job["item"],
        "endpoint": f"https://{caller['domainName']}/{caller['stage']}",
        "connection": caller["connectionId"],
    }
    functions.invoke(
        FunctionName=os.environ["WORKER_FUNCTION"],  # noqa: TID251
        InvocationType="Event",
        Payload=json.dumps(order),
    )
    return {"statusCode": 200, "body": json.dumps({"accepted": job["item"], "price": price})}


def price(event: dict[str, Any], context: object) -> int:
    prices = {"tea": 3, "cake": 5}
    return prices[event["item"]]


def work(event: dict[str, Any], context: object) -> str:
    if event["item"] == "cake":
        raise RuntimeError("no cake left")
    api = boto3.client("apigatewaymanagementapi", endpoint_url=event["endpoint"])
    api.post_to_connection(
        ConnectionId=event["connection"], Data=json.dumps({"done": event["item"]})
    )
    return "done"


def report(event: dict[str, Any], context: object) -> None:
    logger.info("%s: %s", event["requestContext"]["condition"], event["responsePayload"])


def circle(event: dict[str, Any], context: Any) -> None:
    functions.invoke(FunctionName=context.function_name, InvocationType="Event", Payload="{}")
