"""A project whose traffic the tests record: a WebSocket API that greets, and an HTTP API."""

from pathlib import Path

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Greeting: { Type: String, Default: Halo }
Globals:
  Function:
    Runtime: python3.13
    CodeUri: code/
    Environment:
      Variables:
        GREETING: !Ref Greeting
        ENDPOINT: !Sub https://${Api}.execute-api.${AWS::Region}.${AWS::URLSuffix}/dev
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: { FunctionArn: !GetAtt ConnectFunction.Arn }
        $default: { FunctionArn: !GetAtt GreetFunction.Arn }
        leave: { FunctionArn: !GetAtt LeaveFunction.Arn }
  ConnectFunction:
    Type: AWS::Serverless::Function
    Properties: { Handler: handlers.connect }
  GreetFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.greet
      Policies:
        - Statement:
            - Effect: Allow
              Action: execute-api:ManageConnections
              Resource: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
  LeaveFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.leave
      Policies:
        - Statement:
            - Effect: Allow
              Action: execute-api:ManageConnections
              Resource: !Sub arn:aws:execute-api:${AWS::Region}:${AWS::AccountId}:${Api}/*
  LoginFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.log_in
      Events:
        Login: { Type: HttpApi, Properties: { Path: /login, Method: POST } }
"""

HANDLERS = """\
import json
import os
import secrets

import boto3

api = boto3.client("apigatewaymanagementapi", endpoint_url=os.environ["ENDPOINT"])


def connect(event, context):
    return {"statusCode": 200}


def greet(event, context):
    print("greeting somebody")
    connection_id = event["requestContext"]["connectionId"]
    frame = {"greeting": os.environ["GREETING"], "token": secrets.token_hex(8)}
    api.post_to_connection(ConnectionId=connection_id, Data=json.dumps(frame))
    return {"statusCode": 200}


def leave(event, context):
    connection_id = event["requestContext"]["connectionId"]
    api.delete_connection(ConnectionId=connection_id)
    try:
        api.post_to_connection(ConnectionId=connection_id, Data="too late")
    except api.exceptions.GoneException:
        return {"statusCode": 200, "body": "gone"}


def log_in(event, context):
    cookie = f"session={secrets.token_hex(8)}; HttpOnly"
    return {"statusCode": 200, "cookies": [cookie], "body": json.dumps({"user": "ann"})}
"""


def write_project(directory: Path) -> Path:
    """Write the project's files; answers the template's path."""
    code = directory / "code"
    code.mkdir(parents=True)
    (code / "handlers.py").write_text(HANDLERS)
    template = directory / "template.yaml"
    template.write_text(TEMPLATE)
    return template
