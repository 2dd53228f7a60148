"""All problems at once, and the rest of a template without the resources that have one."""

import pytest

from local_gateway.core.model import Application
from local_gateway.template.application import LoadedApplication, build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NothingServedError, Problems
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Stage: {Type: String}
Globals: {Function: {Runtime: python3.13, CodeUri: code, Handler: app.handler}}
Resources:
  Good:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {MACHINE: !Ref Machine, ARN: !GetAtt Bad.Arn}}
  Bad:
    Type: AWS::Serverless::Function
    Properties:
      Timeout: 1000
      Handler: missing.handler
      Events: {Any: {Type: HttpApi, Properties: {Path: /bad, Method: get}}}
  Typo:
    Type: AWS::Serverless::Function
    Properties: {Timout: 3}
  Machine: {Type: AWS::EC2::Instance}
  Database: {Type: AWS::RDS::DBInstance}
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {FunctionArn: !GetAtt Good.Arn}
        bad: {FunctionArn: !GetAtt Bad.Arn}
        typo: {FunctionArn: !GetAtt Typo.Arn, IntegrationTimeout: 40000}
        good: {FunctionArn: !GetAtt Good.Arn, IntegrationTimeout: 10}
  Bucket:
    Type: AWS::SQS::Queue
    Properties: {QueueNames: x}
Outputs:
  Url: {Vlaue: x}
"""
RULE_ARN = {("Rule", "Arn"): "arn:rule"}
PROBLEMS = [
    "3: Parameters.Stage: the parameter has no default and no value; "
    "give it with --parameter-overrides Stage=VALUE",
    "14: Bad: Handler: the handler missing.handler needs missing.py, which is not in code",
    "18: Typo: Timout: property Timout not defined for resource of type AWS::Serverless::Function",
    "29: Api: Routes.good.IntegrationTimeout: 10 is not between 50 and 29000",
    "32: Bucket: QueueNames: unknown property; did you mean QueueName?",
    "34: Outputs.Url: the output has no Value",
]


def read(project: Project, text: str, *leave_out: str, **overrides: str) -> LoadedApplication:
    """What the gateway does, with all problems of both steps."""
    problems = Problems()
    path = project.write("template.yaml", text)
    template = load_template(path, overrides, leave_out=leave_out, problems=problems)
    return build_application(template, ResourceValues(), problems=problems)


def test_all_problems_are_said_at_once(project: Project) -> None:
    with pytest.raises(TemplateError) as raised:
        read(project, TEMPLATE)
    root = f"{project.root}/"
    lines = [
        line.replace(f"{root}template.yaml:", "").replace(root, "")
        for line in str(raised.value).splitlines()
    ]
    assert lines == PROBLEMS


CORRECTED = TEMPLATE.replace("IntegrationTimeout: 10}", "IntegrationTimeout: 100}").replace(
    "{Vlaue: x}", "{Value: x}"
)


def test_the_rest_is_served_without_what_is_left_out(project: Project) -> None:
    out = ("Bad", "Typo", "Machine", "Database", "Bucket")
    loaded = read(project, CORRECTED, *out, Stage="dev")
    application: Application = loaded.application
    assert list(application.functions) == ["Good"]
    [api] = application.websocket_apis
    assert list(api.routes) == ["$connect", "good"]
    assert application.http_apis == ()
    environment = application.functions["Good"].environment
    assert environment.keys() == {"MACHINE", "ARN"}
    assert all(environment.values())
    [warning] = [line for line in loaded.warnings if line.startswith("left out: ")]
    assert (
        warning
        == f"left out: {', '.join(out)}, and what leads there: the route bad, the route typo"
    )


def test_a_nested_stack_and_a_resource_in_it_can_be_left_out(project: Project) -> None:
    project.write(
        "nested.yaml",
        """\
        Resources:
          Q: {Type: AWS::SNS::Topic}
          Wrong: {Type: AWS::RDS::DBInstance}
        Outputs:
          Name: {Value: !Ref Q}
        """,
    )
    text = """\
Resources:
  Inner: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: nested.yaml}}
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {NAME: !GetAtt Inner.Outputs.Name}}
"""
    wrong = "Inner/Wrong: the type AWS::RDS::DBInstance is not served; it is left out"
    values = ResourceValues(refs={"Inner/Q": "topic"})
    loaded = project.read(text, values)
    assert [wrong in line for line in loaded.warnings] == [True]
    assert loaded.application.functions["Fun"].environment == {"NAME": "topic"}
    assert read(project, text, "Inner").application.functions["Fun"].environment["NAME"]
    problems = Problems()
    path = project.write("template.yaml", text)
    template = load_template(path, leave_out=["Inner/Wrong"], problems=problems)
    assert "Inner/Q" in template.resources
    problems.raise_if_any()


PARTLY_SERVED = """\
Transform: AWS::Serverless-2016-10-31
Globals: {Function: {Runtime: python3.13, CodeUri: code, Handler: app.handler}}
Resources:
  Good:
    Type: AWS::Serverless::Function
    Properties:
      Environment: {Variables: {DATABASE: !Ref Database, ROLE: !GetAtt Role.Arn, PLAIN: x}}
      Events: {Any: {Type: IoTRule, Properties: {Sql: x}}}
  Durable:
    Type: AWS::Serverless::Function
    Properties: {DurableConfig: {ExecutionTimeout: 60}}
  Database: {Type: AWS::RDS::DBInstance}
  Graph: {Type: AWS::Serverless::GraphQLApi, Properties: {SchemaUri: schema.graphql}}
  Role: {Type: AWS::IAM::Role}
  Seed: {Type: Custom::Seed, Properties: {ServiceToken: !GetAtt Good.Arn}}
  Rule:
    Type: AWS::Events::Rule
    Properties:
      EventPattern: {source: [x]}
      Targets: [{Id: one, Arn: !GetAtt Database.Arn}, {Id: two, Arn: !GetAtt Good.Arn}]
  Nightly:
    Type: AWS::Scheduler::Schedule
    Properties: {ScheduleExpression: rate(1 day), Target: {Arn: !GetAtt Database.Arn, RoleArn: x}}
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {FunctionArn: !GetAtt Durable.Arn}
        fast: {FunctionArn: !GetAtt Durable.Arn}
        good: {FunctionArn: !GetAtt Good.Arn}
"""


def test_what_is_not_served_stops_nothing_else(project: Project) -> None:
    loaded = project.read(PARTLY_SERVED, ResourceValues(refs={"Rule": "r"}, attributes=RULE_ARN))
    application = loaded.application
    assert [*application.functions] == ["Good"]
    assert [*application.websocket_apis[0].routes] == ["good"]
    [rule] = application.event_rules
    assert [target.target_id for target in rule.targets] == ["two"]
    assert application.schedules == ()
    file = f"{project.root}/template.yaml"
    lines = [line.replace(f"{file}:", "") for line in loaded.warnings]
    assert lines == [
        "6: Good: AWS::IoT::TopicRule: IoT rules are not served; that part of it is left out",
        "11: Durable: DurableConfig: durable functions are not served; the function is left out",
        "12: Database: the type AWS::RDS::DBInstance is not served; it is left out",
        "13: Graph: AWS::AppSync::GraphQLApi: GraphQL APIs are not served; it is left out",
        "15: Seed: Custom::Seed: custom resources are not run; do with --on-ready what yours does; "
        "it is left out",
        "left out, because it leads to what is not served: Nightly",
        "left out, because it leads to what is not served: the route $connect, the route fast; "
        "without its $connect route the API accepts every client",
        "7: Good: Environment.Variables.DATABASE: Database is not served; the value leads nowhere",
    ]


def test_references_to_what_is_left_out_have_the_form_of_aws(project: Project) -> None:
    loaded = project.read(PARTLY_SERVED, ResourceValues(refs={"Rule": "r"}, attributes=RULE_ARN))
    assert loaded.application.functions["Good"].environment == {
        "DATABASE": "local-Database",
        "ROLE": "arn:aws:iam::123456789012:role/local-Role",
        "PLAIN": "x",
    }


def test_a_template_of_which_nothing_is_left_is_refused(project: Project) -> None:
    with pytest.raises(NothingServedError) as raised:
        project.read("""\
Resources:
  Database: {Type: AWS::RDS::DBInstance}
  Queue: {Type: AWS::SQS::Queue}
  Go:
    Type: AWS::Lambda::Function
    Properties: {Runtime: go1.x, Code: code, Handler: main}
""")
    assert [error.place.resource for error in raised.value.errors] == ["Database", "Go"]


OF_FRAMEWORKS = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties: {Runtime: python3.13, Code: code, Handler: app.handler}
  Retention: {Type: AWS::Lambda::Function, Properties: {Runtime: x, Code: code, Handler: x}}
  Permission: {Type: AWS::Lambda::Permission, Properties: {FunctionName: !Ref Retention}}
  One: {Type: Custom::LogRetention, Properties: {ServiceToken: !GetAtt Retention.Arn}}
  Two: {Type: Custom::LogRetention, Properties: {ServiceToken: !GetAtt Retention.Arn}}
"""


def test_functions_of_the_frameworks_own_custom_resources_are_left_out(project: Project) -> None:
    loaded = project.read(OF_FRAMEWORKS)
    assert ([*loaded.application.functions], loaded.warnings) == (["Fun"], ())


def test_what_does_not_exist_cannot_be_left_out(project: Project) -> None:
    with pytest.raises(TemplateError, match=r"names Datbase, which .* did you mean Database\?"):
        read(project, TEMPLATE, "Datbase")


def test_operations_of_a_rest_api_go_with_their_function(project: Project) -> None:
    project.write("code/app.py", "def handler(event, context):\n    return None\n")
    function = """\
  {name}:
    Type: AWS::Serverless::Function
    Properties:
      Runtime: python3.13
      CodeUri: code
      Handler: app.handler
      Events: {{One: {{Type: Api, Properties: {{Path: /{name}, Method: get}}}}}}
"""
    template = "Transform: AWS::Serverless-2016-10-31\nResources:\n" + "".join(
        function.format(name=name) for name in ("Kept", "Gone")
    )
    (api,) = read(project, template, "Gone").application.rest_apis
    assert [method.resource for method in api.methods] == ["/Kept"]
