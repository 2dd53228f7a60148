"""A template whose functions `sam local start-lambda` runs, which a stand-in plays here."""

import asyncio
import json
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import boto3
import pytest
from websockets.asyncio.client import ClientConnection, connect

from tests.e2e.gateway_process import GatewayProcess, free_port
from tests.integration.local_gateway.runtime.start_lambda import (
    Behaviour,
    StartLambda,
    Stopped,
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


def command(directory: Path, endpoint: str, port: int) -> list[str]:
    template = directory / "template.yaml"
    template.write_text(TEMPLATE)
    options = ["--template", str(template), "--port", str(port), "--lambda-endpoint", endpoint]
    return [sys.executable, "-m", "local_gateway", *options]


@asynccontextmanager
async def gateway(directory: Path) -> AsyncIterator[tuple[GatewayProcess, str, StartLambda]]:
    port = free_port()
    functions = {"Connect": accept, "Default": posting_to(port), "Raise": raises, "Stop": stops}
    service = StartLambda(functions)
    async with serving(service) as endpoint:
        process = await asyncio.to_thread(GatewayProcess, command(directory, endpoint, port), {})
        try:
            await asyncio.to_thread(process.wait_for, "^Ready")
            yield process, f"ws://127.0.0.1:{port}/dev", service
        finally:
            await asyncio.to_thread(process.stop)


def opened(url: str) -> connect:
    return connect(f"{url}?token=x", compression=None, proxy=None)


async def said(socket: ClientConnection) -> dict[str, Any]:
    async with asyncio.timeout(SECONDS):
        answer = json.loads(await socket.recv())
    assert isinstance(answer, dict)
    return answer


async def test_every_invocation_goes_to_the_endpoint(tmp_path: Path) -> None:
    async with gateway(tmp_path) as (process, url, service):
        assert service.invoked == [], "nothing is invoked before there is a reason"
        async with opened(url) as socket:
            await socket.send('{"hello": "world"}')
            assert await said(socket) == {"hello": "world"}
            await socket.send('{"action": "raise"}')
            assert (await said(socket))["message"] == "Internal server error"
            await socket.send('{"action": "stop"}')
            assert (await said(socket))["message"] == "Internal server error"
            await asyncio.to_thread(process.wait_for, "TypeError: secret inside")
    names = [name for name, _ in service.invoked]
    assert names == ["Connect", "Default", "Raise", "Stop"], "logical ids"
    assert service.invoked[0][1]["requestContext"]["routeKey"] == "$connect"


def failure(directory: Path, endpoint: str) -> str:
    """The one line that a start ends with."""
    with GatewayProcess(command(directory, endpoint, free_port()), {}) as process:
        assert process.wait() == 1
        (line,) = (line for line in process.output.splitlines() if "warning" not in line)
    return line


async def test_nobody_at_the_endpoint_is_told_at_the_start(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    line = await asyncio.to_thread(failure, tmp_path, endpoint)
    assert f"--lambda-endpoint {endpoint}: nothing answers there" in line
    assert "sam local start-lambda" in line


async def test_another_template_at_the_endpoint_is_told_at_the_start(tmp_path: Path) -> None:
    async with serving(StartLambda({"Elsewhere": accept})) as endpoint:
        line = await asyncio.to_thread(failure, tmp_path, endpoint)
    assert "has no such function" in line
    assert "same template" in line


@pytest.mark.parametrize(
    "url",
    [
        "127.0.0.1:3001",
        "ftp://127.0.0.1",
        "http://",
        "http://h/path",
        "http://h:x",
        "http://h:99999",
    ],
)
def test_a_url_that_makes_no_sense_is_an_argument_error(tmp_path: Path, url: str) -> None:
    with GatewayProcess(command(tmp_path, url, 0), {}) as process:
        assert process.wait() == 2
        assert f"expected a URL such as http://127.0.0.1:3001, not {url!r}" in process.output


def test_without_a_build_for_containers_the_remedy_is_told(tmp_path: Path) -> None:
    endpoint = f"http://127.0.0.1:{free_port()}"
    options = ["--sam-local", str(tmp_path / "none")]
    with GatewayProcess([*command(tmp_path, endpoint, 0), *options], {}) as process:
        assert process.wait() == 1
        assert f"run `sam build --build-dir {tmp_path / 'none'}` first" in process.output


def test_a_bridge_without_containers_is_an_argument_error(tmp_path: Path) -> None:
    options = ["--bridge", "127.0.0.2"]
    with GatewayProcess([*command(tmp_path, "http://h", 0), *options], {}) as process:
        assert process.wait() == 2
        assert "--bridge needs --sam-local DIRECTORY" in process.output
