"""A template whose functions `sam local start-lambda` runs, which a stand-in plays here."""

import asyncio
import json
from pathlib import Path
from typing import Any

import boto3
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.support.programs import GatewayProgram, free_port
from tests.support.start_lambda import Behaviour, StartLambda, Stopped, serving

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
    return {"errorType": "TypeError", "errorMessage": "secret inside", "stackTrace": []}


async def stops(event: Any) -> object:
    raise Stopped


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


async def received(socket: ClientConnection) -> Any:
    async with asyncio.timeout(SECONDS):
        return json.loads(await socket.recv())


async def test_every_invocation_goes_to_the_endpoint(tmp_path: Path) -> None:
    port = free_port()
    functions = {"Connect": accept, "Default": posting_to(port), "Raise": raises, "Stop": stops}
    service = StartLambda(functions)
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
            await asyncio.to_thread(program.wait_for, "TypeError: secret inside")
        finally:
            await asyncio.to_thread(program.stop)
    names = [name for name, _ in service.invoked]
    assert names == ["Connect", "Default", "Raise", "Stop"], "logical ids"
    assert service.invoked[0][1]["requestContext"]["routeKey"] == "$connect"


async def test_another_template_at_the_endpoint_ends_the_start(tmp_path: Path) -> None:
    async with serving(StartLambda({"Elsewhere": accept})) as endpoint:
        program = await asyncio.to_thread(gateway, tmp_path, endpoint)
        assert await asyncio.to_thread(program.wait) == 1
    (line,) = (line for line in program.output.splitlines() if "warning" not in line)
    assert "has no such function" in line
    assert "same template" in line
