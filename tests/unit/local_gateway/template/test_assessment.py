"""Each resource of a template with what the gateway would do with it."""

import pytest

from local_gateway.template.assessment import Assessment, Status, assess
from local_gateway.template.document.errors import Place
from local_gateway.template.document.problems import NotServedError, Problems
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Conditions: {Never: !Equals [a, b]}
Globals: {Function: {Runtime: python3.13, CodeUri: code, Handler: app.handler}}
Resources:
  Good: {Type: AWS::Serverless::Function}
  Old: {Type: AWS::Serverless::Function, Properties: {Runtime: python3.9}}
  Rust: {Type: AWS::Serverless::Function, Properties: {Runtime: provided.al2023}}
  Database: {Type: AWS::RDS::DBInstance}
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties: {ScheduleExpression: rate(1 day), Target: {Arn: !GetAtt Database.Arn, RoleArn: x}}
  Role: {Type: AWS::IAM::Role}
  Sometimes: {Type: AWS::SQS::Queue, Condition: Never}
  Stack: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested.yaml}}
"""
NESTED = """\
Resources:
  Queue: {Type: AWS::SQS::Queue}
  Database: {Type: AWS::RDS::DBInstance}
"""


def assessed(project: Project, template: str) -> Assessment:
    project.write("nested.yaml", NESTED)
    problems = Problems()
    loaded = load_template(project.write("template.yaml", template), problems=problems)
    values = ResourceValues(failed=frozenset(loaded.resources))
    return assess(loaded, values, problems)


def test_every_resource_has_a_status(project: Project) -> None:
    assessment = assessed(project, TEMPLATE)
    assert assessment.application is not None
    assert [(item.logical_id, item.line, item.status) for item in assessment.resources] == [
        ("Rust", 7, Status.LEFT_OUT),
        ("Database", 8, Status.LEFT_OUT),
        ("Nightly", 9, Status.LEFT_OUT),
        ("Stack/Database", 3, Status.LEFT_OUT),
        ("Old", 6, Status.APPROXIMATED),
        ("Good", 5, Status.SERVED),
        ("Stack", 14, Status.SERVED),
        ("Stack/Queue", 2, Status.SERVED),
        ("Role", 12, Status.NO_EFFECT),
        ("Sometimes", 13, Status.NO_EFFECT),
    ]
    notes = {item.logical_id: item.notes for item in assessment.resources if item.notes}
    assert notes["Old"] == ("python3.9 runs on python3.13 here",)
    assert notes["Nightly"] == ("it belongs to what is left out",)
    assert notes["Stack/Database"] == (
        "the type AWS::RDS::DBInstance is not served; it is left out",
    )


def test_what_stops_the_start_is_refused(project: Project) -> None:
    wrong = TEMPLATE.replace("Runtime: python3.9", "Timeout: 1000").replace(
        "!GetAtt Database.Arn", "x"
    )
    assessment = assessed(project, wrong)
    assert assessment.application is None
    refused = [item for item in assessment.resources if item.status is Status.REFUSED]
    assert [(item.logical_id, item.notes) for item in refused] == [
        ("Old", ("Timeout: expected a whole number from 1 to 900, found 1000",)),
    ]


def test_nothing_is_served_of_what_is_left_out_altogether(project: Project) -> None:
    assessment = assessed(
        project,
        "Resources:\n  Graph: {Type: AWS::AppSync::GraphQLApi}\n  Q: {Type: AWS::SQS::Queue}\n",
    )
    assert assessment.application is None
    assert [(item.logical_id, item.status) for item in assessment.resources] == [
        ("Graph", Status.LEFT_OUT),
        ("Q", Status.SERVED),
    ]


@pytest.mark.parametrize("parameters", ["", "Parameters: {P: {Type: Number, Default: x}}\n"])
def test_what_leads_to_a_function_that_is_left_out_is_left_out(
    project: Project, parameters: str
) -> None:
    """Also where nothing can be served, for that reason or for another one."""
    assessment = assessed(
        project,
        f"""{parameters}
Transform: AWS::Serverless-2016-10-31
Resources:
  Go: {{Type: AWS::Serverless::Function, Properties: {{Runtime: provided.al2023, Handler: x}}}}
  Socket:
    Type: AWS::ApiGatewayV2::Api
    Properties: {{Name: s, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.a}}
  ToGo:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {{ApiId: !Ref Socket, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Go.Arn}}
""",
    )
    assert assessment.application is None
    left_out = {item.logical_id for item in assessment.resources if item.status is Status.LEFT_OUT}
    assert left_out == {"Go", "ToGo"}


def test_what_is_about_no_resource_is_a_note(project: Project) -> None:
    text = f"Parameters: {{P: {{Type: Number, Default: x}}}}\n{TEMPLATE}"
    notes = assessed(project, text).notes
    assert notes[0].endswith(":1: Parameters.P: 'x' is not a Number")


def test_what_sam_makes_has_a_row_if_it_is_not_served(project: Project) -> None:
    text = TEMPLATE.replace(
        "Good: {Type: AWS::Serverless::Function}",
        "Good: {Type: AWS::Serverless::Function, Properties: "
        "{Events: {Any: {Type: HttpApi, Properties: {Path: /, Method: get}}}}}",
    )
    path, problems = project.write("template.yaml", text), Problems()
    project.write("nested.yaml", NESTED)
    template = load_template(path, problems=problems)
    place = Place(file=path, resource="ServerlessHttpApi")
    problems.add(NotServedError(place, "it is not served", "it is left out"))
    values = ResourceValues(failed=frozenset(template.resources))
    [made] = [item for item in assess(template, values, problems).resources if not item.line]
    assert (made.logical_id, made.type, made.status, made.notes) == (
        "ServerlessHttpApi",
        "made by SAM",
        Status.LEFT_OUT,
        ("it is not served; it is left out",),
    )
