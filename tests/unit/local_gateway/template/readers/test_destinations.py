"""The destinations of invocations, by their ARN."""

import pytest

from local_gateway.core.event_sources.model import Destination
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project
from tests.unit.local_gateway.template.sources_project import ARN, VALUES, template

TOPIC = "arn:aws:sns:us-east-1:123456789012:t"
BUS = "arn:aws:events:us-east-1:123456789012:event-bus/b"
DEFAULT_BUS = "arn:aws:events:us-east-1:123456789012:event-bus/default"
FUNCTION = "arn:aws:lambda:us-east-1:123456789012:function:local-F"
RESOURCES = """
  T: {Type: AWS::SNS::Topic}
  B: {Type: AWS::Events::EventBus, Properties: {Name: b}}
"""
ALL_VALUES = ResourceValues(
    refs={**VALUES.refs, "T": TOPIC, "B": "b"},
    attributes={**VALUES.attributes, ("T", "TopicArn"): TOPIC, ("B", "Arn"): BUS},
)


@pytest.mark.parametrize(
    ("written", "destination"),
    [
        ("!GetAtt Q.Arn", Destination(arn=f"{ARN}:q", queue_url="http://q")),
        ("!Ref T", Destination(arn=TOPIC)),
        ("!GetAtt B.Arn", Destination(arn=BUS)),
        (DEFAULT_BUS, Destination(arn=DEFAULT_BUS)),
        ("!GetAtt F.Arn", Destination(arn=FUNCTION, function="F")),
        ("!Sub '${F.Arn}:live'", Destination(arn=f"{FUNCTION}:live", function="F")),
    ],
)
def test_destination_of_the_template(
    project: Project, written: str, destination: Destination
) -> None:
    resources = f"""{RESOURCES}
  C:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref F
      Qualifier: $LATEST
      DestinationConfig: {{OnSuccess: {{Destination: {written}}}}}
"""
    loaded = project.read(template(resources=resources), ALL_VALUES)
    assert loaded.application.asynchronous["F"].on_success == destination
    assert not any("nothing is sent there" in warning for warning in loaded.warnings)


@pytest.mark.parametrize("arn", ["arn:aws:s3:::bucket", f"{ARN}:elsewhere", f"{TOPIC}2", "text"])
def test_destination_that_is_not_here_is_a_warning(project: Project, arn: str) -> None:
    resources = f"""{RESOURCES}
  C:
    Type: AWS::Lambda::EventInvokeConfig
    Properties:
      FunctionName: !Ref F
      Qualifier: $LATEST
      DestinationConfig: {{OnFailure: {{Destination: '{arn}'}}}}
"""
    loaded = project.read(template(resources=resources), ALL_VALUES)
    assert loaded.application.asynchronous["F"].on_failure is None
    assert any("nothing is sent there" in warning for warning in loaded.warnings)
