"""A thousand connections, twenty thousand messages, and faults: nothing is left of any of them."""

import asyncio
import gc
import http.client
import resource
import socket
from collections.abc import Iterator
from urllib.parse import quote, urlsplit

import boto3
import pytest

from local_gateway.core.chaos import Chaos, Fault
from local_gateway.server.session import Session
from tests.integration.local_gateway.soak.clients import TalkingClients
from tests.integration.local_gateway.soak.footprint import Footprint, is_running, ports_of
from tests.integration.local_gateway.soak.soaked_gateway import SoakedGateway
from tests.support.applications import application
from tests.support.gateway import RunningGateway

CLIENTS, MESSAGES = 1_000, 20
SEED = 7
RATES = "drop=0.004, lost-disconnect=0.01, crash=0.0008"
VANISHING = Chaos(SEED, {Fault.DROP: 0.004})

FUNCTIONS, MOST_ENVIRONMENTS = 2, 10
FILES_PER_ENVIRONMENT = 8
# In KiB: a thousand connections take 55 MiB, which leaves less than 1 KiB for a message.
MOST_GROWTH = 72 * 1024
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/x, SignedHeaders=host, Signature=0"}
SECONDS = 20.0


@pytest.fixture(autouse=True)
def many_files() -> Iterator[None]:
    """The clients' sockets are open files of this process."""
    before = resource.getrlimit(resource.RLIMIT_NOFILE)
    hard = before[1]
    most = 8192 if hard == resource.RLIM_INFINITY else min(hard, 8192)
    resource.setrlimit(resource.RLIMIT_NOFILE, (max(before[0], most), hard))
    yield
    resource.setrlimit(resource.RLIMIT_NOFILE, before)


def test_nothing_is_left_of_a_thousand_connections() -> None:
    with SoakedGateway("--chaos", f"{SEED}:{RATES}") as gateway:
        url = urlsplit(gateway.url)
        assert url.port is not None
        assert gateway.announcement("Chaos: ") == f"seed {SEED}, {RATES}"
        before = Footprint.of(gateway.pid, url.port)
        clients = TalkingClients(gateway.url, faults=VANISHING)
        tally = asyncio.run(clients.talk(clients=CLIENTS, messages=MESSAGES))
        assert tally.problems == []
        assert tally.answered + tally.errors == CLIENTS * MESSAGES
        assert 0 < tally.errors < tally.answered / 100
        assert tally.dropped
        assert tally.vanished
        gateway.wait_for_disconnects()
        assert len(gateway.opened) == tally.opened > CLIENTS

        assert remembered(gateway.aws_endpoint_url) == gateway.kept
        assert statuses(url.port, gateway.opened) == {410}
        after = Footprint.of(gateway.pid, url.port)
        assert_bounded(before, after)
        assert gateway.stop() == 0
        assert [pid for pid in after.children if is_running(pid)] == []
        for port in (url.port, urlsplit(gateway.aws_endpoint_url).port):
            with pytest.raises(ConnectionRefusedError):
                socket.create_connection(("localhost", port or 0), SECONDS)


def test_no_task_is_left_of_a_hundred_connections() -> None:
    chaos = Chaos(SEED, {Fault.DROP: 0.05, Fault.SLOW: 0.1}, slow_seconds=0.1)
    with RunningGateway(application(), faults=chaos) as gateway:
        known = gateway.call(all_tasks())
        url, vanishing = f"ws://{gateway.authority}/dev", Chaos(SEED, {Fault.DROP: 0.05})
        clients = TalkingClients(url, faults=vanishing, echo="ask", prefix="answer to ")
        tally = asyncio.run(clients.talk(clients=100, messages=10))
        assert tally.problems == []
        ends = gateway.recorder.wait_for_all("disconnect", lambda _: True, tally.opened)
        assert len({end.connection_id for end in ends}) == tally.opened > 100
        assert gateway.call(still_running(known)) == set()
        assert gateway.call(sessions()) == []


async def all_tasks() -> set[asyncio.Task[object]]:
    """Every task of the loop but those that the functions' environments live in."""
    tasks = asyncio.all_tasks() - {asyncio.current_task()}
    return {task for task in tasks if "ExecutionEnvironment.live" not in str(task.get_coro())}


async def still_running(known: set[asyncio.Task[object]]) -> set[asyncio.Task[object]]:
    """Tasks beside the known ones that do not come to their end."""
    others = await all_tasks() - known
    return (await asyncio.wait(others, timeout=SECONDS))[1] if others else others


async def sessions() -> list[Session]:
    """The connections' shells that are still in memory."""
    gc.collect()
    return [found for found in gc.get_objects() if isinstance(found, Session)]


def remembered(aws_endpoint_url: str) -> set[str]:
    """The ids in the application's only table."""
    dynamodb = boto3.Session("local", "local", region_name="us-east-1").client(
        "dynamodb", endpoint_url=aws_endpoint_url
    )
    (table,) = dynamodb.list_tables()["TableNames"]
    pages = dynamodb.get_paginator("scan").paginate(TableName=table)
    return {item["connection_id"]["S"] for page in pages for item in page["Items"]}


def statuses(port: int, connection_ids: set[str]) -> set[int]:
    """What the management API answers for these connections."""
    found = set()
    api = http.client.HTTPConnection("127.0.0.1", port, timeout=SECONDS)
    for connection_id in connection_ids:
        api.request("GET", f"/soak/@connections/{quote(connection_id)}", headers=SIGNED)
        with api.getresponse() as response:
            response.read()
            found.add(response.status)
    api.close()
    return found


def assert_bounded(before: Footprint, after: Footprint) -> None:
    """What is there now are the environments of the functions, and what they hold."""
    new = len(after.children) - len(before.children)
    assert 0 <= new <= FUNCTIONS * MOST_ENVIRONMENTS
    assert after.sockets <= ports_of(after.children)
    assert after.files <= before.files + FILES_PER_ENVIRONMENT * new
    assert after.memory <= before.memory + MOST_GROWTH
