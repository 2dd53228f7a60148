"""A template with a queue, a bus and schedules runs whole: what a person sends is done."""

import json
import shutil
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import boto3
import pytest

from tests.e2e.gateway_process import ROOT, GatewayProcess, descendants

pytestmark = pytest.mark.local_only

EVENTS = ROOT / "tests" / "templates" / "events"
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
def project(tmp_path: Path) -> Path:
    """A copy of the template and its code, which a test may change."""
    return shutil.copytree(EVENTS, tmp_path / "events")


@pytest.fixture
def gateway(project: Path) -> Iterator[GatewayProcess]:
    """The local gateway on that copy, ready."""
    command = [sys.executable, "-m", "local_gateway", "--port", "0"]
    with GatewayProcess([*command, "--template", str(project / "template.yaml")], {}) as process:
        process.wait_for("^Ready")
        yield process


@pytest.fixture
def client(gateway: GatewayProcess) -> Callable[[str], Any]:
    """Makes clients of the AWS services behind the gateway."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")

    def make(service: str) -> Any:
        return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]

    return make


def queue_url(sqs: Any, name: str) -> str:
    return str(sqs.get_queue_url(QueueName=f"local-{name}")["QueueUrl"])


def test_order_travels_from_the_queue_over_the_bus_into_the_table(
    gateway: GatewayProcess, client: Callable[[str], Any]
) -> None:
    sqs = client("sqs")
    for body in ('{"id": "1", "amount": 3}', '{"id": "2", "amount": 0}', "nonsense"):
        sqs.send_message(QueueUrl=queue_url(sqs, "OrdersQueue"), MessageBody=body)
    gateway.wait_for(r"! local-OrdersQueue partly failed .* OrderFunction \(1 of \d messages? fail")
    gateway.wait_for(r"  local-ShippingFunctionTaken ok .* ShippingFunction")
    items = client("dynamodb").scan(TableName="local-OrdersTable")["Items"]
    assert [item["id"]["S"] for item in items] == ["1"]


def test_person_puts_an_event_on_the_bus(
    gateway: GatewayProcess, client: Callable[[str], Any]
) -> None:
    entry = {
        "EventBusName": "local-shop",
        "Source": "shop.orders",
        "DetailType": "OrderTaken",
        "Detail": json.dumps({"id": "by hand", "amount": 1}),
    }
    client("events").put_events(Entries=[entry])
    gateway.wait_for(r"  local-ShippingFunctionTaken ok .* ShippingFunction")
    items = client("dynamodb").scan(TableName="local-OrdersTable")["Items"]
    assert [item["id"]["S"] for item in items] == ["by hand"]


def test_schedule_without_a_start_date_runs_at_once(gateway: GatewayProcess) -> None:
    gateway.wait_for(r"  ReportFunctionAtOnce ok .* ReportFunction")
    assert "arn:aws:scheduler:us-east-1:123456789012:schedule/default/ReportFunctionAtOnce" in (
        gateway.output
    )


def test_queue_that_is_added_is_polled_after_the_reload(
    gateway: GatewayProcess, client: Callable[[str], Any], project: Path
) -> None:
    template = project / "template.yaml"
    text = template.read_text(encoding="utf-8")
    template.write_text(text.replace("\nOutputs:", SECOND_QUEUE), encoding="utf-8")
    gateway.wait_for("^Reloaded: ")
    sqs = client("sqs")
    sqs.send_message(QueueUrl=queue_url(sqs, "ReturnsQueue"), MessageBody="back again")
    gateway.wait_for(r"  local-ReturnsQueue ok .* ReturnsFunction \(1 message\)")


def test_nothing_is_left_over_when_it_stops(gateway: GatewayProcess) -> None:
    started = descendants(gateway.pid)
    assert len(started) > 3, "moto and the execution environments"
    assert gateway.stop() == 0
    assert "Traceback" not in gateway.output
    assert not {pid for pid in started if Path(f"/proc/{pid}").exists()}
