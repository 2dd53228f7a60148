import json
import os
from typing import Any

import boto3

table = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])  # noqa: TID251


def handler(event: dict[str, Any], context: object) -> dict[str, Any]:
    request = event["requestContext"]
    endpoint = f"https://{request['domainName']}/{request['stage']}"
    api = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
    data = json.loads(event["body"])["data"].encode()
    for item in table.scan(ProjectionExpression="connectionId")["Items"]:
        connection_id = str(item["connectionId"])
        try:
            api.post_to_connection(ConnectionId=connection_id, Data=data)
        except api.exceptions.GoneException:
            table.delete_item(Key={"connectionId": connection_id})
    return {"statusCode": 200, "body": "Data sent."}
