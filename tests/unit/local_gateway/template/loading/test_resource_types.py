"""What this version does not do is refused, not passed over."""

import pytest

from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project

SAM = "Transform: AWS::Serverless-2016-10-31\n"


def failure(project: Project, template: str, **overrides: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.load(template, overrides)
    text = str(raised.value)
    assert text.startswith(f"{project.root}/template.yaml:")
    assert "\n" not in text
    return text.removeprefix(f"{project.root}/template.yaml:")


NOT_SERVED = [
    ("AWS::Logs::SubscriptionFilter", "log subscriptions are not served"),
]


@pytest.mark.parametrize(("resource_type", "cause"), NOT_SERVED)
def test_what_is_not_served_is_refused(project: Project, resource_type: str, cause: str) -> None:
    assert failure(project, f"Resources:\n  X: {{Type: {resource_type}}}") == (
        f"2: X: {resource_type}: {cause}; "
        "remove it or give the resource a Condition that is false here"
    )


@pytest.mark.parametrize(
    ("event", "message"),
    [
        ("{Type: CloudWatchLogs, Properties: {LogGroupName: x, FilterPattern: x}}", "log subscri"),
        ("{Type: IoTRule, Properties: {Sql: x}}", "IoT rules are not served"),
    ],
)
def test_events_that_are_not_served(project: Project, event: str, message: str) -> None:
    text = failure(
        project,
        f"""{SAM}Resources:
  F:
    Type: AWS::Serverless::Function
    Properties:
      Handler: app.handler
      Runtime: python3.13
      CodeUri: code
      Events: {{One: {event}}}
""",
    )
    assert message in text
