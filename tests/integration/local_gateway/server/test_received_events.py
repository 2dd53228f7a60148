"""What the handlers receive, read from their own logs."""

import base64
import re
from typing import Any

from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)

from tests.support.applications import ACCOUNT, REGION
from tests.support.gateway import RunningGateway
from tests.support.recorder import Told

AUTH = {"Auth": "secret"}
ID = re.compile(r"[A-Za-z0-9_-]{15}=")
NEVER = {"path", "httpMethod", "resource", "pathParameters", "cookies", "rawPath", "version"}
NEVER_IN_CONTEXT = {"accountId", "protocol", "httpMethod", "path", "resourcePath", "domainPrefix"}
QUERY = {"queryStringParameters", "multiValueQueryStringParameters"}
HEADERS = {"headers", "multiValueHeaders"}
ALWAYS = {"requestContext", "isBase64Encoded"}
STUBS = ["Host", "x-api-key", "X-Forwarded-For", "x-restapi"]


def conversation(
    gateway: RunningGateway, stage: str = "dev", query: str = "", **options: Any
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The three events of a connection with one message."""
    with gateway.open(stage, query, **options) as opened:
        opened.socket.send('{"hello": 1}')

        def is_ours(told: Told) -> bool:
            return told.connection_id == opened.connection_id

        message = gateway.recorder.wait_for("message", is_ours).content
    disconnect = gateway.recorder.wait_for("disconnect", is_ours).content
    connect = gateway.recorder.wait_for("connect", is_ours).content
    return connect, message, disconnect


def test_events_satisfy_strict_parsers(gateway: RunningGateway) -> None:
    connect, message, disconnect = conversation(gateway)
    APIGatewayWebSocketConnectEventModel.model_validate(connect)
    APIGatewayWebSocketMessageEventModel.model_validate(message)
    APIGatewayWebSocketDisconnectEventModel.model_validate(disconnect)


def test_each_event_has_its_members_and_no_others(gateway: RunningGateway) -> None:
    connect, message, disconnect = conversation(gateway)
    assert set(connect) == ALWAYS | HEADERS | QUERY
    assert set(message) == ALWAYS | {"body"}
    assert set(disconnect) == ALWAYS | HEADERS
    for event in (connect, message, disconnect):
        assert event["isBase64Encoded"] is False
        assert not NEVER & set(event)
        assert not NEVER_IN_CONTEXT & set(event["requestContext"])
        assert None not in event["requestContext"].values()


def test_a_bare_url_has_no_query_members(gateway: RunningGateway) -> None:
    with gateway.connect("dev", additional_headers={"X-Tag": "bare url"}):
        told = gateway.recorder.wait_for(
            "connect", lambda told: told.content["headers"].get("X-Tag") == "bare url"
        )
    assert not QUERY & set(told.content)


def test_stage_variables_are_in_every_event_of_a_stage_that_has_some(
    gateway: RunningGateway,
) -> None:
    for event in conversation(gateway, "variables"):
        assert event["stageVariables"] == {"colour": "blue"}


def test_what_tells_the_events_of_a_connection_apart(gateway: RunningGateway) -> None:
    contexts = [event["requestContext"] for event in conversation(gateway)]
    connect, message, disconnect = contexts
    assert [one["eventType"] for one in contexts] == ["CONNECT", "MESSAGE", "DISCONNECT"]
    assert [one["routeKey"] for one in contexts] == ["$connect", "$default", "$disconnect"]
    assert set(message) - set(connect) == {"messageId"}
    assert set(disconnect) - set(connect) == {"disconnectStatusCode", "disconnectReason"}
    assert len({one["requestId"] for one in contexts}) == 3


def test_what_stays_the_same_in_every_event_of_a_connection(gateway: RunningGateway) -> None:
    contexts = [event["requestContext"] for event in conversation(gateway)]
    for name in ("connectionId", "connectedAt", "stage", "apiId", "domainName", "identity"):
        assert contexts[0][name] == contexts[1][name] == contexts[2][name]
    for context in contexts:
        assert context["messageDirection"] == "IN"
        assert context["stage"] == "dev"
        assert context["apiId"] == "main123456"
        assert context["domainName"] == f"main123456.execute-api.{REGION}.amazonaws.com"
        assert context["extendedRequestId"] == context["requestId"]
        assert context["identity"]["sourceIp"] == "127.0.0.1"
        assert context["connectedAt"] <= context["requestTimeEpoch"]
        assert re.fullmatch(
            r"\d\d/[A-Z][a-z]{2}/\d{4}:\d\d:\d\d:\d\d \+0000", context["requestTime"]
        )


def test_ids_are_eleven_bytes_in_padded_url_safe_base64(gateway: RunningGateway) -> None:
    for event in conversation(gateway):
        context = event["requestContext"]
        for name in {"connectionId", "requestId", "messageId"} & set(context):
            assert ID.fullmatch(context[name])
            assert len(base64.urlsafe_b64decode(context[name])) == 11


def test_members_of_the_context_come_in_the_captured_order(gateway: RunningGateway) -> None:
    tail = ["stage", "connectedAt", "requestTimeEpoch", "identity", "requestId"]
    tail += ["domainName", "connectionId", "apiId"]
    middle = ["eventType", "extendedRequestId", "requestTime", "messageDirection"]
    connect, message, disconnect = (one["requestContext"] for one in conversation(gateway))
    assert list(connect) == ["routeKey", *middle, *tail]
    assert list(message) == ["routeKey", "messageId", *middle, *tail]
    assert list(disconnect) == [
        "routeKey",
        "disconnectStatusCode",
        *middle,
        "disconnectReason",
        *tail,
    ]


def test_header_names_keep_the_clients_spelling(gateway: RunningGateway) -> None:
    sent = {"x-lOWer": "1", "Cookie": "a=b", "Origin": "https://app.example"}
    headers = conversation(gateway, additional_headers=sent)[0]["headers"]
    assert sent.items() <= headers.items()
    assert {"Sec-WebSocket-Key", "Sec-WebSocket-Version"} <= set(headers)
    assert headers["Host"] == gateway.authority
    assert not {"connection", "upgrade", "content-length"} & {name.lower() for name in headers}


def test_the_front_end_adds_its_headers(gateway: RunningGateway) -> None:
    earlier = {"X-Forwarded-For": "198.51.100.7"}
    headers = conversation(gateway, additional_headers=earlier)[0]["headers"]
    assert headers["X-Forwarded-For"] == "198.51.100.7, 127.0.0.1"
    assert (headers["X-Forwarded-Port"], headers["X-Forwarded-Proto"]) == ("443", "https")
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers["X-Amzn-Trace-Id"])


def test_repeated_headers_and_query_names_show_the_last_and_all(gateway: RunningGateway) -> None:
    sent = [("X-Tag", "one"), ("X-Tag", "two")]
    connect = conversation(gateway, query="n=a%20b&n=%C3%A9&e=", additional_headers=sent)[0]
    assert connect["headers"]["X-Tag"] == "two"
    assert connect["multiValueHeaders"]["X-Tag"] == ["one", "two"]
    assert connect["queryStringParameters"]["n"] == "é"
    assert connect["multiValueQueryStringParameters"]["n"] == ["a b", "é"]
    assert connect["queryStringParameters"]["e"] == ""


def test_the_user_agent_is_in_the_identity_only_when_sent(gateway: RunningGateway) -> None:
    with_agent = conversation(gateway, user_agent_header="Tests/1.0")
    without = conversation(gateway, user_agent_header=None)
    assert [e["requestContext"]["identity"].get("userAgent") for e in with_agent] == [
        "Tests/1.0"
    ] * 3
    assert all("userAgent" not in event["requestContext"]["identity"] for event in without)


def test_disconnect_has_four_stub_headers_and_nothing_of_the_handshake(
    gateway: RunningGateway,
) -> None:
    disconnect = conversation(gateway, query="secret=1", additional_headers={"Cookie": "a=b"})[2]
    host = disconnect["requestContext"]["domainName"]
    values = [host, "", "", ""]
    assert list(disconnect["headers"].items()) == list(zip(STUBS, values, strict=True))
    assert disconnect["multiValueHeaders"] == {
        name: [value] for name, value in disconnect["headers"].items()
    }


def test_the_message_is_passed_on_as_it_was_sent(gateway: RunningGateway) -> None:
    body = ' {"a":  1,\n\t"ключ": "\\u00e9 \\ud83d\\ude00 😀"} '
    with gateway.open() as opened:
        opened.socket.send(body)
        told = gateway.recorder.wait_for(
            "message", lambda told: told.connection_id == opened.connection_id
        )
    assert told.content["body"] == body


def test_the_authorizers_context_is_in_every_event(gateway: RunningGateway) -> None:
    events = conversation(gateway, "authorized", "token=allow", additional_headers=AUTH)
    connect, message, disconnect = (event["requestContext"]["authorizer"] for event in events)
    latency = connect.pop("integrationLatency")
    assert isinstance(latency, int)
    expected = {"principalId": "ada", "level": "3", "isAdmin": "true", "team": "blue"}
    assert connect == message == disconnect == expected


def test_the_authorizer_receives_the_handshake(gateway: RunningGateway) -> None:
    connect = conversation(gateway, "authorized", "token=allow", additional_headers=AUTH)[0]
    connection_id = connect["requestContext"]["connectionId"]
    event = gateway.recorder.wait_for(
        "authorize", lambda told: told.connection_id == connection_id
    ).content
    assert set(event) == {"type", "methodArn", "stageVariables"} | HEADERS | QUERY | {
        "requestContext"
    }
    assert event["type"] == "REQUEST"
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:auth123456/authorized/$connect"
    assert event["methodArn"] == arn
    assert event["stageVariables"] == {}
    upgrade = {"Connection": "upgrade", "Upgrade": "websocket", "content-length": "0"}
    assert upgrade.items() <= event["headers"].items()
    assert "authorizer" not in event["requestContext"]
    context = connect["requestContext"]
    assert event["requestContext"]["connectedAt"] == context["connectedAt"]


def test_the_authorizer_is_asked_once(gateway: RunningGateway) -> None:
    connect, _, _ = conversation(gateway, "authorized", "token=allow", additional_headers=AUTH)
    connection_id = connect["requestContext"]["connectionId"]
    asked = [told for told in gateway.recorder.told if told.what == "authorize"]
    assert [told.connection_id for told in asked].count(connection_id) == 1
