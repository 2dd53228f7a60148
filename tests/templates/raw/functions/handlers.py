import json
from typing import Any


def authorize(event: dict[str, Any], context: object) -> dict[str, Any]:
    effect = "Allow" if event["queryStringParameters"]["token"] == "let-me-in" else "Deny"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    return {
        "principalId": "someone",
        "policyDocument": {"Version": "2012-10-17", "Statement": [statement]},
        "context": {"level": 3},
    }


def connect(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200}


def add(event: dict[str, Any], context: object) -> dict[str, Any]:
    numbers = json.loads(event["body"])["numbers"]
    return {"statusCode": 200, "body": json.dumps({"sum": sum(numbers)})}


def default(event: dict[str, Any], context: object) -> dict[str, Any]:
    return {"statusCode": 200, "body": "not sent: the route is one-way"}
