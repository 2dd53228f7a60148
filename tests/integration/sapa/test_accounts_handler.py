"""Login, session and logout, called with recorded events, on moto and a socket."""

import base64
import json
from dataclasses import replace

import boto3
import pytest

from sapa.connections.connection import Connection
from sapa.login.session import COOKIE_NAME, start_session
from sapa.services import epoch_seconds, services
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.http_call import Answer, call
from tests.integration.sapa.stack import PASSWORD, TOKEN, recorded
from tests.support.programs import ROOT

HOUR = 3600


def login(body: object = None, **headers: str) -> Answer:
    """Log in with a JSON body, or with a text as it is."""
    event = recorded("api_login")
    event["headers"].update(headers)
    event["body"] = body if isinstance(body, str) else json.dumps(body)
    return call(event)


def with_cookies(name: str, *cookies: str) -> Answer:
    """A recorded event with other cookies."""
    event = recorded(name)
    event["cookies"] = list(cookies)
    return call(event)


def test_login_sets_a_cookie_that_opens_the_session(user_pool_id: str) -> None:
    answer = call(recorded("api_login"))
    assert answer.status == 200
    assert answer.json["username"] == "demo"
    assert answer.json["expires_at"] - epoch_seconds() in range(HOUR - 60, HOUR + 1)
    [cookie] = answer.cookies
    pair, *attributes = cookie.split("; ")
    assert set(attributes) == {"Path=/", "HttpOnly", "Secure", "SameSite=Lax", f"Max-Age={HOUR}"}
    assert with_cookies("api_session", pair).json == answer.json
    [item] = boto3.client("dynamodb").scan(TableName="sessions")["Items"]
    assert pair.split("=", 1)[1] not in json.dumps(item)


def test_sam_local_start_api_repeats_a_cookie_and_the_session_is_still_open(
    user_pool_id: str,
) -> None:
    [cookie] = call(recorded("api_login")).cookies
    token = cookie.partition("; ")[0].removeprefix(f"{COOKIE_NAME}=")
    text = (ROOT / "tests/support/sam_local/api_events.json").read_text(encoding="utf-8")
    events = json.loads(text.replace(f"{COOKIE_NAME}=A", f"{COOKIE_NAME}={token}"))
    assert events["cookie"]["headers"]["Cookie"] == events["cookie"]["cookies"][0]
    answers = {name: call(events[name]).status for name in events if "cookie" in name}
    assert answers == {
        "without cookies": 401,
        "cookie": 200,
        "cookies": 200,
        "cookie twice": 401,
        "two cookies": 401,
    }


def test_wrong_password_and_unknown_user_look_alike(user_pool_id: str) -> None:
    wrong = login({"username": "demo", "password": "Wrong-1-password"})
    unknown = login({"username": "nobody", "password": "Wrong-1-password"})
    assert wrong == unknown
    assert wrong.status == 401
    assert wrong.cookies == []


@pytest.mark.parametrize(
    ("body", "code", "fields"),
    [
        ("", "invalid_json", None),
        ("not json", "invalid_json", None),
        ("[" * 4_000, "invalid_json", None),
        ('{"username": "\\ud800", "password": "x"}', "invalid_json", None),
        ("[]", "not_an_object", None),
        ({}, "invalid_request", {"username", "password"}),
        ({"username": 1, "password": None}, "invalid_request", {"username", "password"}),
        ({"username": "", "password": ""}, "invalid_request", {"username", "password"}),
        ({"username": "a b", "password": "x"}, "invalid_request", {"username"}),
        ({"username": "x" * 129, "password": "x"}, "invalid_request", {"username"}),
        ({"username": "a", "password": "b", "c": 1}, "invalid_request", {"c"}),
    ],
)
def test_bad_login_is_told_what_was_expected(
    environment: None, body: object, code: str, fields: set[str] | None
) -> None:
    answer = login(body)
    assert (answer.status, answer.error["code"]) == (400, code)
    assert set(answer.error.get("fields", ())) == (fields or set())


def test_login_takes_json_alone(environment: None) -> None:
    form = login("username=demo", **{"content-type": "application/x-www-form-urlencoded"})
    assert (form.status, form.error["code"]) == (400, "json_required")
    event = recorded("api_login")
    del event["headers"]["content-type"]
    assert call(event).status == 400


@pytest.mark.parametrize("is_base64", [False, True])
def test_large_login_is_413(environment: None, is_base64: bool) -> None:
    event = recorded("api_login")
    event["body"] = "x" * 1_000_000
    event["isBase64Encoded"] = is_base64
    assert call(event).status == 413


def test_login_in_base64_is_read(user_pool_id: str) -> None:
    event = recorded("api_login")
    event["body"] = base64.b64encode(event["body"].encode()).decode()
    event["isBase64Encoded"] = True
    assert call(event).status == 200
    event["body"] = "é"
    assert call(event).status == 400


def test_foreign_page_may_not_log_in(environment: None) -> None:
    body = {"username": "demo", "password": PASSWORD}
    assert login(body, origin="https://evil.example").status == 403
    assert login(body, origin="null").status == 403


def test_allowed_origin_may_log_in(user_pool_id: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ALLOWED_ORIGINS", " https://app.example , other.example")
    body = {"username": "demo", "password": PASSWORD}
    assert login(body, origin="https://app.example").status == 200
    assert login(body, origin="https://other.example").status == 200


def test_first_login_needs_a_new_password(user_pool_id: str) -> None:
    boto3.client("cognito-idp").admin_create_user(
        UserPoolId=user_pool_id, Username="baru", TemporaryPassword=PASSWORD
    )
    first = login({"username": "baru", "password": PASSWORD})
    assert (first.status, first.error["code"]) == (403, "new_password_required")
    weak = login({"username": "baru", "password": PASSWORD, "new_password": "weak"})
    assert (weak.status, weak.error["code"]) == (400, "new_password_refused")
    assert set(weak.error["fields"]) == {"new_password"}
    changed = login({"username": "baru", "password": PASSWORD, "new_password": "Lebih-Kuat-9"})
    assert (changed.status, changed.json["username"]) == (200, "baru")
    assert login({"username": "baru", "password": "Lebih-Kuat-9"}).status == 200


def test_broken_tables_are_503(cloud: Cloud) -> None:
    boto3.client("dynamodb").delete_table(TableName="sessions")
    assert call(recorded("api_session")).status == 503
    assert call(recorded("api_logout")).status == 503


@pytest.mark.parametrize(
    "cookies",
    [(), ("a=b",), (f"{COOKIE_NAME}=",), (f"{COOKIE_NAME}={TOKEN}", f"{COOKIE_NAME}={TOKEN}")],
)
def test_session_without_one_good_cookie_is_401(cloud: Cloud, cookies: tuple[str, ...]) -> None:
    start(epoch_seconds() + HOUR)
    assert with_cookies("api_session", *cookies).status == 401


def start(expires_at: int) -> None:
    """Store the session of the recorded cookie."""
    start_session("demo", services().sessions, token=TOKEN, session_id="s1", expires_at=expires_at)


def test_expired_session_is_401(cloud: Cloud) -> None:
    start(epoch_seconds())
    assert call(recorded("api_session")).status == 401


def connection(connection_id: str, session_id: str, since: int) -> None:
    """Store a connection of `demo` that was opened at `since` (epoch seconds)."""
    stored = Connection(
        connection_id=connection_id,
        username="demo",
        endpoint="reply",
        session_id=session_id,
        connected_at=since,
        expires_at=since + 2 * HOUR,
    )
    replace(services().membership, clock=lambda: since * 1000).connect(stored)


def test_logout_closes_the_sockets_of_the_session_alone(cloud: Cloud) -> None:
    now = epoch_seconds()
    start(now + HOUR)
    for connection_id in ("open=", "gone=", "broken="):
        connection(connection_id, "s1", now - 60)
    connection("other=", "s2", now - 60)
    cloud.management_api.gone.add("gone=")
    cloud.management_api.broken.add("broken=")
    answer = call(recorded("api_logout"))
    assert (answer.status, answer.body) == (204, "")
    assert "Max-Age=0" in answer.cookies[0]
    assert cloud.management_api.closed == ["open="]
    left = boto3.client("dynamodb").scan(TableName="connections")["Items"]
    assert "gone=" not in {item["connection_id"]["S"] for item in left}
    assert call(recorded("api_session")).status == 401
    assert call(recorded("api_logout")).status == 204


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_foreign_page_logs_nobody_out(session: None, origin: str) -> None:
    event = recorded("api_logout")
    event["headers"]["origin"] = origin
    answer = call(event)
    assert (answer.status, answer.error["code"], answer.cookies) == (403, "foreign_origin", [])
    assert call(recorded("api_session")).status == 200


def test_session_says_when_a_handshake_would_be_refused(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    start(epoch_seconds() + HOUR)
    connection("open=", "s1", epoch_seconds())
    assert "too_many_connections" not in call(recorded("api_session")).json
    monkeypatch.setenv("MAX_CONNECTIONS_PER_USER", "1")
    monkeypatch.setenv("CONNECTION_LIMIT_POLICY", "refuse-newest")
    assert call(recorded("api_session")).json["too_many_connections"] is True
    services().remove_connection("open=")
    assert "too_many_connections" not in call(recorded("api_session")).json


def test_logout_without_table_of_subscriptions_still_ends_the_session(cloud: Cloud) -> None:
    start(epoch_seconds() + HOUR)
    boto3.client("dynamodb").delete_table(TableName="subscriptions")
    assert call(recorded("api_logout")).status == 204
    assert call(recorded("api_session")).status == 401


def test_missing_setting_is_500_and_tells_nothing(
    environment: None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("USER_POOL_ID")
    answer = call(recorded("api_login"))
    assert (answer.status, answer.error["code"]) == (500, "failed")
    assert "USER_POOL_ID" not in answer.body
