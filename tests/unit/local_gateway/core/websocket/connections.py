"""Connections in the states that tests start from, and readers of their actions."""

import json
from dataclasses import replace
from typing import Any

from local_gateway.core.http import Pairs
from local_gateway.core.invocation import Succeeded
from local_gateway.core.model import (
    AuthorizationType,
    Authorizer,
    WebSocketApi,
    WebSocketStage,
)
from local_gateway.core.timestamps import RequestStamp
from local_gateway.core.websocket.actions import (
    AcceptHandshake,
    Action,
    Invoke,
    RefuseHandshake,
    SendText,
)
from local_gateway.core.websocket.connection import Connection
from local_gateway.core.websocket.stage import Limits, Stage
from tests.unit.local_gateway.core.samples import (
    CONNECTED_AT,
    CONNECTION_ID,
    REQUEST_ID,
    STAMP,
    api,
    handshake,
    identity,
)

OK = Succeeded(b'{"statusCode": 200}')
ARN = "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/$connect"
COOKIE: Pairs = (("Cookie", "a=b"),)
AUTHORIZER = Authorizer(
    logical_id="Auth",
    name="Auth",
    function="AuthFunction",
    identity_sources=("route.request.header.Cookie",),
)


def policy(effect: str = "Allow", **context: object) -> Succeeded:
    statement = {"Effect": effect, "Action": "execute-api:Invoke", "Resource": ARN}
    document = {"Version": "2012-10-17", "Statement": [statement]}
    answer = {"principalId": "ana", "policyDocument": document, "context": context}
    return Succeeded(json.dumps(answer).encode())


def guarded(*route_keys: str) -> WebSocketApi:
    plain = api("$connect", *route_keys)
    route = replace(
        plain.routes["$connect"],
        authorization_type=AuthorizationType.CUSTOM,
        authorizer=AUTHORIZER,
    )
    return replace(plain, routes={**plain.routes, "$connect": route})


def connection(
    served: WebSocketApi | None = None,
    headers: Pairs = COOKIE,
    settings: WebSocketStage | None = None,
) -> Connection:
    served = served or api("$connect", "$default", "$disconnect")
    stage = Stage(served, settings or WebSocketStage(name="ws"), Limits())
    return Connection(stage, identity(), handshake(headers))


def opened(served: WebSocketApi | None = None) -> Connection:
    made = connection(served or api("$default", "$disconnect"))
    assert made.open(STAMP) == [AcceptHandshake(None)]
    return made


def only_invoke(actions: list[Action]) -> Invoke:
    (action,) = actions
    assert isinstance(action, Invoke)
    return action


def refusal(actions: list[Action]) -> tuple[int, str]:
    (action,) = actions
    assert isinstance(action, RefuseHandshake)
    return action.status, action.message


def message_of(actions: list[Action]) -> str:
    (action,) = actions
    assert isinstance(action, SendText)
    frame: dict[str, Any] = json.loads(action.text)
    assert frame["connectionId"] == CONNECTION_ID
    assert frame["requestId"] == REQUEST_ID
    return str(frame["message"])


def later(ms: float) -> RequestStamp:
    return RequestStamp(CONNECTED_AT + int(ms), REQUEST_ID)
