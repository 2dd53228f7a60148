import json
from typing import Any

import pytest
from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)

from local_gateway.core.websocket import events
from tests.unit.local_gateway.core.samples import (
    CONNECTED_AT,
    CONNECTION_ID,
    REQUEST_ID,
    STAMP,
    handshake,
    identity,
)

HOST = "a1b2c3d4e5.execute-api.eu-west-1.amazonaws.com"
BROWSER = (
    ("Host", HOST),
    ("Connection", "keep-alive, Upgrade"),
    ("sec-websocket-key", "+W5xw47OHh3OTFsWKjGu9Q=="),
    ("Upgrade", "WebSocket"),
    ("Sec-WebSocket-Version", "13"),
    ("accept-language", "de"),
    ("X-Tag", "one"),
    ("x-tag", "two"),
    ("X-Forwarded-Proto", "gopher"),
)
AUTHORIZER: dict[str, str | int] = {"principalId": "ada", "role": "1"}
SHARED_TAIL = [
    "stage",
    "connectedAt",
    "requestTimeEpoch",
    "identity",
    "requestId",
    "domainName",
    "connectionId",
    "apiId",
]
ABSENT_EVERYWHERE = {
    "path",
    "httpMethod",
    "resource",
    "pathParameters",
    "cookies",
    "rawPath",
    "version",
}


def connect_event(**changes: Any) -> events.Event:
    query = changes.pop("query", ())
    return events.connect_event(
        changes.pop("identity", identity()),
        handshake(BROWSER, query),
        STAMP,
        changes.pop("authorizer", None),
        **changes,
    )


def message_event(**changes: Any) -> events.Event:
    return events.message_event(
        changes.pop("identity", identity()),
        STAMP,
        route_key="join",
        message_id="BFaVtfGSIAMCKug=",
        body='{"action": "join" }',
        authorizer=changes.pop("authorizer", None),
    )


def disconnect_event(**changes: Any) -> events.Event:
    return events.disconnect_event(
        changes.pop("identity", identity()),
        STAMP,
        code=1005,
        reason="Client-side close frame status not set",
        authorizer=changes.pop("authorizer", None),
    )


ALL = [connect_event, message_event, disconnect_event]


def test_events_satisfy_strict_parsers() -> None:
    query = (("endpoint", "reply"),)
    APIGatewayWebSocketConnectEventModel.model_validate(connect_event(query=query))
    APIGatewayWebSocketMessageEventModel.model_validate(message_event(authorizer=AUTHORIZER))
    APIGatewayWebSocketDisconnectEventModel.model_validate(disconnect_event())


def test_the_top_level_members_and_their_order() -> None:
    maps = ["headers", "multiValueHeaders"]
    query = ["queryStringParameters", "multiValueQueryStringParameters"]
    assert list(connect_event()) == [*maps, "requestContext", "isBase64Encoded"]
    assert list(connect_event(query=(("a", "1"),))) == [
        *maps,
        *query,
        "requestContext",
        "isBase64Encoded",
    ]
    assert list(message_event()) == ["requestContext", "body", "isBase64Encoded"]
    assert list(disconnect_event()) == [*maps, "requestContext", "isBase64Encoded"]


@pytest.mark.parametrize("make", ALL)
def test_stage_variables_appear_only_when_the_stage_defines_some(make: Any) -> None:
    assert "stageVariables" not in make()
    with_variables = make(identity=identity(stage_variables={"color": "red"}))
    assert with_variables["stageVariables"] == {"color": "red"}


@pytest.mark.parametrize("make", ALL)
def test_no_member_of_other_api_types_appears_and_nothing_is_base64(make: Any) -> None:
    event = make()
    assert not ABSENT_EVERYWHERE & event.keys()
    assert event["isBase64Encoded"] is False
    assert json.loads(json.dumps(event)) == event


def test_context_members_come_in_the_captured_order() -> None:
    start = ["eventType", "extendedRequestId", "requestTime", "messageDirection"]
    orders = {
        connect_event: ["routeKey", "authorizer", *start, *SHARED_TAIL],
        message_event: ["routeKey", "authorizer", "messageId", *start, *SHARED_TAIL],
        disconnect_event: [
            "routeKey",
            "authorizer",
            "disconnectStatusCode",
            *start,
            "disconnectReason",
            *SHARED_TAIL,
        ],
    }
    for make, order in orders.items():
        assert list(make(authorizer=AUTHORIZER)["requestContext"]) == order
        assert "authorizer" not in make()["requestContext"]


def test_the_message_context_in_full() -> None:
    assert message_event(authorizer=AUTHORIZER)["requestContext"] == {
        "routeKey": "join",
        "authorizer": {"principalId": "ada", "role": "1"},
        "messageId": "BFaVtfGSIAMCKug=",
        "eventType": "MESSAGE",
        "extendedRequestId": REQUEST_ID,
        "requestTime": "09/Feb/2024:18:11:43 +0000",
        "messageDirection": "IN",
        "stage": "ws",
        "connectedAt": CONNECTED_AT,
        "requestTimeEpoch": CONNECTED_AT + 3,
        "identity": {"sourceIp": "192.0.2.7", "userAgent": "Probe/1"},
        "requestId": REQUEST_ID,
        "domainName": HOST,
        "connectionId": CONNECTION_ID,
        "apiId": "a1b2c3d4e5",
    }
    assert message_event()["body"] == '{"action": "join" }'


def test_a_client_without_user_agent_has_none_in_its_identity() -> None:
    event = connect_event(identity=identity(user_agent=None))
    assert event["requestContext"]["identity"] == {"sourceIp": "192.0.2.7"}


def test_connect_headers_keep_their_spelling_and_gain_the_front_ends() -> None:
    event = connect_event()
    trace = event["headers"].pop("X-Amzn-Trace-Id")
    assert trace.startswith("Root=1-")
    assert event["headers"] == {
        "accept-language": "de",
        "Host": HOST,
        "sec-websocket-key": "+W5xw47OHh3OTFsWKjGu9Q==",
        "Sec-WebSocket-Version": "13",
        "X-Forwarded-For": "192.0.2.7",
        "X-Forwarded-Port": "80",
        "X-Forwarded-Proto": "http",
        "X-Tag": "two",
    }
    assert event["multiValueHeaders"]["X-Tag"] == ["one", "two"]
    assert list(event["multiValueHeaders"]) == sorted(event["multiValueHeaders"], key=str.lower)


def test_repeated_query_names_show_the_last_value_and_all_values() -> None:
    event = connect_event(query=(("a", "1"), ("A", "x"), ("a", "2")))
    assert event["queryStringParameters"] == {"a": "2", "A": "x"}
    assert event["multiValueQueryStringParameters"] == {"a": ["1", "2"], "A": ["x"]}


def test_the_authorizer_sees_the_upgrade_and_empty_maps() -> None:
    event = events.authorizer_event(identity(), handshake(BROWSER), STAMP)
    assert list(event) == [
        "type",
        "methodArn",
        "headers",
        "multiValueHeaders",
        "queryStringParameters",
        "multiValueQueryStringParameters",
        "stageVariables",
        "requestContext",
    ]
    assert event["type"] == "REQUEST"
    assert event["methodArn"] == (
        "arn:aws:execute-api:eu-west-1:123456789012:a1b2c3d4e5/ws/$connect"
    )
    assert event["queryStringParameters"] == event["multiValueQueryStringParameters"] == {}
    assert event["stageVariables"] == {}
    seen = {name: event["headers"][name] for name in ("Connection", "Upgrade", "content-length")}
    assert seen == {"Connection": "upgrade", "Upgrade": "websocket", "content-length": "0"}
    assert event["requestContext"] == connect_event()["requestContext"]


def test_authorizer_and_connect_share_the_trace_and_the_other_headers() -> None:
    asked = events.authorizer_event(identity(), handshake(BROWSER), STAMP)["headers"]
    connected = connect_event()["headers"]
    assert asked.keys() - connected.keys() == {"Connection", "Upgrade", "content-length"}
    assert connected.items() <= asked.items()


def test_disconnect_has_the_four_stub_headers_only() -> None:
    event = disconnect_event()
    assert list(event["headers"].items()) == [
        ("Host", HOST),
        ("x-api-key", ""),
        ("X-Forwarded-For", ""),
        ("x-restapi", ""),
    ]
    assert event["multiValueHeaders"] == {name: [value] for name, value in event["headers"].items()}
    context = event["requestContext"]
    assert context["disconnectStatusCode"] == 1005
    assert context["disconnectReason"] == "Client-side close frame status not set"
    assert "messageId" not in context


def test_an_event_does_not_share_the_context_with_the_connection() -> None:
    kept = dict(AUTHORIZER)
    message_event(authorizer=kept)["requestContext"]["authorizer"]["role"] = "changed"
    assert kept == AUTHORIZER
