"""A state machine runs the template's functions: an order is charged, stored and reported."""

import json
import time
from collections.abc import Iterator
from typing import Any

import boto3
import pytest
from websockets.sync.client import connect

from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProgram]:
    """The local gateway on the template, ready."""
    with GatewayProgram(ROOT / "tests/templates/checkout/template.yaml") as program:
        program.wait_for("^Ready")
        yield program


def client(gateway: GatewayProgram, service: str) -> Any:
    """A client of a service behind the gateway."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")
    return session.client(service, endpoint_url=endpoint)  # type: ignore[call-overload]


def test_order_goes_through_the_steps(gateway: GatewayProgram) -> None:
    url = gateway.wait_for(r"^Ready: ([^\s,]+)")[1]
    with connect(url, proxy=None) as socket:
        socket.send('{"action": "order", "id": "1", "amount": 5}')
        assert json.loads(socket.recv(timeout=30)) == {"id": "1", "charged": 5}
        socket.send('{"action": "order", "id": "2", "amount": 500}')
        assert json.loads(socket.recv(timeout=30)) == {"id": "2", "refused": True}
    gateway.wait_for(r"  local-CheckoutStateMachine ok .* TellFunction")
    gateway.wait_for(r"! local-CheckoutStateMachine error .* ChargeFunction \(Declined: too much\)")
    items = client(gateway, "dynamodb").scan(TableName="local-OrdersTable")["Items"]
    assert {"id": {"S": "1"}} in items
    assert {"id": {"S": "2"}} not in items


def test_rule_starts_the_state_machine(gateway: GatewayProgram) -> None:
    detail = json.dumps({"id": "3", "amount": 1})
    client(gateway, "events").put_events(
        Entries=[{"Source": "shop", "DetailType": "OrderPlaced", "Detail": detail}]
    )
    steps = client(gateway, "stepfunctions")
    [machine] = steps.list_state_machines()["stateMachines"]

    def outputs() -> list[Any]:
        listed = steps.list_executions(stateMachineArn=machine["stateMachineArn"])["executions"]
        found = [steps.describe_execution(executionArn=item["executionArn"]) for item in listed]
        return [json.loads(item["output"]) for item in found if item["status"] == "SUCCEEDED"]

    deadline = time.monotonic() + 30
    while {"id": "3", "charged": 1} not in outputs():
        assert time.monotonic() < deadline


def test_execution_that_fails_is_said(gateway: GatewayProgram) -> None:
    steps = client(gateway, "stepfunctions")
    [machine] = steps.list_state_machines()["stateMachines"]
    steps.start_execution(stateMachineArn=machine["stateMachineArn"], input='{"amount": 1}')
    gateway.wait_for(r"^state machine local-CheckoutStateMachine: FAILED: .*\$\.id.* could not be")
