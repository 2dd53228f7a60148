"""The authorizer, called with its recorded event, on moto."""

from typing import Any

import boto3
import pytest

from functions.authorizer.app import lambda_handler as authorizer
from sapa.errors import StoreError
from sapa.login.session import COOKIE_NAME, start_session, token_hash
from sapa.services import epoch_seconds, services
from tests.integration.sapa.conftest import Cloud, logged
from tests.integration.sapa.stack import TOKEN, lambda_context, recorded

HOUR = 3600


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


def test_session_opens_the_handshake(session: None) -> None:
    policy = authorize(recorded("authorizer"))
    expires_at = policy["context"].pop("expires_at")
    assert epoch_seconds() < int(expires_at) <= epoch_seconds() + HOUR
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
        "context": {
            "username": "demo",
            "endpoint": "reply",
            "session_id": "s1",
            "session_key": token_hash(TOKEN),
        },
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
    store = services().sessions
    now = epoch_seconds()
    start_session("demo", store, token=TOKEN, session_id="s1", expires_at=now)
    assert effect(authorize(recorded("authorizer"))) == "Deny"


def test_revoked_session_is_denied(session: None) -> None:
    services().sessions.delete(token_hash(TOKEN))
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


def test_token_is_not_logged(session: None, caplog: pytest.LogCaptureFixture) -> None:
    authorize(recorded("authorizer"))
    [line] = logged(caplog)
    assert (line["message"], line["username"]) == ("handshake allowed", "demo")
    assert TOKEN not in str(line)
