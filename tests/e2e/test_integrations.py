"""A template whose routes go to services, endpoints and functions runs as it is."""

import json
import re
from collections.abc import Iterator
from typing import Any

import boto3
import pytest

from tests.support.endpoint import HttpEndpoint
from tests.support.programs import ROOT, GatewayProgram

pytestmark = pytest.mark.local_only

TEMPLATE = ROOT / "tests/templates/integrations/template.yaml"
SECONDS = 20.0


@pytest.fixture(scope="module")
def gateway() -> Iterator[GatewayProgram]:
    with (
        HttpEndpoint() as endpoint,
        GatewayProgram(TEMPLATE, "--parameter-overrides", f"EchoUrl={endpoint.url}") as program,
    ):
        program.wait_for("^Ready")
        yield program


def kept(gateway: GatewayProgram) -> dict[str, str]:
    """The connections in the table, by name."""
    endpoint = gateway.wait_for(r"AWS services for this run: (\S+)")[1]
    session = boto3.Session("local", "local", region_name="us-east-1")
    dynamodb: Any = session.client("dynamodb", endpoint_url=endpoint)
    items = dynamodb.scan(TableName="local-ConnectionTable")["Items"]
    assert all(item["room"] == {"S": "lobby"} for item in items)
    return {item["name"]["S"]: item["connection_id"]["S"] for item in items}


def test_a_ping_is_answered_without_a_function(gateway: GatewayProgram) -> None:
    with gateway.connect("prod") as socket:
        socket.send('{"action": "ping"}')
        assert json.loads(socket.recv(SECONDS)) == {"message": "pong"}
    gateway.wait_for(r"  ping           200 [\d.]+ ms mock \S+=")


def test_connections_are_kept_in_a_table_without_a_function(gateway: GatewayProgram) -> None:
    with gateway.connect("prod", "?name=O'Neil"), gateway.connect("prod"):
        connections = kept(gateway)
        assert connections.keys() >= {"O'Neil", "nobody"}
    for connection_id in connections.values():
        gateway.wait_for(rf"\$disconnect    200 .* dynamodb:DeleteItem {re.escape(connection_id)}")
    assert "O'Neil" not in kept(gateway)


def test_an_order_goes_through_the_queue_to_its_function(gateway: GatewayProgram) -> None:
    with gateway.connect("prod") as socket:
        order = {"action": "order", "customer": "c1", "item": "rice & salt = 100%"}
        socket.send(json.dumps(order))
        assert json.loads(socket.recv(SECONDS)) == {"confirmed": order["item"]}
    gateway.wait_for(r"  order          200 .* sqs:local-orders\.fifo \S+=")


def test_a_function_gets_the_mapped_body_and_its_error_has_a_response(
    gateway: GatewayProgram,
) -> None:
    with gateway.connect("prod") as socket:
        socket.send('{"action": "price", "symbols": ["RICE", "SALT"]}')
        assert json.loads(socket.recv(SECONDS)) == {"RICE": 3, "SALT": 1}
        socket.send('{"action": "price", "symbols": ["GOLD"]}')
        assert json.loads(socket.recv(SECONDS)) == {"error": "No price of GOLD"}
    gateway.wait_for(r"! price .* PriceFunction lambda .*\(the function failed: No price of GOLD\)")


def test_everything_else_goes_to_the_endpoint(gateway: GatewayProgram) -> None:
    with gateway.connect("prod") as socket:
        socket.send('{"kind": "a b"}')
        got = json.loads(socket.recv(SECONDS))
        assert (got["path"], got["body"]) == ("/rooms/lobby?kind=a+b", '{"kind": "a b"}')
        assert got["headers"]["x-connection-id"].endswith("=")
        socket.send("no JSON")
        assert json.loads(socket.recv(SECONDS))["body"] == "no JSON"
