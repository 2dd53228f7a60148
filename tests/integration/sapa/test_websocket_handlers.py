"""`connect`, `default` and `disconnect`, called with recorded events, on moto and a socket."""

import json
from typing import Any

import boto3
import pytest

from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from sapa.errors import DeliveryError, LambdaEventError, StoreError
from sapa.login.session import COOKIE_NAME, end_session, start_session
from sapa.services import epoch_seconds, services
from tests.integration.sapa.conftest import Cloud, logged
from tests.integration.sapa.stack import TOKEN, lambda_context, recorded

pytestmark = pytest.mark.usefixtures("session")

HOUR = 3600


def connections() -> list[dict[str, Any]]:
    """All stored connections."""
    return list(boto3.client("dynamodb").scan(TableName="connections")["Items"])


def test_connect_stores_the_connection(cloud: Cloud) -> None:
    event = recorded("connect")
    assert connect(event, lambda_context()) == {"statusCode": 200}
    connected_at = event["requestContext"]["connectedAt"] // 1000
    assert connections() == [
        {
            "connection_id": {"S": event["requestContext"]["connectionId"]},
            "username": {"S": "demo"},
            "endpoint": {"S": "reply"},
            "session_id": {"S": event["requestContext"]["authorizer"]["session_id"]},
            "connected_at": {"N": str(connected_at)},
            "expires_at": {"N": str(connected_at + 2 * HOUR + 600)},
            "channels": {"M": {}},
        }
    ]


@pytest.mark.parametrize("endpoint", ["nothing", "", "Reply", "é"])
def test_unknown_endpoint_is_404(cloud: Cloud, endpoint: str) -> None:
    event = recorded("connect")
    event["requestContext"]["authorizer"]["endpoint"] = endpoint
    assert connect(event, lambda_context()) == {"statusCode": 404}
    assert connections() == []


@pytest.mark.parametrize(
    "cookies", [[], ["a=b"], [f"{COOKIE_NAME}={'x' * 43}"], [f"{COOKIE_NAME}={TOKEN}"] * 2]
)
def test_handshake_without_the_cookie_of_a_session_is_403(cloud: Cloud, cookies: list[str]) -> None:
    event = recorded("connect")
    event["headers"].pop("Cookie")
    event["multiValueHeaders"]["Cookie"] = cookies
    assert connect(event, lambda_context()) == {"statusCode": 403}
    assert connections() == []


def test_handshake_whose_session_ends_meanwhile_is_403_and_leaves_nothing(cloud: Cloud) -> None:
    assert end_session(TOKEN, services().sessions) is not None
    assert connect(recorded("connect"), lambda_context()) == {"statusCode": 403}
    assert connections() == []
    assert boto3.client("dynamodb").scan(TableName="subscriptions")["Items"] == []


def test_handshake_whose_session_expires_meanwhile_is_403(cloud: Cloud) -> None:
    start_session(
        "demo", services().sessions, token=TOKEN, session_id="s1", expires_at=epoch_seconds()
    )
    assert connect(recorded("connect"), lambda_context()) == {"statusCode": 403}
    assert connections() == []


def test_connect_without_authorizer_names_what_is_missing(cloud: Cloud) -> None:
    event = recorded("connect")
    del event["requestContext"]["authorizer"]
    with pytest.raises(LambdaEventError, match=r"requestContext\.authorizer\.username"):
        connect(event, lambda_context())


def test_disconnect_removes_the_connection_and_can_come_twice(cloud: Cloud) -> None:
    connect(recorded("connect"), lambda_context())
    assert disconnect(recorded("disconnect"), lambda_context()) == {"statusCode": 200}
    assert connections() == []
    assert disconnect(recorded("disconnect"), lambda_context()) == {"statusCode": 200}


def message(body: str | None, endpoint: str = "reply") -> dict[str, Any]:
    """The recorded message event with another body."""
    event = recorded("default")
    event["requestContext"]["authorizer"]["endpoint"] = endpoint
    event["body"] = body
    return event


def replies(cloud: Cloud, event: dict[str, Any]) -> list[dict[str, Any]]:
    """What the client is sent for an event."""
    assert default(event, lambda_context()) == {"statusCode": 200}
    connection_id = event["requestContext"]["connectionId"]
    assert {to for to, _ in cloud.management_api.posted} <= {connection_id}
    return [frame for _, frame in cloud.management_api.posted]


def test_recorded_messages_are_answered(cloud: Cloud) -> None:
    assert replies(cloud, recorded("default")) == [{"message": "Halo!", "$id": 1}]
    cloud.management_api.posted.clear()
    assert replies(cloud, recorded("default_ping")) == [{"$pong": 1794218405}]
    cloud.management_api.posted.clear()
    assert [frame["unit"] for frame in replies(cloud, recorded("default_convert"))] == [
        "in",
        "ft",
        "mi",
    ]
    cloud.management_api.posted.clear()
    [refusal] = replies(cloud, recorded("default_invalid"))
    assert refusal["error"]["code"] == "invalid_message"


@pytest.mark.parametrize("body", [None, "[]", "[" * 9_000])
def test_bad_message_is_one_error_frame(cloud: Cloud, body: str | None) -> None:
    [frame] = replies(cloud, message(body))
    assert frame["error"]["code"] in {"invalid_json", "not_an_object"}


def test_failure_is_logged_with_the_request_id_of_the_frame(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    event = message('{"value": 1, "unit": "km"}', "gone_from_the_registry")
    [frame] = replies(cloud, event)
    assert frame["error"]["code"] == "process_failed"
    [error] = [line for line in logged(caplog) if line["level"] == "ERROR"]
    assert error["request_id"] == frame["error"]["request_id"]
    assert error["request_id"] == event["requestContext"]["requestId"]
    assert error["connection_id"] == event["requestContext"]["connectionId"]
    assert "Traceback" in error["exception"]
    assert "Traceback" not in json.dumps(frame)


def test_gone_connection_is_removed_and_no_other(cloud: Cloud) -> None:
    connect(recorded("connect"), lambda_context())
    other = recorded("connect")
    other["requestContext"]["connectionId"] = "ejHATtlbE_KkAmA="
    connect(other, lambda_context())
    cloud.management_api.gone.add(recorded("default")["requestContext"]["connectionId"])
    assert replies(cloud, recorded("default_convert")) == []
    assert [item["connection_id"]["S"] for item in connections()] == ["ejHATtlbE_KkAmA="]


def test_refused_delivery_is_an_error(cloud: Cloud) -> None:
    cloud.management_api.broken.add(recorded("default")["requestContext"]["connectionId"])
    with pytest.raises(DeliveryError, match="ForbiddenException"):
        default(recorded("default"), lambda_context())


def test_nothing_secret_is_logged(cloud: Cloud, caplog: pytest.LogCaptureFixture) -> None:
    connect(recorded("connect"), lambda_context())
    default(message('{"message": "rahasia besar"}'), lambda_context())
    lines = json.dumps(logged(caplog))
    assert "reply posted" in lines
    assert TOKEN not in lines
    assert "rahasia" not in lines


def test_own_errors_are_logged_with_the_connection(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    boto3.client("dynamodb").delete_table(TableName="connections")
    with pytest.raises(StoreError):
        connect(recorded("connect"), lambda_context())
    [line] = logged(caplog)
    assert line["error"] == "StoreError"
    assert line["connection_id"] == recorded("connect")["requestContext"]["connectionId"]
