"""Handlers that post to `https://{domainName}/{stage}`: unchanged, in other people's templates."""

import json
import re
import shutil
from pathlib import Path
from textwrap import dedent

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

from local_gateway.template.document.stack import Stack
from tests.support.client import HTTP
from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

TEMPLATES = ROOT / "tests" / "templates"
SECONDS = 20.0

GREETING = """
import boto3
from greetings import greet

def handler(event, context):
    request = event["requestContext"]
    if request["eventType"] == "MESSAGE":
        endpoint = f"https://{request['domainName']}/{request['stage']}"
        api = boto3.client("apigatewaymanagementapi", endpoint_url=endpoint)
        api.post_to_connection(ConnectionId=request["connectionId"], Data=greet("NAME"))
    return {"statusCode": 200}
"""


def opened(url: str) -> ClientConnection:
    return connect(url, compression=None, proxy=None)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Copies of the templates, to change."""
    return Path(shutil.copytree(TEMPLATES, tmp_path / "templates"))


def test_a_broadcast_is_verified_as_signed_for_the_host_on_aws(project: Path) -> None:
    with GatewayProgram(project / "chat" / "template.yaml", "--verify-signatures") as gateway:
        (url,) = gateway.urls()
        with opened(url) as one, opened(url) as two:
            for text in ("first", "second"):
                one.send(json.dumps({"action": "sendmessage", "data": text}))
                assert one.recv(SECONDS) == two.recv(SECONDS) == text
        assert "warning" not in gateway.output


@pytest.mark.parametrize("ports", [1, 2])
def test_each_of_two_apis_is_reached_where_it_is_served(project: Path, ports: int) -> None:
    root = project / "two_apis"
    for name in ("board/app.py", "prices/ticker/main.py"):
        (root / name).write_text(GREETING.replace("NAME", name.partition("/")[0]))
    template = root / "template.yaml"
    if ports == 2:
        template.write_text(re.sub("StageName: .*", "StageName: live", template.read_text()))
    with GatewayProgram(template, "--verify-signatures") as gateway:
        first, second = gateway.urls()
        assert len({re.sub(r"/[^/]*$", "", url) for url in (first, second)}) == ports
        for url, name in ((first, "board"), (second, "prices")):
            with opened(url) as socket:
                socket.send('{"type": "anything"}')
                assert socket.recv(SECONDS) == f"Halo, {name}!"
        assert "warning" not in gateway.output


IN_A_VARIABLE = """\
Resources:
  Fun:
    Type: AWS::Lambda::Function
    Properties:
      Code: .
      Handler: app.handler
      Runtime: python3.13
      Environment: {Variables: {ENDPOINT: !GetAtt Api.ApiEndpoint}}
  Api:
    Type: AWS::ApiGatewayV2::Api
    Properties: {Name: x, ProtocolType: WEBSOCKET, RouteSelectionExpression: $request.body.a}
  Route:
    Type: AWS::ApiGatewayV2::Route
    Properties: {ApiId: !Ref Api, RouteKey: $default, Target: !Sub "integrations/${Integration}"}
  Integration:
    Type: AWS::ApiGatewayV2::Integration
    Properties:
      {ApiId: !Ref Api, IntegrationType: AWS_PROXY, IntegrationUri: !GetAtt Fun.Arn}
  Stage:
    Type: AWS::ApiGatewayV2::Stage
    Properties: {ApiId: !Ref Api, StageName: prod, AutoDeploy: true}
Outputs:
  Url: {Value: !Sub "${Api.ApiEndpoint}/prod"}
"""
TAKING_IT_APART = """
import os
import boto3

api = boto3.client(
    "apigatewaymanagementapi",
    endpoint_url=os.environ["ENDPOINT"].replace("wss", "https") + "/prod",
)

def handler(event, context):
    api.post_to_connection(
        ConnectionId=event["requestContext"]["connectionId"], Data=os.environ["ENDPOINT"]
    )
    return {"statusCode": 200}
"""


def test_an_address_in_a_variable_is_that_of_aws(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text(TAKING_IT_APART)
    template = tmp_path / "template.yaml"
    template.write_text(IN_A_VARIABLE)
    with GatewayProgram(template) as gateway:
        (url,) = gateway.urls()
        with opened(url) as socket:
            socket.send("anything")
            assert re.fullmatch(
                r"wss://\w+\.execute-api\.us-east-1\.amazonaws\.com", str(socket.recv(SECONDS))
            )


def test_a_stage_without_a_deployment_is_forbidden(tmp_path: Path) -> None:
    (tmp_path / "app.py").write_text("def handler(event, context):\n    return {}\n")
    template = tmp_path / "template.yaml"
    deployed = IN_A_VARIABLE[: IN_A_VARIABLE.index("Outputs:")]
    again = deployed[deployed.index("  Stage:") :].replace("Stage:", "Draft:", 1)
    template.write_text(deployed + again.replace("prod, AutoDeploy: true", "draft"))
    with GatewayProgram(template) as gateway:
        (url,) = gateway.urls()
        assert "the stage draft has no deployment" in gateway.output
        with pytest.raises(InvalidStatus) as raised, opened(url.replace("/prod", "/draft")):
            pass
    assert raised.value.response.status_code == 403


def test_a_name_on_aws_leads_to_its_own_stages_only(project: Path) -> None:
    stack = Stack(name="local", region="us-east-1")
    board, prices = (
        stack.api_host(stack.physical_id(f"{name}Api")) for name in ("Board", "Prices")
    )
    with GatewayProgram(project / "two_apis" / "template.yaml") as gateway:
        page = gateway.urls()[0].replace("ws", "http", 1).replace("/board", "/prices-dev")

        def status(host: str) -> int:
            return HTTP.request("GET", page, headers={"Host": host}).status

        upgrade_required, forbidden = 426, 403
        assert status(prices) == status(prices.upper()) == status("localhost") == upgrade_required
        assert status(board) == status(f"x{prices}") == forbidden


def test_a_client_without_endpoint_asks_for_the_host_it_would_on_aws(project: Path) -> None:
    root = project / "two_apis"
    code = """
        import boto3

        def handler(event, context):
            print("asks", boto3.client("apigatewaymanagementapi").meta.endpoint_url)
            return {"statusCode": 200}
    """
    (root / "board" / "app.py").write_text(dedent(code))
    with GatewayProgram(root / "template.yaml") as gateway, opened(gateway.urls()[0]):
        asked = gateway.wait_for(r"asks (\S+)")[1]
    assert asked == "https://execute-api.us-east-1.amazonaws.com", "not the AWS services of the run"
