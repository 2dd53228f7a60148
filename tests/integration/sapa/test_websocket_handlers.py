"""The four WebSocket functions, called with recorded events, on moto and a real socket."""

import json
from typing import Any

import boto3
import pytest

from functions.authorizer.app import lambda_handler as authorizer
from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from sapa.bootstrap import authorizer_services, epoch_seconds
from sapa.cookies import COOKIE_NAME
from sapa.errors import DeliveryError, EventError, StoreError
from sapa.observability import logger
from sapa.sessions import start_session, token_hash
from tests.integration.sapa.aws import TOKEN, lambda_context, recorded
from tests.integration.sapa.conftest import Cloud

HOUR = 3600


@pytest.fixture
def session(cloud: Cloud) -> None:
    """The login session of the recorded cookie."""
    start_session(
        "demo",
        authorizer_services().sessions,
        token=TOKEN,
        session_id="s1",
        expires_at=epoch_seconds() + HOUR,
    )


def handshake(cookie: str | None = None, **headers: str) -> dict[str, Any]:
    """The recorded authorizer event with other headers."""
    event = recorded("authorizer")
    changes = headers if cookie is None else {"Cookie": cookie, **headers}
    event["headers"].update(changes)
    event["multiValueHeaders"].update({name: [value] for name, value in changes.items()})
    return event


def effect(policy: dict[str, Any]) -> str:
    """Allow or Deny."""
    statement = policy["policyDocument"]["Statement"][0]
    return str(statement["Effect"])


def authorize(event: dict[str, Any]) -> dict[str, Any]:
    """The authorizer's policy."""
    return dict(authorizer(event, lambda_context()))


def connections() -> list[dict[str, Any]]:
    """All stored connections."""
    return list(boto3.client("dynamodb").scan(TableName="connections")["Items"])


def test_session_opens_the_handshake(session: None) -> None:
    policy = authorize(recorded("authorizer"))
    assert policy == {
        "principalId": "demo",
        "policyDocument": {
            "Version": "2012-10-17",
            "Statement": [
                {
                    "Action": "execute-api:Invoke",
                    "Effect": "Allow",
                    "Resource": recorded("authorizer")["methodArn"],
                }
            ],
        },
        "context": {"username": "demo", "endpoint": "reply", "session_id": "s1"},
    }


@pytest.mark.parametrize("cookie", ["", "theme=dark", f"{COOKIE_NAME.upper()}={TOKEN}", "=;;=\x7f"])
def test_cookie_header_without_ours_is_unauthorized(session: None, cookie: str) -> None:
    with pytest.raises(Exception, match=r"^Unauthorized$"):
        authorize(handshake(cookie))


@pytest.mark.parametrize(
    "cookie",
    [
        f"{COOKIE_NAME}=",
        f"{COOKIE_NAME}",
        f"{COOKIE_NAME}=unknown",
        f"{COOKIE_NAME}={'x' * 43}",
        f"{COOKIE_NAME}={'x' * 10_000}",
        f"{COOKIE_NAME}=\u00e9\u4f60",
        f'{COOKIE_NAME}="{TOKEN}',
        f"{COOKIE_NAME}={TOKEN}; {COOKIE_NAME}={TOKEN}",
        f"{COOKIE_NAME}={TOKEN.swapcase()}",
    ],
)
def test_bad_token_is_denied(session: None, cookie: str) -> None:
    policy = authorize(handshake(cookie))
    assert effect(policy) == "Deny"
    assert "context" not in policy


def test_neighbouring_odd_cookie_does_no_harm(session: None) -> None:
    assert effect(authorize(handshake(f'a b="; ;x={{"y":1}}; {COOKIE_NAME}={TOKEN}'))) == "Allow"


def test_other_case_of_the_header_name_is_read(session: None) -> None:
    event = handshake()
    for headers in (event["headers"], event["multiValueHeaders"]):
        headers["cookie"] = headers.pop("Cookie")
    assert effect(authorize(event)) == "Allow"


def test_expired_session_is_denied(cloud: Cloud) -> None:
    store = authorizer_services().sessions
    now = epoch_seconds()
    start_session("demo", store, token=TOKEN, session_id="s1", expires_at=now)
    assert effect(authorize(recorded("authorizer"))) == "Deny"


def test_revoked_session_is_denied(session: None) -> None:
    authorizer_services().sessions.delete(token_hash(TOKEN))
    assert effect(authorize(recorded("authorizer"))) == "Deny"


@pytest.mark.parametrize("origin", ["https://evil.example", "null", "", "https://"])
def test_foreign_origin_is_denied(session: None, origin: str) -> None:
    assert effect(authorize(handshake(Origin=origin))) == "Deny"


def test_broken_store_is_an_error_and_no_decision(session: None) -> None:
    boto3.client("dynamodb").delete_table(TableName="sessions")
    with pytest.raises(StoreError):
        authorize(recorded("authorizer"))


def test_endpoint_defaults_to_reply_and_is_cut(session: None) -> None:
    event = handshake()
    del event["queryStringParameters"]
    assert authorize(event)["context"]["endpoint"] == "reply"
    event["queryStringParameters"] = {"endpoint": "x" * 9_000}
    assert authorize(event)["context"]["endpoint"] == "x" * 128


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
        }
    ]


@pytest.mark.parametrize("endpoint", ["nothing", "", "Reply", "é"])
def test_unknown_endpoint_is_404(cloud: Cloud, endpoint: str) -> None:
    event = recorded("connect")
    event["requestContext"]["authorizer"]["endpoint"] = endpoint
    assert connect(event, lambda_context()) == {"statusCode": 404}
    assert connections() == []


def test_connect_without_authorizer_names_what_is_missing(cloud: Cloud) -> None:
    event = recorded("connect")
    del event["requestContext"]["authorizer"]
    with pytest.raises(EventError, match=r"requestContext\.authorizer\.username"):
        connect(event, lambda_context())


def test_disconnect_forgets_and_can_come_twice(cloud: Cloud) -> None:
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


@pytest.mark.parametrize(
    "body", [None, "", " ", "Hai!", "[]", '{"message": "\ud800"}', "[" * 9_000]
)
def test_bad_message_is_one_error_frame(cloud: Cloud, body: str | None) -> None:
    [frame] = replies(cloud, message(body))
    assert frame["error"]["code"] in {"invalid_json", "not_an_object"}


def logged(caplog: pytest.LogCaptureFixture) -> list[dict[str, Any]]:
    """The log lines as they are written."""
    return [json.loads(logger.registered_formatter.format(record)) for record in caplog.records]


def test_failure_is_logged_with_the_request_id_of_the_frame(
    cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    event = message('{"value": 1, "unit": "km"}', "gone_from_the_registry")
    [frame] = replies(cloud, event)
    assert frame["error"]["code"] == "process_failed"
    [error] = [line for line in logged(caplog) if line["level"] == "ERROR"]
    assert error["request_id"] == frame["error"]["request_id"]
    assert error["request_id"] == event["requestContext"]["requestId"]
    assert error["correlation_id"] == event["requestContext"]["connectionId"]
    assert "Traceback" in error["exception"]
    assert "Traceback" not in json.dumps(frame)


def test_gone_connection_is_forgotten_and_no_other(cloud: Cloud) -> None:
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


def test_nothing_secret_is_logged(
    session: None, cloud: Cloud, caplog: pytest.LogCaptureFixture
) -> None:
    authorize(recorded("authorizer"))
    connect(recorded("connect"), lambda_context())
    default(message('{"message": "rahasia besar"}'), lambda_context())
    lines = json.dumps(logged(caplog))
    assert "answered" in lines
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
    assert line["correlation_id"] == recorded("connect")["requestContext"]["connectionId"]
