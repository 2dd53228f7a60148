"""Buckets, streams and topics invoke functions: an upload reaches every open socket."""

import json
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from websockets.sync.client import connect

from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

BUCKET = "local-uploadsbucket"


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProgram]:
    """The local gateway on the template, ready."""
    with GatewayProgram(ROOT / "tests/templates/uploads/template.yaml") as program:
        program.wait_for("^Ready")
        yield program


def client(gateway: GatewayProgram, service: str) -> Any:
    """A client of a service behind the gateway."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def received(gateway: GatewayProgram, queue: str) -> str:
    """The body of the next message of a queue."""
    sqs = client(gateway, "sqs")
    url = sqs.get_queue_url(QueueName=f"local-{queue}")["QueueUrl"]
    [message] = sqs.receive_message(QueueUrl=url, WaitTimeSeconds=20)["Messages"]
    return str(message["Body"])


def test_upload_is_told_to_every_socket_and_its_end_too(gateway: GatewayProgram) -> None:
    url = gateway.wait_for(r"^Ready: ([^\s,]+)")[1]
    s3 = client(gateway, "s3")
    with connect(url, proxy=None) as one, connect(url, proxy=None) as two:
        s3.put_object(Bucket=BUCKET, Key="elsewhere/b.txt", Body=b"1")
        s3.put_object(Bucket=BUCKET, Key="in/a b.txt", Body=b"12")
        for socket in (one, two):
            assert json.loads(socket.recv(timeout=20)) == {"event": "INSERT", "key": "in/a b.txt"}
        s3.delete_object(Bucket=BUCKET, Key="in/a b.txt")
        for socket in (one, two):
            assert json.loads(socket.recv(timeout=20)) == {"event": "REMOVE", "key": "in/a b.txt"}
    gateway.wait_for(rf"  {BUCKET} ok .* UploadFunction")
    gateway.wait_for(r"  local-UploadsTable ok .* TellFunction \(1 record\)")
    assert received(gateway, "LargeQueue") == "in/a b.txt"


def test_topic_invokes_what_its_filter_lets_through(gateway: GatewayProgram) -> None:
    client(gateway, "s3").put_object(Bucket=BUCKET, Key="in/large.txt", Body=b"x" * 10)
    gateway.wait_for(r"AlarmFunction \| .*large: in/large.txt")
    gateway.wait_for(r"  local-LargeTopic ok .* AlarmFunction")


def test_record_that_fails_is_given_up_and_leaves_a_trace(gateway: GatewayProgram) -> None:
    client(gateway, "s3").put_object(Bucket=BUCKET, Key="in/unlucky.txt", Body=b"1")
    gateway.wait_for(r"! local-UploadsTable partly failed .*again in 1 s")
    gateway.wait_for(r"! local-UploadsTable partly failed .*given up")
    record = json.loads(received(gateway, "LostChangesQueue"))
    assert record["requestContext"]["condition"] == "RetryAttemptsExhausted"
