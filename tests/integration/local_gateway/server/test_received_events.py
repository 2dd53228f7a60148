"""What the handlers receive, read from their own logs."""

import re
from typing import Any

from aws_lambda_powertools.utilities.parser.models import (
    APIGatewayWebSocketConnectEventModel,
    APIGatewayWebSocketDisconnectEventModel,
    APIGatewayWebSocketMessageEventModel,
)

from tests.support.applications import ACCOUNT, REGION
from tests.support.gateway import RunningGateway
from tests.support.recorder import PrintedEvent

AUTH = {"Auth": "secret"}


def conversation(
    gateway: RunningGateway, stage: str = "dev", query: str = "", **options: Any
) -> tuple[dict[str, Any], dict[str, Any], dict[str, Any]]:
    """The three events of a connection with one message."""
    with gateway.open(stage, query, **options) as opened:
        opened.socket.send('{"hello": 1}')

        def is_ours(printed: PrintedEvent) -> bool:
            return printed.connection_id == opened.connection_id

        message = gateway.recorder.wait_for("message", is_ours).content
    disconnect = gateway.recorder.wait_for("disconnect", is_ours).content
    connect = gateway.recorder.wait_for("connect", is_ours).content
    return connect, message, disconnect


def test_events_satisfy_strict_parsers(gateway: RunningGateway) -> None:
    connect, message, disconnect = conversation(gateway)
    APIGatewayWebSocketConnectEventModel.model_validate(connect)
    APIGatewayWebSocketMessageEventModel.model_validate(message)
    APIGatewayWebSocketDisconnectEventModel.model_validate(disconnect)


def test_the_events_of_a_connection_share_all_but_the_request(gateway: RunningGateway) -> None:
    contexts = [event["requestContext"] for event in conversation(gateway)]
    for name in ("connectionId", "connectedAt", "stage", "apiId", "domainName", "identity"):
        assert contexts[0][name] == contexts[1][name] == contexts[2][name]
    assert [one["routeKey"] for one in contexts] == ["$connect", "$default", "$disconnect"]
    assert len({one["requestId"] for one in contexts}) == 3


def test_headers_are_the_clients_and_the_front_ends(gateway: RunningGateway) -> None:
    sent = {"x-lOWer": "1", "Cookie": "a=b", "Origin": "https://app.example"}
    earlier = {"X-Forwarded-For": "198.51.100.7"}
    headers = conversation(gateway, additional_headers={**sent, **earlier})[0]["headers"]
    assert sent.items() <= headers.items()
    assert {"Sec-WebSocket-Key", "Sec-WebSocket-Version"} <= set(headers)
    assert headers["Host"] == gateway.authority
    assert not {"connection", "upgrade", "content-length"} & {name.lower() for name in headers}
    assert headers["X-Forwarded-For"] == "198.51.100.7, 127.0.0.1"
    port = gateway.authority.rpartition(":")[2]
    assert (headers["X-Forwarded-Port"], headers["X-Forwarded-Proto"]) == (port, "http")
    assert re.fullmatch(r"Root=1-[0-9a-f]{8}-[0-9a-f]{24}", headers["X-Amzn-Trace-Id"])


def test_repeated_headers_and_query_names_show_the_last_and_all(gateway: RunningGateway) -> None:
    sent = [("X-Tag", "one"), ("X-Tag", "two")]
    connect = conversation(gateway, query="n=a%20b&n=%C3%A9&e=", additional_headers=sent)[0]
    assert connect["headers"]["X-Tag"] == "two"
    assert connect["multiValueHeaders"]["X-Tag"] == ["one", "two"]
    assert connect["queryStringParameters"]["n"] == "é"
    assert connect["multiValueQueryStringParameters"]["n"] == ["a b", "é"]
    assert connect["queryStringParameters"]["e"] == ""


def test_the_message_is_passed_on_as_it_was_sent(gateway: RunningGateway) -> None:
    body = ' {"a":  1,\n\t"ключ": "\\u00e9 \\ud83d\\ude00 😀"} '
    with gateway.open() as opened:
        opened.socket.send(body)
        printed = gateway.recorder.wait_for(
            "message", lambda event: event.connection_id == opened.connection_id
        )
    assert printed.content["body"] == body


def test_the_authorizer_is_asked_once_and_its_context_is_in_every_event(
    gateway: RunningGateway,
) -> None:
    events = conversation(gateway, "authorized", "token=allow", additional_headers=AUTH)
    connect, message, disconnect = (event["requestContext"]["authorizer"] for event in events)
    assert isinstance(connect.pop("integrationLatency"), int)
    expected = {"principalId": "ada", "level": "3", "isAdmin": "true", "team": "blue"}
    assert connect == message == disconnect == expected
    connection_id = events[0]["requestContext"]["connectionId"]
    asked = [event for event in gateway.recorder.printed if event.what == "authorize"]
    [event] = [printed.content for printed in asked if printed.connection_id == connection_id]
    arn = f"arn:aws:execute-api:{REGION}:{ACCOUNT}:auth123456/authorized/$connect"
    assert (event["type"], event["methodArn"]) == ("REQUEST", arn)
    upgrade = {"Connection": "upgrade", "Upgrade": "websocket", "content-length": "0"}
    assert upgrade.items() <= event["headers"].items()
