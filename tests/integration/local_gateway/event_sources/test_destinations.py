"""Records of invocations arrive in queues, topics and event buses that exist."""

import json
from typing import Any

from local_gateway.event_sources.asynchronous import Trigger
from tests.integration.local_gateway.event_sources.conftest import Running, Stage

RESOURCES = """
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.%s
      DeadLetterQueue: {Type: SNS, TargetArn: !Ref Topic}
      EventInvokeConfig:
        MaximumRetryAttempts: 0
        DestinationConfig: {OnSuccess: {Type: %s, Destination: %s}}
  Topic:
    Type: AWS::SNS::Topic
    Properties: {Subscription: [{Protocol: sqs, Endpoint: !GetAtt Inbox.Arn}]}
  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-b"}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventBusName: !Ref Bus
      EventPattern: {source: [lambda]}
      Targets: [{Id: one, Arn: !GetAtt Inbox.Arn}]
  Inbox: {Type: AWS::SQS::Queue}
"""


async def message_after_success(stage: Stage, kind: str, destination: str) -> dict[str, Any]:
    running: Running = await stage.run(RESOURCES % ("take", kind, destination))
    trigger = Trigger(api="invoke", name="by a client")
    running.sources.asynchronous.begin("F", '{"a": 1}', trigger)
    [message] = await running.receive("Inbox")
    body: dict[str, Any] = json.loads(message["Body"])
    return body


async def test_queue_gets_the_record(stage: Stage) -> None:
    record = await message_after_success(stage, "SQS", "!GetAtt Inbox.Arn")
    assert record["requestContext"]["condition"] == "Success"


async def test_topic_gets_the_record_as_its_message(stage: Stage) -> None:
    notification = await message_after_success(stage, "SNS", "!Ref Topic")
    assert json.loads(notification["Message"])["requestContext"]["condition"] == "Success"


async def test_event_bus_gets_the_record_as_an_event(stage: Stage) -> None:
    event = await message_after_success(stage, "EventBridge", "!GetAtt Bus.Arn")
    assert event["detail-type"] == "Lambda Function Invocation Result - Success"
    assert event["detail"]["requestContext"]["condition"] == "Success"


async def test_topic_gets_dead_letters(stage: Stage) -> None:
    running = await stage.run(RESOURCES % ("fail", "SQS", "!GetAtt Inbox.Arn"))
    trigger = Trigger(api="invoke", name="by a client")
    running.sources.asynchronous.begin("F", '{"a": 1}', trigger)
    [message] = await running.receive("Inbox")
    notification = json.loads(message["Body"])
    assert json.loads(notification["Message"]) == {"a": 1}
    assert notification["MessageAttributes"]["ErrorCode"]["Value"] == "200"
