import json
import os
from typing import Any

import boto3

dynamodb = boto3.resource("dynamodb")
messages = dynamodb.Table(os.environ["MESSAGES_TABLE"])  # noqa: TID251
connections = dynamodb.Table(os.environ["CONNECTIONS_TABLE"])  # noqa: TID251
api = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ["CHAT_ENDPOINT"],  # noqa: TID251
)


def authorize(event: dict[str, Any], context: object) -> dict[str, Any]:
    query = event["queryStringParameters"]
    statement = {
        "Action": "execute-api:Invoke",
        "Effect": "Allow",
        "Resource": event["methodArn"],
    }
    return {
        "principalId": query.get("name", "anonymous"),
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "usageIdentifierKey": query["key"],
    }


def connect(event: dict[str, Any], context: object) -> dict[str, Any]:
    connections.put_item(Item={"connectionId": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def disconnect(event: dict[str, Any], context: object) -> dict[str, Any]:
    connections.delete_item(Key={"connectionId": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def say(event: dict[str, Any], context: object) -> dict[str, Any]:
    request = event["requestContext"]
    text, author = json.loads(event["body"])["text"], request["authorizer"]["principalId"]
    broadcast({"id": request["messageId"], "text": text, "from": author})
    return {"statusCode": 200}


def broadcast(message: dict[str, str]) -> None:
    messages.put_item(Item=message)
    data = json.dumps(message).encode()
    for item in connections.scan()["Items"]:
        connection_id = str(item["connectionId"])
        try:
            api.post_to_connection(ConnectionId=connection_id, Data=data)
        except api.exceptions.GoneException:
            connections.delete_item(Key={"connectionId": connection_id})


def moderate(event: dict[str, Any], context: object) -> dict[str, Any]:
    if event["authorizationToken"] == "nobody":
        raise RuntimeError("Unauthorized")
    effect = "Allow" if event["authorizationToken"] == "moderator" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": event["authorizationToken"],
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
    }


def show(event: dict[str, Any], context: object) -> dict[str, Any]:
    match event.get("routeKey") or f"{event['httpMethod']} {event['resource']}":
        case "GET /messages":
            return answer(200, messages.scan()["Items"])
        case "GET /messages/{id}":
            item = messages.get_item(Key=event["pathParameters"]).get("Item")
            return answer(200, item) if item else answer(404, None)
        case "POST /messages":
            content = json.loads(event["body"])
            key_id = event["requestContext"]["identity"]["apiKeyId"]
            broadcast({"id": content["id"], "text": content["text"], "from": key_id})
            return answer(201, content)
        case "DELETE /messages/{id}":
            messages.delete_item(Key=event["pathParameters"])
            return answer(200, event["requestContext"]["authorizer"]["principalId"])
        case "GET /me":
            return answer(200, event["requestContext"]["authorizer"]["claims"]["cognito:username"])
        case _:
            claims = event["requestContext"]["authorizer"]["jwt"]["claims"]
            return answer(200, claims["cognito:username"])


def answer(status: int, content: object) -> dict[str, Any]:
    headers = {"Access-Control-Allow-Origin": "https://dashboard.example"}
    return {"statusCode": status, "headers": headers, "body": json.dumps(content)}
