"""A template whose functions `sam local start-lambda` runs, which a stand-in plays here."""

import asyncio
import json
import os
import shutil
from pathlib import Path
from typing import Any

import aiohttp
import boto3
import pytest
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import InvalidStatus

from tests.support.programs import GatewayProgram, free_port
from tests.support.start_lambda import (
    Behaviour,
    CapturedAnswer,
    StartLambda,
    echo,
    returning,
    serving,
)

pytestmark = pytest.mark.local_only

SECONDS = 20.0

TEMPLATE = """\
Transform: AWS::Serverless-2016-10-31
Resources:
  Api:
    Type: AWS::Serverless::WebSocketApi
    Properties:
      StageName: dev
      RouteSelectionExpression: $request.body.action
      Routes:
        $connect: {FunctionArn: !GetAtt Connect.Arn}
        $default: {FunctionArn: !GetAtt Default.Arn}
        raise: {FunctionArn: !GetAtt Raise.Arn}
        stop: {FunctionArn: !GetAtt Stop.Arn}
  Http: {Type: AWS::Serverless::HttpApi}
  Fetch:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: dist
      Handler: fetch.handler
      Runtime: nodejs22.x
      Events:
        Any: {Type: HttpApi, Properties: {ApiId: !Ref Http}}
  Connect:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: dist, Handler: connect.handler, Runtime: nodejs22.x}
  Default:
    Type: AWS::Serverless::Function
    Properties:
      {FunctionName: named-otherwise, CodeUri: dist, Handler: default.handler, Runtime: nodejs22.x}
  Raise:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: dist, Handler: bootstrap, Runtime: provided.al2023}
  Stop:
    Type: AWS::Serverless::Function
    Properties: {PackageType: Image, ImageUri: "image:latest"}
"""


async def accept(event: Any) -> object:
    return {"statusCode": 200 if "token" in (event.get("queryStringParameters") or {}) else 401}


async def raises(event: Any) -> object:
    error = json.loads(CapturedAnswer.named("raise").body)
    return error | {"errorMessage": "secret inside"}


def posting_to(port: int) -> Behaviour:
    """Post the body back through the gateway, as a function in a container does."""
    aws = boto3.Session("any", "any", region_name="us-east-1")
    api = aws.client("apigatewaymanagementapi", endpoint_url=f"http://127.0.0.1:{port}/dev")

    async def post(event: Any) -> object:
        connection_id = event["requestContext"]["connectionId"]
        data = event["body"].encode()
        await asyncio.to_thread(api.post_to_connection, ConnectionId=connection_id, Data=data)
        return {"statusCode": 200}

    return post


def gateway(directory: Path, endpoint: str, port: int = 0) -> GatewayProgram:
    """Serve the template with its functions at `endpoint`."""
    template = directory / "template.yaml"
    template.write_text(TEMPLATE)
    return GatewayProgram(template, "--lambda-endpoint", endpoint, port=port)


async def get(url: str) -> tuple[int, bytes]:
    """The status and the body of an HTTP answer."""
    async with aiohttp.ClientSession() as session, session.get(url) as answer:
        return answer.status, await answer.read()


async def received(socket: ClientConnection) -> Any:
    async with asyncio.timeout(SECONDS):
        return json.loads(await socket.recv())


async def test_every_invocation_goes_to_the_endpoint(tmp_path: Path) -> None:
    port = free_port()
    service = StartLambda(
        {
            "Connect": accept,
            "Default": posting_to(port),
            "Raise": raises,
            "Stop": returning("Exiting"),
            "Fetch": raises,
        }
    )
    async with serving(service) as endpoint:
        program = await asyncio.to_thread(gateway, tmp_path, endpoint, port)
        try:
            await asyncio.to_thread(program.wait_for, "^Ready")
            assert service.invoked == [], "nothing is invoked before there is a reason"
            url = f"ws://127.0.0.1:{port}/dev?token=x"
            async with connect(url, compression=None, proxy=None) as socket:
                await socket.send('{"hello": "world"}')
                assert await received(socket) == {"hello": "world"}
                for action in ("raise", "stop"):
                    await socket.send(json.dumps({"action": action}))
                    assert (await received(socket))["message"] == "Internal server error"
            await asyncio.to_thread(program.wait_for, "KeyError: secret inside")
            answer = await get(f"http://127.0.0.1:{port}/")
            assert answer == (500, b'{"message":"Internal Server Error"}')
        finally:
            await asyncio.to_thread(program.stop)
    names = [name for name, _ in service.invoked]
    assert names == ["Connect", "Default", "Raise", "Stop", "Fetch"], "logical ids"
    assert service.invoked[0][1]["requestContext"]["routeKey"] == "$connect"


async def test_another_template_at_the_endpoint_shows_with_the_first_invocation(
    tmp_path: Path,
) -> None:
    port, service = free_port(), StartLambda({"Elsewhere": accept})
    async with serving(service) as endpoint:
        program = await asyncio.to_thread(gateway, tmp_path, endpoint, port)
        try:
            await asyncio.to_thread(program.wait_for, "^Ready")
            assert service.requests == [("GET", "/")], "more questions would be errors there"
            with pytest.raises(InvalidStatus, match="502"):
                await connect(f"ws://127.0.0.1:{port}/dev", compression=None, proxy=None)
            remedy = "function:Connect; run `sam local start-lambda` with the same template"
            await asyncio.to_thread(program.wait_for, remedy)
        finally:
            await asyncio.to_thread(program.stop)


BUILT = """\
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: Hello, Handler: app.handler, Runtime: python3.13}
  Goodbye:
    Type: AWS::Serverless::Function
    Properties: {CodeUri: Goodbye, Handler: app.handler, Runtime: python3.13, Layers: [!Ref Words]}
  Words: {Type: AWS::Serverless::LayerVersion, Properties: {ContentUri: Words}}
"""
SOURCES = f"Transform: AWS::Serverless-2016-10-31\n{BUILT}"


def build(directory: Path) -> None:
    """Do what `sam build` does: delete everything, and write the template last."""
    shutil.rmtree(directory, ignore_errors=True)
    (directory / "Hello").mkdir(parents=True)
    (directory / "template.yaml").write_text(BUILT)


async def test_changed_code_is_reported_and_a_new_build_is_prepared(tmp_path: Path) -> None:
    built = tmp_path / "build"
    for folder in ("Hello", "Goodbye", "Words"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.py").write_text("")
    (tmp_path / "template.yaml").write_text(SOURCES)
    build(built)
    later = built.joinpath("template.yaml").stat().st_mtime + 60
    os.utime(tmp_path / "Hello" / "app.py", (later, later))
    command = f"`sam build --build-dir {built}`"
    async with serving(StartLambda({"Hello": echo, "Goodbye": echo})) as endpoint:
        options = ["--lambda-endpoint", endpoint, "--sam-local", str(built)]
        with GatewayProgram(tmp_path / "template.yaml", *options) as program:

            async def expect(line: str) -> None:
                await asyncio.to_thread(program.wait_for, line)

            await expect(f"^warning: Hello: newer than the build; run {command}")
            await expect("^Ready")
            for folder, function in (("Hello", "Hello"), ("Words", "Goodbye")):
                (tmp_path / folder / "app.py").write_text("# changed")
                await expect(f"^Changed: {function}; .* run the old code until you run {command}")
            shutil.rmtree(built)
            await expect("^warning: the build is gone; calls fail until `sam build` is done")
            build(built)
            await expect("^Built: sam-local.json and env.json are written again")
            assert (built / "sam-local.json").is_file()
            assert "AWS_ENDPOINT_URL" in json.loads((built / "env.json").read_text())["Hello"]
            assert "Reloaded" not in program.output
            changed = SOURCES.replace("Handler:", "Environment: {Variables: {A: b}}, Handler:")
            (tmp_path / "template.yaml").write_text(changed)
            await expect("^warning: the variables of the containers changed; restart `sam local`")
            await expect(r"^Reloaded: template\.yaml \(")


async def test_the_gateway_reloads_its_own_functions_and_reports_those_of_the_build(
    tmp_path: Path,
) -> None:
    for folder in ("Hello", "Goodbye", "Words"):
        (tmp_path / folder).mkdir()
        (tmp_path / folder / "app.py").write_text("def handler(event, context): ...")
    (tmp_path / "template.yaml").write_text(SOURCES)
    build(tmp_path / "build")
    options = ["--sam-local", str(tmp_path / "build")]
    with GatewayProgram(tmp_path / "template.yaml", *options) as program:
        await asyncio.to_thread(program.wait_for, "^Ready")
        (tmp_path / "Hello" / "app.py").write_text("def handler(event, context): return 1")
        await asyncio.to_thread(program.wait_for, "^Changed: Hello; .* until you run `sam build ")
        await asyncio.to_thread(program.wait_for, r"^Reloaded: Hello \(")
