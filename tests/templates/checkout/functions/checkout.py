"""An order is charged and told about in the steps of a state machine."""

import json
import os
from typing import Any

import boto3

steps = boto3.client("stepfunctions")


class Declined(Exception):
    """The card is declined."""


def order(event: dict[str, Any], context: object) -> dict[str, int]:
    caller, body = event["requestContext"], json.loads(event["body"])
    job = {
        "id": body["id"],
        "amount": body["amount"],
        "endpoint": f"https://{caller['domainName']}/{caller['stage']}",
        "connection": caller["connectionId"],
    }
    steps.start_execution(
        stateMachineArn=os.environ["CHECKOUT"],  # noqa: TID251
        input=json.dumps(job),
    )
    return {"statusCode": 200}


def charge(event: dict[str, Any], context: object) -> dict[str, Any]:
    if event["amount"] > 100:
        raise Declined("too much")
    return {"charged": event["amount"]}


def tell(event: dict[str, Any], context: object) -> dict[str, Any]:
    news = {"id": event["id"], **event["charge"]}
    if "connection" in event:
        api = boto3.client("apigatewaymanagementapi", endpoint_url=event["endpoint"])
        api.post_to_connection(ConnectionId=event["connection"], Data=json.dumps(news))
    return news
