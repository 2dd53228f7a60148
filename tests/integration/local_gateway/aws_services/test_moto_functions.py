"""What invokes a function in moto's process reaches the gateway, and nothing else does."""

import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, HTTPServer
from queue import Queue
from typing import Any

import pytest
from botocore.exceptions import ClientError

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer

SECONDS = 20


@dataclass
class Call:
    """A request that a gateway got."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


@dataclass
class Gateway:
    """Stands in for the Lambda API of a gateway: keeps the calls, and answers all alike."""

    calls: "Queue[Call]" = field(default_factory=Queue)
    server: HTTPServer = field(init=False)

    def __post_init__(self) -> None:
        calls = self.calls

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                headers = {name.lower(): value for name, value in self.headers.items()}
                calls.put(Call(self.command, self.path, headers, body))
                self.send_response(200)
                self.send_header("X-Amz-Executed-Version", "7")
                self.send_header("Content-Length", "6")
                self.end_headers()
                self.wfile.write(b'"done"')

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = HTTPServer(("127.0.0.1", 0), Handler)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server.server_port}"


@pytest.fixture(scope="module")
def started() -> Iterator[MotoServer]:
    """A server of its own: the gateway of a server stays."""
    with MotoServer.start() as server:
        yield server


@pytest.fixture
def gateway(started: MotoServer) -> Iterator[Gateway]:
    gateway = Gateway()
    thread = threading.Thread(target=gateway.server.serve_forever)
    thread.start()
    started.lead_invocations_to(gateway.url)
    yield gateway
    gateway.server.shutdown()
    thread.join()
    gateway.server.server_close()


@pytest.fixture
def clients(started: MotoServer) -> MotoClients:
    return MotoClients(started.endpoint_url, "us-east-1")


def invoke(clients: MotoClients, **parameters: Any) -> Any:
    return clients.client("lambda").invoke(**parameters)


def test_call_and_answer_pass_unchanged(clients: MotoClients, gateway: Gateway) -> None:
    arn = "arn:aws:lambda:us-east-1:123456789012:function:f:live"
    answer = invoke(
        clients, FunctionName=arn, Qualifier="live", Payload=b'{"a": 1}', LogType="Tail"
    )
    assert (answer["ExecutedVersion"], answer["Payload"].read()) == ("7", b'"done"')
    call = gateway.calls.get(timeout=SECONDS)
    name = arn.replace(":", "%3A")
    assert call.method == "POST"
    assert call.path == f"/2015-03-31/functions/{name}/invocations?Qualifier=live"
    assert call.headers["x-amz-log-type"] == "Tail"
    assert call.body == b'{"a": 1}'


def test_object_with_such_a_key_is_no_call(clients: MotoClients, gateway: Gateway) -> None:
    s3 = clients.client("s3")
    s3.create_bucket(Bucket="2015-03-31")
    s3.put_object(Bucket="2015-03-31", Key="functions/f/invocations", Body=b"object")
    answer = s3.get_object(Bucket="2015-03-31", Key="functions/f/invocations")
    assert answer["Body"].read() == b"object"
    assert gateway.calls.empty()


def test_call_before_there_is_a_gateway_is_an_error_that_says_so(moto: MotoServer) -> None:
    with pytest.raises(ClientError, match="the functions of the template are not ready yet"):
        invoke(MotoClients(moto.endpoint_url, "us-east-1"), FunctionName="f")
