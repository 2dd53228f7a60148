"""A chat: everybody gets what anybody says. Who calls himself nobody is refused."""

import json
import os

import boto3

connections = boto3.resource("dynamodb").Table(os.environ["TABLE_NAME"])


def authorize(event, context):
    name = event["queryStringParameters"]["name"]
    effect = "Deny" if name == "nobody" else "Allow"
    statement = {"Action": "execute-api:Invoke", "Effect": effect, "Resource": event["methodArn"]}
    policy = {"Version": "2012-10-17", "Statement": [statement]}
    return {"principalId": name, "policyDocument": policy}


def connect(event, context):
    connections.put_item(Item={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def disconnect(event, context):
    connections.delete_item(Key={"id": event["requestContext"]["connectionId"]})
    return {"statusCode": 200}


def count(event, context):
    return {"statusCode": 200, "body": json.dumps({"connections": connections.scan()["Count"]})}


def message(event, context):
    request = event["requestContext"]
    api = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=f"https://{request['domainName']}/{request['stage']}",
    )
    for item in connections.scan()["Items"]:
        try:
            api.post_to_connection(ConnectionId=item["id"], Data=event["body"])
        except api.exceptions.GoneException:
            connections.delete_item(Key={"id": item["id"]})
    return {"statusCode": 200}
