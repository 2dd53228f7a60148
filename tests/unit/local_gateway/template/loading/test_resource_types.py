"""Which types are left out, also those that SAM makes."""

import pytest

from local_gateway.template.loading.resource_types import misspelled
from tests.unit.local_gateway.template.project import Project

SAM = "Transform: AWS::Serverless-2016-10-31\n"


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("{Type: CloudWatchLogs, Properties: {LogGroupName: x, FilterPattern: x}}", "log subscri"),
        ("{Type: IoTRule, Properties: {Sql: x}}", "IoT rules are not served"),
    ],
)
def test_events_that_are_not_served(project: Project, event: str, message: str) -> None:
    loaded = project.read(
        f"""{SAM}Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: code
      Events: {{One: {event}}}
"""
    )
    [warning] = loaded.warnings
    assert message in warning
    assert [*loaded.application.functions] == ["F"]


@pytest.mark.parametrize(
    ("kind", "meant"),
    [
        ("AWS::SQS::Que", "did you mean AWS::SQS::Queue?"),
        ("AWS::Serverless::Fuction", "did you mean AWS::Serverless::Function?"),
        ("AWS::ApiGateway::VpcLink", ""),
        ("AWS::Cognito::UserPoolUser", ""),
        ("AWS::Lambda::FunctionThatIsNew", ""),
        ("Custom::Queue", ""),
    ],
)
def test_only_a_small_difference_is_a_typing_error(kind: str, meant: str) -> None:
    assert misspelled(kind) == meant
