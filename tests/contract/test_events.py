"""The recorded events are what API Gateway sends.

Facts: developer guide, "Set up data mapping for WebSocket APIs", "$connect and $disconnect",
"Create a Lambda REQUEST authorizer", "Create AWS Lambda proxy integrations for HTTP APIs".
"""

import base64
import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayProxyEventV2Model,
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
    EventBridgeModel,
    SqsModel,
)
from pydantic import BaseModel

from sapa.channels.fan_out_task import FanOutTask

ROOT = Path(__file__).parents[2]
EVENTS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "events").glob("*.json")}
CONNECT = ["connect"]
MESSAGES = sorted(name for name in EVENTS if name.startswith("default"))
DISCONNECT = ["disconnect"]
HTTP = sorted(name for name in EVENTS if name.startswith("api_") or name == "publish_http")
WEBSOCKET = ["authorizer", *CONNECT, *MESSAGES, *DISCONNECT]

ALWAYS = {"requestContext", "isBase64Encoded"}
HEADERS = {"headers", "multiValueHeaders"}
QUERY = {"queryStringParameters", "multiValueQueryStringParameters"}
CONTEXT = {
    "routeKey",
    "eventType",
    "extendedRequestId",
    "requestTime",
    "messageDirection",
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
}
KEY_ORDER = [
    "routeKey",
    "authorizer",
    "messageId",
    "disconnectStatusCode",
    "eventType",
    "extendedRequestId",
    "requestTime",
    "messageDirection",
    "disconnectReason",
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
]


def context(name: str) -> dict[str, Any]:
    """The request context of an event."""
    return dict(EVENTS[name]["requestContext"])


def test_every_function_has_an_event() -> None:
    functions = {path.parent.name for path in (ROOT / "functions").glob("*/app.py")}
    assert functions == {
        next(folder for folder in functions if name.startswith(folder)) for name in EVENTS
    }


@pytest.mark.parametrize("name", WEBSOCKET)
def test_powertools_reads_websocket_events(name: str) -> None:
    models: dict[str, type[BaseModel]] = {
        "CONNECT": APIGatewayWebSocketConnectEventModel,
        "MESSAGE": APIGatewayWebSocketMessageEventModel,
        "DISCONNECT": APIGatewayWebSocketDisconnectEventModel,
    }
    event = {"isBase64Encoded": False, **EVENTS[name]}  # an authorizer's event is a connect one
    models[context(name)["eventType"]].model_validate(event)


@pytest.mark.parametrize("name", HTTP)
def test_powertools_reads_http_events(name: str) -> None:
    APIGatewayProxyEventV2Model.model_validate(EVENTS[name])


def test_powertools_reads_events_of_the_bus_and_the_queue() -> None:
    EventBridgeModel.model_validate(EVENTS["publish_eventbridge"])
    for record in SqsModel.model_validate(EVENTS["fan_out"]).Records:
        assert FanOutTask.from_json(str(record.body)).channel == "price:ACME"


@pytest.mark.parametrize(
    ("name", "keys"),
    [
        ("authorizer", HEADERS | QUERY | {"type", "methodArn", "stageVariables", "requestContext"}),
        *((name, ALWAYS | HEADERS | QUERY) for name in CONNECT),
        *((name, ALWAYS | {"body"}) for name in MESSAGES),
        *((name, ALWAYS | HEADERS) for name in DISCONNECT),
    ],
)
def test_presence_of_members(name: str, keys: set[str]) -> None:
    assert set(EVENTS[name]) == keys


@pytest.mark.parametrize("name", WEBSOCKET)
def test_presence_and_order_in_the_request_context(name: str) -> None:
    more = {
        "CONNECT": set[str](),
        "MESSAGE": {"messageId"},
        "DISCONNECT": {"disconnectStatusCode", "disconnectReason"},
    }[context(name)["eventType"]]
    authorizer = set[str]() if name == "authorizer" else {"authorizer"}
    assert set(context(name)) == CONTEXT | more | authorizer
    assert list(context(name)) == [key for key in KEY_ORDER if key in context(name)]


@pytest.mark.parametrize("name", WEBSOCKET)
def test_ids_and_times(name: str) -> None:
    facts = context(name)
    ids = [facts["connectionId"], facts["requestId"]]
    ids += [facts["messageId"]] if "messageId" in facts else []
    for identifier in ids:
        assert len(identifier) == 16
        assert len(base64.urlsafe_b64decode(identifier)) == 11
    assert facts["extendedRequestId"] == facts["requestId"]
    at = datetime.fromtimestamp(facts["requestTimeEpoch"] / 1000, UTC)
    assert facts["requestTime"] == at.strftime("%d/%b/%Y:%H:%M:%S +0000")
    assert facts["connectedAt"] <= facts["requestTimeEpoch"]
    assert facts["connectedAt"] == context("connect")["connectedAt"]
    assert facts["connectionId"] == context("connect")["connectionId"]


@pytest.mark.parametrize("name", [*CONNECT, *MESSAGES, *DISCONNECT])
def test_authorizer_context_stays_with_the_connection(name: str) -> None:
    authorizer = context(name)["authorizer"]
    assert ("integrationLatency" in authorizer) == (name == "connect")
    texts = {key: value for key, value in authorizer.items() if key != "integrationLatency"}
    assert set(texts) == {"principalId", "username", "endpoint", "session_id"}
    assert all(isinstance(value, str) for value in texts.values())


@pytest.mark.parametrize("name", ["authorizer", "connect", "disconnect"])
def test_both_forms_of_headers_agree(name: str) -> None:
    event = EVENTS[name]
    assert event["multiValueHeaders"] == {key: [value] for key, value in event["headers"].items()}


def test_upgrade_headers_reach_the_authorizer_alone() -> None:
    upgrade = {"Connection": "upgrade", "Upgrade": "websocket", "content-length": "0"}
    headers = EVENTS["authorizer"]["headers"]
    assert {name: headers[name] for name in upgrade} == upgrade
    assert EVENTS["connect"]["headers"] == {
        name: value for name, value in headers.items() if name not in upgrade
    }


def test_disconnect_has_stub_headers() -> None:
    assert EVENTS["disconnect"]["headers"] == {
        "Host": context("disconnect")["domainName"],
        "x-api-key": "",
        "X-Forwarded-For": "",
        "x-restapi": "",
    }


def test_authorizer_is_asked_about_the_connect_route() -> None:
    event, facts = EVENTS["authorizer"], context("authorizer")
    assert event["type"] == "REQUEST"
    assert event["methodArn"].endswith(f":{facts['apiId']}/{facts['stage']}/$connect")


@pytest.mark.parametrize("name", HTTP)
def test_http_events_have_format_2(name: str) -> None:
    event = EVENTS[name]
    assert event["version"] == "2.0"
    assert event["requestContext"]["stage"] == "$default"
    assert event["rawPath"] == event["requestContext"]["http"]["path"]
    assert all(key == key.lower() for key in event["headers"])
    assert "cookie" not in event["headers"], "cookies have a member of their own"
    assert ("body" in event) == (name in {"api_login", "publish_http"})
