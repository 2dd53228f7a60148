"""Every service that integrations can call, as moto answers it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from tests.support.programs import GatewayProgram

SECONDS = 20.0
FORM = {"integration.request.header.Content-Type": "'application/x-www-form-urlencoded'"}
KEY = {"integration.request.path.key": "context.connectionId"}
FUNCTION = "lambda:path/2015-03-31/functions/${Listener.Arn}/invocations"
VARIABLE = (
    "lambda:path/2015-03-31/functions/arn:aws:lambda:${AWS::Region}:${AWS::AccountId}:function:"
    "${!stageVariables.function}/invocations"
)
MACHINE = "arn:aws:states:us-east-1:123456789012:stateMachine:none"
EVENT = (
    '#set($context.requestOverride.header.X-Amz-Target = "AWSEvents.PutEvents")'
    '#set($context.requestOverride.header.Content-Type = "application/x-amz-json-1.1")'
    '{"Entries": [{"Source": "sockets", "DetailType": "message", '
    '"Detail": "$util.escapeJavaScript($input.body)"}]}'
)

# By route: the end of the URI, the method, the parameters and the template.
ROUTES: Mapping[str, tuple[str, str, Mapping[str, str], str | None]] = {
    "topic": (
        "sns:action/Publish",
        "POST",
        FORM,
        "Action=Publish&TopicArn=${Topic}&Message=$util.urlEncode($input.body)",
    ),
    "topicbyquery": (
        "sns:action/Publish",
        "POST",
        {
            "integration.request.querystring.TopicArn": "'${Topic}'",
            "integration.request.querystring.Message": "route.request.body",
        },
        None,
    ),
    "queue": (
        "sqs:action/SendMessage",
        "POST",
        FORM,
        "Action=SendMessage&QueueUrl=$util.urlEncode('${Queue}')&MessageBody=x",
    ),
    "noform": (
        "sqs:path/${AWS::AccountId}/${Queue.QueueName}",
        "POST",
        {},
        "Action=SendMessage&MessageBody=x",
    ),
    "noqueue": (
        "sqs:path/${AWS::AccountId}/none",
        "POST",
        FORM,
        "Action=SendMessage&MessageBody=x",
    ),
    "bus": ("events:action/PutEvents", "POST", {}, EVENT),
    "stream": (
        "kinesis:action/PutRecord",
        "POST",
        {},
        '{"StreamName": "${Stream}", "Data": "$util.base64Encode($input.body)", '
        '"PartitionKey": "$context.connectionId"}',
    ),
    "machine": (
        "states:action/StartExecution",
        "POST",
        {},
        f'{{"stateMachineArn": "{MACHINE}", "input": "{{}}"}}',
    ),
    "put": ("s3:path/${Bucket}/{key}", "PUT", KEY, None),
    "get": ("s3:path/${Bucket}/{key}", "GET", KEY, ""),
    "function": (FUNCTION, "POST", {}, None),
    "later": (
        FUNCTION,
        "POST",
        {"integration.request.header.X-Amz-Invocation-Type": "'Event'"},
        None,
    ),
    "variable": (VARIABLE, "POST", {}, None),
}


def resource(kind: str, **properties: object) -> dict[str, object]:
    """A resource; texts with `${` are substituted."""
    return {"Type": f"AWS::{kind}", "Properties": properties}


def template() -> dict[str, Any]:
    """An API with a two-way route for each integration."""
    role = {"Fn::GetAtt": ["Role", "Arn"]}
    code = "def handler(event, context):\n    print('got', event)\n    return event\n"
    resources = {
        "Api": resource(
            "ApiGatewayV2::Api",
            Name="services",
            ProtocolType="WEBSOCKET",
            RouteSelectionExpression="$request.body.action",
        ),
        "Stage": resource(
            "ApiGatewayV2::Stage",
            ApiId={"Ref": "Api"},
            StageName="prod",
            AutoDeploy=True,
            StageVariables={"function": {"Ref": "Listener"}},
        ),
        "Role": resource("IAM::Role", AssumeRolePolicyDocument={}),
        "Topic": resource("SNS::Topic"),
        "Queue": resource("SQS::Queue"),
        "Bucket": resource("S3::Bucket"),
        "Stream": resource("Kinesis::Stream", ShardCount=1),
        "Listener": resource(
            "Lambda::Function",
            Role=role,
            Runtime="python3.13",
            Handler="index.handler",
            Code={"ZipFile": code},
        ),
        "Rule": resource(
            "Events::Rule",
            EventPattern={"source": ["sockets"]},
            Targets=[{"Id": "listener", "Arn": {"Fn::GetAtt": ["Listener", "Arn"]}}],
        ),
    }
    for key, (uri, method, parameters, text) in ROUTES.items():
        templates = {} if text is None else {"RequestTemplates": {"$default": {"Fn::Sub": text}}}
        name, api = key.capitalize(), {"Ref": "Api"}
        resources[f"{name}Integration"] = resource(
            "ApiGatewayV2::Integration",
            ApiId=api,
            IntegrationType="AWS",
            IntegrationMethod=method,
            CredentialsArn=role,
            IntegrationUri={"Fn::Sub": f"arn:aws:apigateway:${{AWS::Region}}:{uri}"},
            RequestParameters={name: {"Fn::Sub": text} for name, text in parameters.items()},
            **templates,
        )
        resources[f"{name}Route"] = resource(
            "ApiGatewayV2::Route",
            ApiId=api,
            RouteKey=key,
            RouteResponseSelectionExpression="$default",
            Target={"Fn::Sub": f"integrations/${{{name}Integration}}"},
        )
        resources[f"{name}RouteResponse"] = resource(
            "ApiGatewayV2::RouteResponse",
            ApiId=api,
            RouteResponseKey="$default",
            RouteId={"Ref": f"{name}Route"},
        )
        resources[f"{name}Response"] = resource(
            "ApiGatewayV2::IntegrationResponse",
            ApiId=api,
            IntegrationId={"Ref": f"{name}Integration"},
            IntegrationResponseKey="$default",
        )
    return {"Resources": resources}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GatewayProgram]:
    path: Path = tmp_path_factory.mktemp("services") / "template.json"
    path.write_text(json.dumps(template()), encoding="utf-8")
    with GatewayProgram(path) as program:
        program.wait_for("^Ready")
        yield program


def answer(gateway: GatewayProgram, *actions: str) -> str:
    """The last frame that these routes send on a connection."""
    text = ""
    with gateway.connect("prod") as socket:
        for action in actions:
            socket.send(json.dumps({"action": action, "text": "a & b"}))
            if action != "put":  # its response is empty
                text = str(socket.recv(SECONDS))
            gateway.wait_for(rf"{action} +[2-5]\d\d ")
    return text


@pytest.mark.parametrize(
    ("action", "result"),
    [
        ("topic", "<MessageId>"),
        ("topicbyquery", "<MessageId>"),
        ("queue", "<MessageId>"),
        ("noform", "<UnknownOperationException/>"),
        ("noqueue", "AWS.SimpleQueueService.NonExistentQueue"),
        ("stream", "SequenceNumber"),
        ("machine", "StateMachineDoesNotExist"),
        ("function", '"text": "a & b"'),
        ("variable", '"text": "a & b"'),
    ],
)
def test_a_service_does_what_the_template_asks(
    gateway: GatewayProgram, action: str, result: str
) -> None:
    assert result in answer(gateway, action)


def test_an_event_arrives_at_its_rule(gateway: GatewayProgram) -> None:
    assert json.loads(answer(gateway, "bus"))["FailedEntryCount"] == 0
    gateway.wait_for(r"Listener \| got .*'source': 'sockets'")


def test_an_object_is_stored_and_read(gateway: GatewayProgram) -> None:
    assert json.loads(answer(gateway, "put", "get"))["action"] == "put"


def test_an_event_invocation_is_made_in_the_background(gateway: GatewayProgram) -> None:
    with gateway.connect("prod") as socket:
        socket.send('{"action": "later", "text": "now"}')
        gateway.wait_for(r"  later          202 .* Listener lambda \S+=")
        gateway.wait_for(r"  later          ok .* Listener")
        gateway.wait_for(r"Listener \| got .*'text': 'now'")


def test_a_refusal_by_a_service_says_what_to_change(gateway: GatewayProgram) -> None:
    answer(gateway, "noform")
    gateway.wait_for(
        r"! noform .*UnknownOperationException: the request has no Action .*Content-Type is mapped"
    )
