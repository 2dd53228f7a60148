"""Saving a file: the open socket's next message runs the new code, or the old one goes on."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from textwrap import dedent

import pytest
from websockets.sync.client import ClientConnection

from tests.support.client import close_code
from tests.support.programs import GatewayProgram

pytestmark = pytest.mark.local_only

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Globals:
  Function: {Runtime: python3.13, Handler: app.handler, Timeout: 10}
Resources:
  Words:
    Type: AWS::Serverless::LayerVersion
    Metadata: {BuildMethod: python3.13}
    Properties: {ContentUri: words}
  Greet:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: greet, Layers: [!Ref Words]}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.do}
  Default:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: $default
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${GreetIntegration}
  DefaultResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref Default, RouteResponseKey: $default}
  GreetIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Greet.Arn}
  One:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: one, AutoDeploy: true}
"""
SECOND_STAGE = """\
  Two:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: two, AutoDeploy: true}
"""
SAME_PATH = """\
  Other:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: y, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.do}
  OtherOne:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Other, StageName: one, AutoDeploy: true}
"""
COUNT = """\
  Count:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: count
      Environment: {Variables: {TABLE: !Ref Table}}
  Table:
    Type: AWS::DynamoDB::Table
    Properties:
      BillingMode: PAY_PER_REQUEST
      AttributeDefinitions: [{AttributeName: id, AttributeType: S}]
      KeySchema: [{AttributeName: id, KeyType: HASH}]
  CountRoute:
    Type: AWS::ApiGatewayV2::Route
    Properties:
      ApiId: !Ref Api
      RouteKey: count
      RouteResponseSelectionExpression: $default
      Target: !Sub integrations/${CountIntegration}
  CountResponse:
    Type: AWS::ApiGatewayV2::RouteResponse
    Properties: {ApiId: !Ref Api, RouteId: !Ref CountRoute, RouteResponseKey: $default}
  CountIntegration:
    Type: AWS::ApiGatewayV2::Integration
    Properties: {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Count.Arn}
"""
COUNT_CODE = """\
    import os

    import boto3

    TABLE = boto3.resource("dynamodb").Table(os.environ["TABLE"])

    def handler(event, context):
        TABLE.put_item(Item={"id": event["requestContext"]["messageId"]})
        return {"statusCode": 200, "body": str(TABLE.scan(Select="COUNT")["Count"])}
"""


SHOUT = """\
    import os

    def handler(event, context):
        return {"statusCode": 200, "body": os.environ["WORD"]}
"""


def greeting(word: str) -> str:
    return f"""\
        from words import END

        def handler(event, context):
            return {{"statusCode": 200, "body": "{word}" + END}}
    """


@dataclass
class Project:
    """A small application in a directory, and the gateway that serves it."""

    root: Path
    gateway: GatewayProgram | None = None

    def write(self, file: str, text: str) -> None:
        path = self.root / file
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(dedent(text), encoding="utf-8")

    def start(self, *options: str) -> GatewayProgram:
        self.gateway = GatewayProgram(self.root / "template.yaml", *options)
        return self.gateway

    def connect(self, stage: str = "one") -> ClientConnection:
        assert self.gateway is not None
        return self.gateway.connect(stage)


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    project = Project(tmp_path)
    project.write("template.yaml", TEMPLATE)
    project.write("greet/app.py", greeting("hello"))
    project.write("words/words.py", "END = '!'\n")
    yield project
    if project.gateway is not None:
        project.gateway.stop()


def ask(socket: ClientConnection, message: str = "?") -> str:
    socket.send(message)
    return str(socket.recv(timeout=30))


def test_changed_code_answers_on_the_same_socket(project: Project) -> None:
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket) == "hello!"
        project.write("greet/app.py", greeting("welcome"))
        gateway.wait_for(r"^Reloaded: Greet \(\d+\.\d s\)")
        assert ask(socket) == "welcome!"


def test_changed_layer_answers_on_the_same_socket(project: Project) -> None:
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket) == "hello!"
        project.write("words/words.py", "END = '?'\n")
        gateway.wait_for(r"^Reloaded: Greet ")
        assert ask(socket) == "hello?"


BROKEN = {
    "def handler(event, context)\n    return {}\n": r"Greet.*does not import: .*app\.py, line 1",
    "import nothing_of_that_name\nhandler = print\n": (
        r"Greet.*No module named 'nothing_of_that_name'; install"
    ),
    "def other(event, context):\n    pass\n": r"Greet.*Handler 'handler' missing on module 'app'",
    "handler = {}['no such key']\n": r"Greet.*does not start: KeyError: 'no such key'",
    "import sys\n\nhandler = print\nsys.exit(3)\n": r"Greet.*does not start.*exit status 3",
}


def test_broken_code_is_one_line_and_the_old_code_goes_on_until_it_is_fixed(
    project: Project,
) -> None:
    gateway = project.start()
    with project.connect() as socket:
        for broken, problem in BROKEN.items():
            assert ask(socket) == "hello!"
            project.write("greet/app.py", broken)
            gateway.wait_for(rf"^warning: not reloaded, .*{problem}")
        assert ask(socket) == "hello!"
        project.write("greet/app.py", greeting("fixed"))
        gateway.wait_for(r"^Reloaded: Greet ")
        assert ask(socket) == "fixed!"
        assert "\nTraceback" not in gateway.output, "the function's own log has its name in front"


def test_code_that_is_broken_at_the_start_is_one_line_until_it_is_fixed(project: Project) -> None:
    project.write("greet/app.py", "def handler(event, context)\n    return {}\n")
    gateway = project.start()
    gateway.wait_for(r"^warning: Greet.*does not import: .*app\.py, line 1")
    with project.connect() as socket:
        assert "Internal server error" in ask(socket)
        project.write("greet/app.py", greeting("fixed"))
        gateway.wait_for(r"^Reloaded: Greet ")
        assert ask(socket) == "fixed!"


def test_broken_template_is_one_line_and_the_old_one_goes_on(project: Project) -> None:
    gateway = project.start()
    with project.connect() as socket:
        project.write("template.yaml", TEMPLATE.replace("CodeUri: greet", "CodeUri: welcome"))
        gateway.wait_for(r"^warning: not reloaded, .*template.yaml:\d+: Greet: CodeUri: .*welcome")
        assert ask(socket) == "hello!"
        project.write("welcome/app.py", greeting("welcome"))
        gateway.wait_for(r"^Reloaded: template.yaml, Greet ")
        assert ask(socket) == "welcome!"


def test_new_route_function_and_table_work_on_the_same_socket(project: Project) -> None:
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket, '{"do": "count"}') == "hello!"
        project.write("count/app.py", COUNT_CODE)
        project.write("template.yaml", TEMPLATE + COUNT)
        gateway.wait_for(r"^Reloaded: template.yaml, Count ")
        assert [ask(socket, '{"do": "count"}') for _ in range(2)] == ["1", "2"]
        assert ask(socket) == "hello!"


def test_changed_table_stays_with_its_data_and_is_told(project: Project) -> None:
    project.write("count/app.py", COUNT_CODE)
    project.write("template.yaml", TEMPLATE + COUNT)
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket, '{"do": "count"}') == "1"
        project.write("template.yaml", TEMPLATE + COUNT.replace(": S}", ": N}"))
        gateway.wait_for(r"^warning: Table has changed in the template")
        gateway.wait_for(r"^Reloaded: template.yaml ")
        assert ask(socket, '{"do": "count"}') == "2"


NESTED = """\
  Inner:
    Type: AWS::Serverless::Application
    Properties: {Location: inner/template.yaml}
"""
INNER = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Shout:
    Type: AWS::Serverless::Function
    Properties: {Runtime: python3.13, Handler: app.handler, CodeUri: code, Environment: %s}
Outputs:
  Arn: {Value: !GetAtt Shout.Arn}
"""


def test_changed_nested_template_answers_on_the_same_socket(project: Project) -> None:
    project.write("inner/code/app.py", SHOUT)
    project.write("inner/template.yaml", INNER % "{Variables: {WORD: one}}")
    project.write("template.yaml", TEMPLATE.replace("Greet.Arn", "Inner.Outputs.Arn") + NESTED)
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket) == "one"
        project.write("inner/template.yaml", INNER % "{Vraiables: {WORD: two}}")
        gateway.wait_for(r"^warning: not reloaded, .*inner/template.yaml:5: Inner/Shout: Env")
        assert ask(socket) == "one"
        project.write("inner/template.yaml", INNER % "{Variables: {WORD: two}}")
        gateway.wait_for(r"^Reloaded: template.yaml, Inner/Shout ")
        assert ask(socket) == "two"


def test_new_nested_template_is_read_again_once_it_is_right(project: Project) -> None:
    project.write("inner/code/app.py", SHOUT)
    project.write("inner/template.yaml", "Resources: nothing\n")
    gateway = project.start()
    with project.connect() as socket:
        assert ask(socket) == "hello!"
        project.write("template.yaml", TEMPLATE.replace("Greet.Arn", "Inner.Outputs.Arn") + NESTED)
        gateway.wait_for(r"^warning: not reloaded, .*inner/template.yaml:1: Resources: the templ")
        project.write("inner/template.yaml", INNER % "{Variables: {WORD: two}}")
        gateway.wait_for(r"^Reloaded: template.yaml, template.yaml, Inner/Shout ")
        assert ask(socket) == "two"


def test_removed_stage_closes_its_sockets_and_no_others(project: Project) -> None:
    project.write("template.yaml", TEMPLATE + SECOND_STAGE)
    gateway = project.start()
    with project.connect("one") as stays, project.connect("two") as goes:
        assert ask(goes) == ask(stays) == "hello!"
        project.write("template.yaml", TEMPLATE)
        assert close_code(goes) == 1012
        gateway.wait_for(r"^Reloaded: template.yaml ")
        assert ask(stays) == "hello!"


def test_apis_that_need_another_port_need_a_restart(project: Project) -> None:
    gateway = project.start()
    with project.connect() as socket:
        project.write("template.yaml", TEMPLATE + SAME_PATH)
        gateway.wait_for(r"^warning: not reloaded, .*need 2 ports now.*restart")
        assert ask(socket) == "hello!"


def test_no_reload_leaves_everything_as_it_is(project: Project) -> None:
    project.start("--no-reload").wait_for("^Ready")
    with project.connect() as socket:
        assert ask(socket) == "hello!"
        project.write("greet/app.py", greeting("welcome"))
        project.write("words/words.py", "END = '?'\n")
        assert ask(socket) == "hello!"
