"""The moto server starts, answers, and never outlives its parent."""

import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from local_gateway.aws_services.clients import MotoClients
from local_gateway.aws_services.moto_server import MotoServer, MotoServerError

_PARENT = """
import sys
from local_gateway.aws_services.moto_server import MotoServer
server = MotoServer.start()
print(server.pid, flush=True)
sys.stdin.read()
"""


def test_it_answers_on_localhost_and_stops() -> None:
    server = MotoServer.start()
    try:
        assert server.endpoint_url.startswith("http://localhost:")
        client = MotoClients(server.endpoint_url, "us-east-1").client("dynamodb")
        assert client.list_tables()["TableNames"] == []
        assert os.getpgid(server.pid) == server.pid
    finally:
        server.stop()
    with pytest.raises(ProcessLookupError):
        os.kill(server.pid, 0)
    server.stop()


def test_the_url_is_known_only_when_it_is_ready() -> None:
    server = MotoServer.spawn()
    try:
        with pytest.raises(MotoServerError, match="not ready yet"):
            _ = server.endpoint_url
        server.wait_until_ready()
        assert server.endpoint_url
    finally:
        server.stop()


def test_a_process_that_ends_is_an_error() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "raise SystemExit(3)"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with pytest.raises(MotoServerError, match=r"the moto server ended with status 3; is moto"):
        MotoServer(process).wait_until_ready()


def test_a_process_that_stays_silent_is_an_error_and_is_stopped() -> None:
    process = subprocess.Popen(
        [sys.executable, "-c", "import sys; sys.stdin.read()"],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        start_new_session=True,
    )
    with pytest.raises(MotoServerError, match="did not answer in time"):
        MotoServer(process).wait_until_ready(timeout=0.05)
    assert process.poll() is not None


@pytest.mark.parametrize("way", [signal.SIGKILL, signal.SIGTERM])
def test_it_ends_when_its_parent_is_killed(way: signal.Signals) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", _PARENT],
        cwd=Path(__file__).parents[4],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
    ) as parent:
        assert parent.stdout is not None
        assert parent.stderr is not None
        pid = int(parent.stdout.readline())
        os.kill(pid, 0)
        parent.send_signal(way)
        # Both hold the write end of this pipe: it ends when the last of them is gone.
        parent.stderr.read()
        parent.wait()


def test_it_answers_at_further_addresses_with_the_same_port() -> None:
    server = MotoServer.spawn(["127.0.0.2", "127.0.0.3"])
    with server:
        server.wait_until_ready()
        port = server.endpoint_url.rpartition(":")[2]
        for host in ("localhost", "127.0.0.2", "127.0.0.3"):
            sqs = MotoClients(f"http://{host}:{port}", "eu-west-1").client("sqs")
            sqs.create_queue(QueueName=f"of-{host.replace('.', '-')}")
        assert len(sqs.list_queues()["QueueUrls"]) == 3
        with socket.socket() as stranger, pytest.raises(ConnectionRefusedError):
            stranger.connect(("127.0.0.4", int(port)))
