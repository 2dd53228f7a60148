"""Functions and their handlers' files: read, or refused with one clear line."""

from textwrap import dedent

import pytest

from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import HANDLER, Project

BASE = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: code
      Handler: {handler}
      Runtime: python3.13
      {more}
"""


def function(handler: str = "app.handler", more: str = "Timeout: 3") -> str:
    return BASE.format(handler=handler, more=more)


def failure(project: Project, template: str) -> str:
    text = project.complaint(template)
    assert "\n" not in text
    return text.replace(f"{project.root}/", "")


def test_defaults(project: Project) -> None:
    found = project.build(function(more="Tags: []")).functions["Fun"]
    assert found.name == "local-Fun"
    assert found.arn == "arn:aws:lambda:us-east-1:123456789012:function:local-Fun"
    assert (found.timeout, found.memory_size, found.reserved_concurrency) == (3.0, 128, None)
    assert found.code == project.root / "code"
    assert (found.environment, found.layers) == ({}, ())


def test_everything_given(project: Project) -> None:
    more = """FunctionName: !Sub ${AWS::StackName}-x
      Timeout: "20"
      MemorySize: 512
      ReservedConcurrentExecutions: 0
      Environment:
        Variables: {NUMBER: 5, FLAG: true, EMPTY: "", QUEUE: !Ref Queue, ARN: !GetAtt Queue.Arn,
          SELF: !Ref Fun, MANAGEMENT: !Sub "https://${Api}.execute-api.us-east-1.amazonaws.com/ws"}
  Queue: {Type: AWS::SQS::Queue}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.a}"""
    values = ResourceValues(
        refs={"Queue": "http://localhost:1/q"}, attributes={("Queue", "Arn"): "arn:q"}
    )
    application = project.build(function(more=more), values)
    [api], found = application.websocket_apis, application.functions["Fun"]
    assert (found.name, found.timeout, found.memory_size) == ("local-x", 20.0, 512)
    assert found.reserved_concurrency == 0
    assert found.environment == {
        "NUMBER": "5",
        "FLAG": "true",
        "EMPTY": "",
        "QUEUE": "http://localhost:1/q",
        "ARN": "arn:q",
        "SELF": "local-x",
        "MANAGEMENT": f"https://{api.api_id}.execute-api.us-east-1.amazonaws.com/ws",
    }


@pytest.mark.parametrize(
    ("template", "message"),
    [
        (
            function(more="Timeuot: 3"),
            "template.yaml:8: Fun: Timeuot: unknown property; did you mean Timeout?",
        ),
        (
            function(more="DurableConfig: {ExecutionTimeout: 60}"),
            "template.yaml:8: Fun: DurableConfig: durable functions are not served; "
            "the function is left out",
        ),
        (
            function(more="Timeout: soon"),
            "template.yaml:8: Fun: Timeout: expected a number, found soon",
        ),
        (
            function(more="Environment: {Variables: {A: [1]}}"),
            "template.yaml:8: Fun: Environment.Variables.A: expected text",
        ),
        (
            function(more="Environment: {Varibles: {A: 1}}"),
            "template.yaml:8: Fun: Environment.Varibles: unknown property; did you mean Variables?",
        ),
        (
            function().replace("python3.13", "ruby3.3"),
            "template.yaml:7: Fun: Runtime: ruby3.3 is not served; "
            "the function is left out; with --lambda-endpoint, sam local start-lambda runs it",
        ),
        (
            function(more="PackageType: Image"),
            "template.yaml:8: Fun: PackageType: images are not served; "
            "the function is left out; with --lambda-endpoint, sam local start-lambda runs it",
        ),
        (
            function().replace("Code: code", "Code: {S3Bucket: b, S3Key: k}"),
            "template.yaml:5: Fun: Code: the code is in S3, not on this machine; it is left out; "
            "to serve it, give a local folder or zip archive",
        ),
        (
            function().replace("Code: code", "Code: missing"),
            "template.yaml:5: Fun: Code: there is no directory missing",
        ),
        (
            function().replace("Code: code", "Code: code/app.py"),
            "template.yaml:5: Fun: Code: code/app.py is not a zip archive: File is not a zip file",
        ),
        (
            function(handler="ap.handler"),
            "template.yaml:6: Fun: Handler: the handler ap.handler needs ap.py, which is not in "
            "code",
        ),
        (
            function(handler="handler"),
            "template.yaml:6: Fun: Handler: the handler handler names no function; "
            "expected file.function",
        ),
    ],
)
def test_mistakes(project: Project, template: str, message: str) -> None:
    assert failure(project, template) == message


@pytest.mark.parametrize(
    "handler",
    ["deep.er.app.handler", "deep/er/app.handler", "package.handler", "json.tool.main"],
)
def test_handlers_in_folders_and_packages(project: Project, handler: str) -> None:
    project.write("code/deep/er/app.py", HANDLER)
    project.write("code/package/__init__.py", HANDLER)
    assert project.build(function(handler)).functions["Fun"].handler == handler


def test_code_inside_the_template(project: Project) -> None:
    code = 'Code: {ZipFile: "def handler(event, context): return 1"}'
    found = project.build(function("index.handler").replace("Code: code", code)).functions["Fun"]
    assert (found.code / "index.py").read_text() == "def handler(event, context): return 1"


def test_published_alias_leads_to_the_function(project: Project) -> None:
    application = project.build("""\
Transform: AWS::Serverless-2016-10-31
Resources:
  Fun:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: code
      Handler: app.handler
      Runtime: python3.13
      AutoPublishAlias: live
      Events: {All: {Type: HttpApi}}
Outputs:
  Alias: {Value: !Ref Fun.Alias}
""")
    assert application.http_apis[0].routes[0].function == "Fun"
    assert application.outputs["Alias"].endswith(":function:local-Fun:live")


@pytest.mark.parametrize("name", ["../../outside", "..", "/outside", "a/b", "a\\b"])
def test_inline_code_stays_in_its_folder_whatever_its_function_is_called(
    project: Project, name: str
) -> None:
    template = f"""
        Resources:
          '{name}':
            Type: AWS::Lambda::Function
            Properties:
              Runtime: python3.13
              Handler: index.handler
              Code: {{ZipFile: "def handler(event, context): return 1"}}
        """
    code = project.build(dedent(template)).functions[name].code
    assert code.resolve().parent == project.root / ".local_gateway" / "inline"
    assert (code / "index.py").is_file()


@pytest.mark.parametrize(
    ("config", "variables"),
    [
        ("{}", {}),
        ("{LogFormat: Text}", {}),
        ("{LogFormat: JSON}", {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "INFO"}),
        (
            "{LogFormat: JSON, ApplicationLogLevel: DEBUG, SystemLogLevel: WARN}",
            {"AWS_LAMBDA_LOG_FORMAT": "JSON", "AWS_LAMBDA_LOG_LEVEL": "DEBUG"},
        ),
    ],
)
def test_the_logging_becomes_variables_for_the_runtime(
    project: Project, config: str, variables: dict[str, str]
) -> None:
    found = project.build(function(more=f"LoggingConfig: {config}")).functions["Fun"]
    assert found.logging == variables


def test_recursive_loops_are_stopped_unless_the_function_allows_them(project: Project) -> None:
    read = project.build(function())
    assert read.functions["Fun"].stops_recursive_loops
    read = project.build(function(more="RecursiveLoop: Allow"))
    assert not read.functions["Fun"].stops_recursive_loops
    assert "Alow is not allowed; did you mean Allow?" in failure(
        project, function(more="RecursiveLoop: Alow")
    )
