"""A board of uploads: every socket hears of each file that comes or goes."""

import json
import logging
import os
from typing import Any
from urllib.parse import unquote_plus

import boto3

logger = logging.getLogger()
logger.setLevel(logging.INFO)
dynamodb = boto3.resource("dynamodb")
uploads = dynamodb.Table(os.environ["UPLOADS_TABLE"])  # noqa: TID251
connections = dynamodb.Table(os.environ["CONNECTIONS_TABLE"])  # noqa: TID251
topics = boto3.client("sns")


def connect(event: dict[str, Any], context: object) -> dict[str, int]:
    connections.put_item(Item={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def disconnect(event: dict[str, Any], context: object) -> dict[str, int]:
    connections.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def take_upload(event: dict[str, Any], context: object) -> None:
    for record in event["Records"]:
        key, thing = unquote_plus(record["s3"]["object"]["key"]), record["s3"]["object"]
        if record["eventName"].startswith("ObjectRemoved:"):
            uploads.delete_item(Key={"key": key})
            continue
        uploads.put_item(Item={"key": key, "size": thing["size"]})
        topics.publish(
            TopicArn=os.environ["LARGE_TOPIC"],  # noqa: TID251
            Subject="upload",
            Message=key,
            MessageAttributes={
                "size": {"DataType": "Number", "StringValue": str(thing["size"])},
            },
        )


def tell(event: dict[str, Any], context: object) -> dict[str, Any]:
    api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["ENDPOINT"])  # noqa: TID251
    for record in event["Records"]:
        change = record["dynamodb"]
        key = change["Keys"]["key"]["S"]
        if "unlucky" in key:
            return {"batchItemFailures": [{"itemIdentifier": change["SequenceNumber"]}]}
        news = {"event": record["eventName"], "key": key}
        for item in connections.scan()["Items"]:
            api.post_to_connection(ConnectionId=str(item["id"]), Data=json.dumps(news))
    return {"batchItemFailures": []}


def alarm(event: dict[str, Any], context: object) -> None:
    message = event["Records"][0]["Sns"]
    logger.info("large: %s of %s", message["Message"], message["MessageAttributes"])
