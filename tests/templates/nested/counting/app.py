"""Counts messages in a table and answers with the number."""

import json
import os
from typing import Any

import boto3

VARIABLES = os.environ  # noqa: TID251
TABLE = boto3.resource("dynamodb").Table(VARIABLES["TABLE"])


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    context_of_request = event["requestContext"]
    answer: Any = TABLE.update_item(
        Key={"word": VARIABLES["KEY"]},
        UpdateExpression="ADD messages :one",
        ExpressionAttributeValues={":one": 1},
        ReturnValues="ALL_NEW",
    )
    endpoint = f"https://{context_of_request['domainName']}/{context_of_request['stage']}"
    boto3.client("apigatewaymanagementapi", endpoint_url=endpoint).post_to_connection(
        ConnectionId=context_of_request["connectionId"],
        Data=json.dumps(
            {
                "word": answer["Attributes"]["word"],
                "count": int(answer["Attributes"]["messages"]),
                "notifies": "NOTICES" in VARIABLES,
            }
        ),
    )
    return {"statusCode": 200}
