"""Events that match a rule reach the rule's targets, on the default bus and on others."""

import json
from pathlib import Path
from typing import Any

from aws_lambda_powertools.utilities.parser.models import EventBridgeModel

from tests.integration.local_gateway.event_sources.conftest import Running, Stage

FUNCTION = """
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.{handler}
      Events:
        One: {{Type: EventBridgeRule, Properties: {{{rule}}}}}
"""


def listener(rule: str, handler: str = "take", name: str = "Listener") -> str:
    """A function with a rule."""
    return FUNCTION.format(name=name, handler=handler, rule=rule)


def put(running: Running, detail: object, **parts: Any) -> dict[str, Any]:
    """Put an event on a bus; its source is the application's, so that tests do not meet."""
    entry = {
        "Source": running.application.stack_name,
        "DetailType": "PrintedEvent",
        "Detail": json.dumps(detail),
        **parts,
    }
    answer = running.client("events").put_events(Entries=[entry])
    assert answer["FailedEntryCount"] == 0
    [accepted] = answer["Entries"]
    return dict(accepted)


async def test_event_that_matches_the_pattern_invokes_the_function(stage: Stage) -> None:
    pattern = "Pattern: {source: [!Ref AWS::StackName], detail: {amount: [{numeric: ['>', 9]}]}}"
    running = await stage.run(listener(pattern))
    put(running, {"amount": 1})
    entry = put(running, {"amount": 10, "time": 3}, Resources=["arn:x"])
    [event] = await running.recorder.wait_for_events(1)
    read = EventBridgeModel.model_validate(event)
    assert read.id == entry["EventId"]
    assert (read.account, read.region, read.version) == ("123456789012", "us-east-1", "0")
    assert list(event) == [
        "version",
        "id",
        "detail-type",
        "source",
        "account",
        "time",
        "region",
        "resources",
        "detail",
    ]
    assert event["detail"] == {"amount": 10, "time": 3}
    assert event["resources"] == ["arn:x"]
    [printed] = await running.recorder.wait_for_records(1)
    assert (printed.api, printed.outcome, printed.function) == ("events", "ok", "Listener")
    assert printed.route_key == f"{running.application.stack_name}-ListenerOne"


async def test_custom_bus_is_a_world_of_its_own(stage: Stage) -> None:
    bus = '\n  Bus: {Type: AWS::Events::EventBus, Properties: {Name: !Sub "${AWS::StackName}-b"}}'
    pattern = "EventBusName: !Ref Bus, Pattern: {detail-type: [PrintedEvent]}"
    running = await stage.run(bus + listener(pattern))
    put(running, {"where": "default"})
    put(running, {"where": "custom"}, EventBusName=running.values.refs["Bus"])
    [event] = await running.recorder.wait_for_events(1)
    assert event["detail"] == {"where": "custom"}


async def test_targets_get_what_they_ask_for(stage: Stage) -> None:
    resources = """
  Kept: {Type: AWS::SQS::Queue}
  Row: {Type: AWS::SQS::Queue, Properties: {FifoQueue: true, ContentBasedDeduplication: true}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [!Ref AWS::StackName]}
      Targets:
        - {Id: a, Arn: !GetAtt Listener.Arn, InputPath: $.detail.name}
        - {Id: b, Arn: !GetAtt Kept.Arn}
        - Id: c
          Arn: !GetAtt Row.Arn
          SqsParameters: {MessageGroupId: one}
          InputTransformer:
            InputPathsMap: {who: $.detail.name}
            InputTemplate: '{"text": "Hello <who>"}'
  Listener: {Type: AWS::Serverless::Function, Properties: {Handler: handlers.take}}
"""
    running = await stage.run(resources)
    put(running, {"name": "Sari"})
    assert await running.recorder.wait_for_events(1) == ["Sari"]
    [kept] = await running.receive("Kept")
    assert json.loads(kept["Body"])["detail"] == {"name": "Sari"}
    [row] = await running.receive("Row")
    assert json.loads(row["Body"]) == {"text": "Hello Sari"}


async def test_function_that_fails_gets_the_event_again(stage: Stage) -> None:
    pattern = "Pattern: {source: [!Ref AWS::StackName]}"
    running = await stage.run(listener(pattern, "fail_first"))
    put(running, {"n": 1})
    [failed] = await running.recorder.wait_for_records(1)
    assert failed.detail == "ValueError: not yet; again in 60 s"
    await running.clock.advance()
    first, second = await running.recorder.wait_for_events(2)
    assert first == second
    entries = await running.recorder.wait_for_records(2)
    assert entries[1].outcome == "ok"


async def test_what_fails_for_good_goes_to_the_functions_dead_letter_queue(stage: Stage) -> None:
    resources = """
  Dead: {Type: AWS::SQS::Queue}
  Listener:
    Type: AWS::Serverless::Function
    Properties:
      Handler: handlers.fail
      DeadLetterQueue: {Type: SQS, TargetArn: !GetAtt Dead.Arn}
      EventInvokeConfig: {MaximumRetryAttempts: 0}
      Events:
        One: {Type: EventBridgeRule, Properties: {Pattern: {source: [!Ref AWS::StackName]}}}
"""
    running = await stage.run(resources)
    put(running, {"n": 1})
    [message] = await running.receive("Dead")
    assert json.loads(message["Body"])["detail"] == {"n": 1}
    error = message["MessageAttributes"]["ErrorMessage"]["StringValue"]
    assert error == "ValueError: this never works"


async def test_disabled_rule_is_silent(stage: Stage) -> None:
    pattern = "Pattern: {source: [!Ref AWS::StackName]}"
    resources = listener(f"State: DISABLED, {pattern}", name="Deaf") + listener(pattern)
    running = await stage.run(resources)
    put(running, {"n": 1})
    put(running, {"n": 2})
    await running.recorder.wait_for_records(2)
    assert {entry.function for entry in running.recorder.records} == {"Listener"}


async def test_garbage_on_the_gateways_queue_does_no_harm(stage: Stage) -> None:
    running = await stage.run(listener("Pattern: {source: [!Ref AWS::StackName]}"))
    name = f"{running.application.stack_name}-LocalGatewayEvents"
    url = running.client("sqs").get_queue_url(QueueName=name)["QueueUrl"]
    for body in ("text", "[]", '{"rule": {}, "event": 1}'):
        running.client("sqs").send_message(QueueUrl=url, MessageBody=body)
    put(running, {"n": 1})
    [event] = await running.recorder.wait_for_events(1)
    assert event["detail"] == {"n": 1}


NESTED = """\
Parameters:
  Source: {Type: String}
  Function: {Type: String}
Resources:
  Bucket: {Type: AWS::S3::Bucket}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [!Ref Source]}
      Targets: [{Id: a, Arn: !Ref Function}]
"""


async def test_rule_of_a_nested_stack_invokes_a_function_of_its_parent(
    stage: Stage, tmp_path: Path
) -> None:
    (tmp_path / "nested.yaml").write_text(NESTED, encoding="utf-8")
    running = await stage.run("""
  Listener: {Type: AWS::Serverless::Function, Properties: {Handler: handlers.take}}
  Nested:
    Type: AWS::Serverless::Application
    Properties:
      Location: nested.yaml
      Parameters: {Source: !Ref AWS::StackName, Function: !GetAtt Listener.Arn}
""")
    put(running, {"amount": 1})
    [event] = await running.recorder.wait_for_events(1)
    assert event["detail"] == {"amount": 1}
    [record] = await running.recorder.wait_for_records(1)
    assert record.route_key.startswith(f"{running.application.stack_name}-Nested-")
    assert running.client("s3").head_bucket(Bucket=running.values.refs["Nested/Bucket"])
