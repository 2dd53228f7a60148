"""The recorded events are what API Gateway sends.

Facts: developer guide, "Set up data mapping for WebSocket APIs", "$connect and $disconnect",
"Create a Lambda REQUEST authorizer", "Create AWS Lambda proxy integrations for HTTP APIs".
"""

import json
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

from sapa.answers.answer_task import AnswerTask
from sapa.channels.fan_out_task import FanOutTask

ROOT = Path(__file__).parents[2]
EVENTS = {path.stem: json.loads(path.read_text()) for path in (ROOT / "events").glob("*.json")}
CONNECT = ["connect"]
MESSAGES = sorted(name for name in EVENTS if name.startswith("default"))
DISCONNECT = ["disconnect"]
HTTP = sorted(name for name in EVENTS if name.startswith("api_") or name == "publish_http")
WEBSOCKET = ["authorizer", *CONNECT, *MESSAGES, *DISCONNECT]


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
    for record in SqsModel.model_validate(EVENTS["answer"]).Records:
        assert AnswerTask.from_json(str(record.body)).event.endpoint == "story"


@pytest.mark.parametrize("name", [*CONNECT, *MESSAGES, *DISCONNECT])
def test_authorizer_context_stays_with_the_connection(name: str) -> None:
    authorizer = context(name)["authorizer"]
    assert ("integrationLatency" in authorizer) == (name == "connect")
    texts = {key: value for key, value in authorizer.items() if key != "integrationLatency"}
    assert set(texts) == {
        "principalId",
        "username",
        "endpoint",
        "session_id",
        "expires_at",
        "session_key",
    }
    assert all(isinstance(value, str) for value in texts.values())


@pytest.mark.parametrize("name", HTTP)
def test_http_events_have_format_2(name: str) -> None:
    event = EVENTS[name]
    assert event["version"] == "2.0"
    assert event["requestContext"]["stage"] == "$default"
    assert event["rawPath"] == event["requestContext"]["http"]["path"]
    assert all(key == key.lower() for key in event["headers"])
    assert "cookie" not in event["headers"], "cookies have a member of their own"
    assert ("body" in event) == (name in {"api_login", "publish_http"})
