"""Ways to post one frame to many connections; all of them end when every post is answered 200."""

import socket
from collections import deque
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING
from urllib.parse import quote, urlsplit

import boto3
from botocore.config import Config

from sapa.aws.endpoint import Credentials, SignedEndpoint
from sapa.aws.http_connection import Timeouts
from sapa.connections.sender import PostOutcome
from sapa.stores.management_api import POST_SECONDS, THREADS, ThreadedBulkSender
from tools.benchmarks.processes import BenchmarkError

if TYPE_CHECKING:
    from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

OURS = "our sender"
LOOP = "boto3, a loop"
POOL = "boto3, a thread pool"
BARE = "bare HTTP, a loop"
BARE_POOL = "bare HTTP, a thread pool"
SOCKET = "bare socket, a loop"

type Send = Callable[[str, Sequence[str]], None]

_REGION = "us-east-1"
_KEY = "local"
# What the gateway looks for in a call whose signature it does not verify.
_HEADERS = {"Authorization": "AWS4-HMAC-SHA256 Credential=none"}
_SECONDS = 300.0


@contextmanager
def senders(endpoint: str) -> Iterator[Mapping[str, Send]]:
    """Every sender for a management API at `endpoint`; raise `BenchmarkError` for a lost post.

    Each pool has as many threads as our sender.
    """
    credentials = Credentials(access_key=_KEY, secret_key=_KEY, token=_KEY)
    ours = ThreadedBulkSender(
        SignedEndpoint(
            endpoint,
            service="execute-api",
            region=_REGION,
            credentials=lambda: credentials,
            timeouts=Timeouts(connect=1.0, read=POST_SECONDS),
        )
    )
    client = boto3.client(
        "apigatewaymanagementapi",
        endpoint_url=endpoint,
        region_name=_REGION,
        aws_access_key_id=_KEY,
        aws_secret_access_key=_KEY,
        aws_session_token=_KEY,
        config=Config(max_pool_connections=THREADS),
    )
    with ExitStack() as stack:
        stack.callback(client.close)
        stack.callback(ours.close)
        pool = stack.enter_context(ThreadPoolExecutor(THREADS))
        yield {
            OURS: partial(_ours, ours),
            LOOP: partial(_loop, client),
            POOL: partial(_pool, client, pool),
            BARE: lambda frame, ids: _bare(endpoint, frame, deque(ids)),
            BARE_POOL: partial(_bare_pool, endpoint, pool),
            SOCKET: partial(_socket, endpoint),
        }


def _ours(sender: ThreadedBulkSender, frame: str, ids: Sequence[str]) -> None:
    outcomes = sender.post_all(frame, ids, _SECONDS)
    lost = sum(outcome is not PostOutcome.DELIVERED for outcome in outcomes.values())
    if lost:
        raise BenchmarkError(f"{lost} of {len(ids)} posts are lost")


def _loop(client: "ApiGatewayManagementApiClient", frame: str, ids: Sequence[str]) -> None:
    data = frame.encode()
    for connection_id in ids:
        client.post_to_connection(ConnectionId=connection_id, Data=data)


def _pool(
    client: "ApiGatewayManagementApiClient", pool: Executor, frame: str, ids: Sequence[str]
) -> None:
    data = frame.encode()

    def post(connection_id: str) -> None:
        client.post_to_connection(ConnectionId=connection_id, Data=data)

    deque(pool.map(post, ids), maxlen=0)


def _bare(endpoint: str, frame: str, waiting: deque[str]) -> None:
    """Post on one kept-alive connection until nobody waits; not signed."""
    url = urlsplit(endpoint)
    connection = HTTPConnection(url.hostname or "", url.port)
    data = frame.encode()
    try:
        while waiting:
            try:
                path = f"{url.path}/@connections/{quote(waiting.popleft(), safe='')}"
            except IndexError:
                return
            connection.request("POST", path, body=data, headers=_HEADERS)
            answer = connection.getresponse()
            answer.read()
            if answer.status != HTTPStatus.OK:
                raise BenchmarkError(f"a post was answered {answer.status}")
    finally:
        connection.close()


def _bare_pool(endpoint: str, pool: Executor, frame: str, ids: Sequence[str]) -> None:
    waiting = deque(ids)
    works = [pool.submit(_bare, endpoint, frame, waiting) for _ in range(THREADS)]
    for work in works:
        work.result()


def _socket(endpoint: str, frame: str, ids: Sequence[str]) -> None:
    """Post ready-made requests and look at nothing but the status: less is not possible."""
    url = urlsplit(endpoint)
    data = frame.encode()
    headers = f"Host: {url.netloc}\r\nContent-Length: {len(data)}\r\n"
    headers += "".join(f"{name}: {value}\r\n" for name, value in _HEADERS.items())
    end = f" HTTP/1.1\r\n{headers}\r\n".encode() + data
    start = f"POST {url.path}/@connections/".encode()
    with socket.create_connection((url.hostname or "", url.port or 80)) as connection:
        connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for connection_id in ids:
            connection.sendall(start + quote(connection_id, safe="").encode() + end)
            answer = connection.recv(65_536)
            # Answers have no body, so each is one segment.
            if not answer.startswith(b"HTTP/1.1 200") or not answer.endswith(b"\r\n\r\n"):
                raise BenchmarkError(f"a post was answered {answer[:60]!r}")
