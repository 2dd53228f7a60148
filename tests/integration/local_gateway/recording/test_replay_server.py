"""The management API of a replay, called by the SDK over a real socket."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import boto3
import pytest
import urllib3
from botocore.exceptions import ClientError
from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

from local_gateway.recording.expected_calls import ExpectedCalls
from local_gateway.recording.format import RecordedCall
from local_gateway.recording.replay_server import ReplayServer
from local_gateway.records import ignore
from local_gateway.server.bound_ports import bind
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.listener import Listener

OPEN = "L0SM9cOFvHcCIhw="
LEFT = "M0SM9cOFvHcCIhw="
UNKNOWN = "AAAAAAAAAAAAAAA="


@dataclass(frozen=True, slots=True)
class Running:
    """A server, what it expects, and how to call it."""

    url: str
    calls: ExpectedCalls

    def client(self, stage: str = "dev") -> ApiGatewayManagementApiClient:
        """A client as a handler makes it."""
        session = boto3.Session("local", "local", region_name="us-east-1")
        return session.client("apigatewaymanagementapi", endpoint_url=f"{self.url}/{stage}")


@pytest.fixture
async def server() -> AsyncIterator[Running]:
    recorded = [
        RecordedCall(
            time="", method="POST", connection_id=LEFT, status=status, data=None, during=(0,)
        )
        for status in (410, 429)
    ]
    calls = ExpectedCalls(recorded, {OPEN, LEFT}, str)
    calls.begin(0)
    sockets = bind(("127.0.0.1",), 0)
    listener = Listener(
        sockets,
        ReplayServer(calls, frozenset({"dev"})).handle,
        clock=ClockAndIds(),
        observe=ignore,
    )
    await listener.start()
    yield Running(f"http://127.0.0.1:{sockets[0].getsockname()[1]}", calls)
    await listener.close()


async def status_of(method: Any, **arguments: Any) -> tuple[int, str | None]:
    """The HTTP status of an SDK call, and the error's name if it is one."""
    try:
        answer = await asyncio.to_thread(method, **arguments)
    except ClientError as error:
        return error.response["ResponseMetadata"]["HTTPStatusCode"], error.response["Error"]["Code"]
    return int(answer["ResponseMetadata"]["HTTPStatusCode"]), None


async def test_open_connection_takes_every_call(server: Running) -> None:
    client = server.client()
    assert await status_of(client.post_to_connection, ConnectionId=OPEN, Data=b"x") == (200, None)
    assert await status_of(client.delete_connection, ConnectionId=OPEN) == (204, None)
    described = await asyncio.to_thread(client.get_connection, ConnectionId=OPEN)
    assert {"ConnectedAt", "Identity", "LastActiveAt"} <= described.keys()
    assert [str(difference) for difference in server.calls.compare()] == [
        f'- POST @connections/{LEFT}[0]: {{"status": 410}}',
        f'- POST @connections/{LEFT}[1]: {{"status": 429}}',
        f'+ POST @connections/{OPEN}[0]: {{"status": 200, "data": "x"}}',
        f'+ DELETE @connections/{OPEN}[0]: {{"status": 204}}',
        f'+ GET @connections/{OPEN}[0]: {{"status": 200}}',
    ]


@pytest.mark.parametrize(
    ("connection_id", "data", "expected"),
    [
        (LEFT, b"x", (410, "GoneException")),
        (UNKNOWN, b"x", (410, "GoneException")),
        ("nonsense", b"x", (400, "BadRequestException")),
        (OPEN, b"x" * 131_073, (413, "PayloadTooLargeException")),
    ],
)
async def test_sdk_raises_what_it_would_raise_on_aws(
    server: Running, connection_id: str, data: bytes, expected: tuple[int, str]
) -> None:
    client = server.client()
    found = await status_of(client.post_to_connection, ConnectionId=connection_id, Data=data)
    assert found == expected


@pytest.mark.parametrize(
    "path", [f"other/@connections/{OPEN}", "dev", f"dev/connections/{OPEN}", "", f"dev/{OPEN}"]
)
async def test_everything_else_is_forbidden(server: Running, path: str) -> None:
    headers = {"Authorization": "AWS4-HMAC-SHA256 Credential=x"}
    answer = await asyncio.to_thread(
        urllib3.request, "POST", f"{server.url}/{path}", headers=headers, body=b"x"
    )
    assert answer.status == 403


async def test_unsigned_call_is_forbidden_and_not_counted(server: Running) -> None:
    url = f"{server.url}/dev/@connections/{OPEN}"
    answer = await asyncio.to_thread(urllib3.request, "POST", url, body=b"x")
    assert answer.status == 403
    assert not any("POST" in str(one) and OPEN in str(one) for one in server.calls.compare())
