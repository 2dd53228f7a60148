"""A template with two queues and a function, to which event sources are added."""

from local_gateway.core.model import Application
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

ARN = "arn:aws:sqs:us-east-1:123456789012"
VALUES = ResourceValues(
    refs={"Q": "http://q", "Row": "http://row.fifo", "R": "shop|the-rule", "FOne": "one"},
    attributes={
        ("Q", "Arn"): f"{ARN}:q",
        ("Row", "Arn"): f"{ARN}:row.fifo",
        ("R", "Arn"): "arn:rule",
        ("FOne", "Arn"): "arn:one",
    },
)


def template(event: str = "", resources: str = "", function: str = "") -> str:
    """The template's text."""
    events = f"Events: {{One: {event}}}" if event else ""
    return f"""Transform: AWS::Serverless-2016-10-31
Resources:
  Q: {{Type: AWS::SQS::Queue}}
  Row: {{Type: AWS::SQS::Queue, Properties: {{FifoQueue: true}}}}
  F:
    Type: AWS::Serverless::Function
    Properties:
      {{Handler: app.handler, Runtime: python3.13, CodeUri: code, {function} {events}}}
{resources}"""


def read(project: Project, *parts: str, **named: str) -> Application:
    """The application."""
    return project.build(template(*parts, **named), VALUES)


def failure(project: Project, *parts: str, **named: str) -> str:
    """Why it, or a part of it, cannot be served."""
    return project.complaint(template(*parts, **named), VALUES)
