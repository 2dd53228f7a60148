"""A template with a queue, a bus and schedules runs whole: a message sent by hand is processed."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

SECOND_QUEUE = """
  ReturnsQueue:
    Type: AWS::SQS::Queue

  ReturnsFunction:
    Type: AWS::Serverless::Function
    Properties:
      Handler: orders.report
      Events:
        Returns:
          Type: SQS
          Properties: { Queue: !GetAtt ReturnsQueue.Arn }

Outputs:"""


@pytest.fixture
def template(tmp_path: Path) -> Path:
    """A copy of the template and its code, to change."""
    shutil.copytree(ROOT / "tests/templates/events", tmp_path / "events")
    return tmp_path / "events" / "template.yaml"


@pytest.fixture
def gateway(template: Path) -> Iterator[GatewayProgram]:
    """The local gateway on that copy, ready."""
    with GatewayProgram(template) as program:
        program.wait_for("^Ready")
        yield program


def client(gateway: GatewayProgram, service: str) -> Any:
    """A client of a service behind the gateway."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def send(gateway: GatewayProgram, queue: str, *bodies: str) -> None:
    """Send messages to a queue, given by its logical id."""
    sqs = client(gateway, "sqs")
    url = sqs.get_queue_url(QueueName=f"local-{queue}")["QueueUrl"]
    for body in bodies:
        sqs.send_message(QueueUrl=url, MessageBody=body)


def test_order_travels_from_the_queue_over_the_bus_into_the_table(gateway: GatewayProgram) -> None:
    send(gateway, "OrdersQueue", '{"id": "1", "amount": 3}', '{"id": "2", "amount": 0}', "nonsense")
    gateway.wait_for(r"! local-OrdersQueue partly failed .* OrderFunction \(1 of \d messages? fail")
    gateway.wait_for(r"  local-ShippingFunctionTaken ok .* ShippingFunction")
    items = client(gateway, "dynamodb").scan(TableName="local-OrdersTable")["Items"]
    assert [item["id"]["S"] for item in items] == ["1"]


def test_schedule_without_a_start_date_runs_at_once(gateway: GatewayProgram) -> None:
    gateway.wait_for(r"  ReportFunctionAtOnce ok .* ReportFunction")
    arn = "arn:aws:scheduler:us-east-1:123456789012:schedule/default/ReportFunctionAtOnce"
    assert arn in gateway.output


def test_queue_that_is_added_is_polled_after_the_reload(
    gateway: GatewayProgram, template: Path
) -> None:
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("\nOutputs:", SECOND_QUEUE), encoding="utf-8")
    gateway.wait_for("^Reloaded: ")
    send(gateway, "ReturnsQueue", "back again")
    gateway.wait_for(r"  local-ReturnsQueue ok .* ReturnsFunction \(1 message\)")
