"""Revoking a user: what is closed and deleted, and what a person reads when it does not work."""

from collections.abc import Iterator

import boto3
import pytest
from moto import mock_aws

from tests.integration.sapa.stack import (
    ManagementApi,
    create_pool,
    create_tables,
    management_api,
)
from tests.unit.tools.scripts.test_create_user import make_stack
from tools.scripts.revoke_user import main

REGION = "eu-west-1"


@pytest.fixture
def api(monkeypatch: pytest.MonkeyPatch) -> Iterator[ManagementApi]:
    """The management API of a stack `bot` with the user `demo`, who has no session and socket."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    for name in ("AWS_REGION", "AWS_PROFILE", "AWS_ENDPOINT_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_DEFAULT_REGION", REGION)
    monkeypatch.setenv("AWS_CONFIG_FILE", "/nowhere")
    with mock_aws(), management_api([]) as api:
        pool, _ = create_pool()
        create_tables()
        outputs = {
            "UserPoolId": pool,
            "ManagementApiUrl": api.url,
            "SessionsTableName": "sessions",
            "SubscriptionsTableName": "subscriptions",
        }
        make_stack("bot", outputs)
        yield api


def revoke(name: str, *arguments: str) -> int:
    return main([name, "--stack", "bot", "--region", REGION, *arguments])


def put(table: str, **item: str | int) -> None:
    boto3.resource("dynamodb").Table(table).put_item(Item=item)


def store(username: str, *connection_ids: str) -> None:
    """Store a session of a user, and connections that have been open for a long time."""
    put("sessions", token_hash=f"hash of {username}", username=username, session_id="s")
    for connection_id in connection_ids:
        put(
            "subscriptions",
            channel_shard=f"user:{username}#0",
            connection_id=connection_id,
            channel=f"user:{username}",
            username=username,
            session_id="s",
            since=0,
            expires_at=2**40,
        )


def test_sessions_and_sockets_of_the_user_alone_end(
    api: ManagementApi, capsys: pytest.CaptureFixture[str]
) -> None:
    store("demo", "c1=", "c2=", "gone=")
    store("ben", "c3=")
    api.gone.add("gone=")
    assert revoke("demo") == 0
    assert capsys.readouterr().out == (
        "demo cannot log in any more; login sessions deleted: 1, sockets closed: 2\n"
    )
    assert api.closed == ["c1=", "c2="]
    assert [(to, frame["error"]["code"]) for to, frame in api.posted] == [
        ("c1=", "session_ended"),
        ("c2=", "session_ended"),
    ]
    [left] = boto3.resource("dynamodb").Table("sessions").scan()["Items"]
    assert left["username"] == "ben"


def test_a_user_without_session_and_socket_is_disabled_all_the_same(
    api: ManagementApi, capsys: pytest.CaptureFixture[str]
) -> None:
    for _ in range(2):
        assert revoke("demo") == 0
        assert "login sessions deleted: 0, sockets closed: 0" in capsys.readouterr().out
    pool = boto3.client("cognito-idp").list_user_pools(MaxResults=1)["UserPools"][0]["Id"]
    answer = boto3.client("cognito-idp").admin_get_user(UserPoolId=pool, Username="demo")
    assert answer["Enabled"] is False
    assert revoke("demo", "--restore") == 0
    answer = boto3.client("cognito-idp").admin_get_user(UserPoolId=pool, Username="demo")
    assert answer["Enabled"] is True


@pytest.mark.parametrize("arguments", [[], ["--restore"]])
def test_an_unknown_user_is_one_line(
    api: ManagementApi, capsys: pytest.CaptureFixture[str], arguments: list[str]
) -> None:
    assert revoke("nobody", *arguments) == 1
    assert capsys.readouterr().err == "revoke: there is no user nobody\n"


def test_a_socket_that_cannot_be_closed_is_said_and_the_others_are_closed(
    api: ManagementApi, capsys: pytest.CaptureFixture[str]
) -> None:
    store("demo", "broken=", "c1=")
    api.broken.add("broken=")
    assert revoke("demo") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("revoke: a socket stays open: connection broken=: ")
    assert api.closed == ["c1="]


def test_sockets_that_cannot_be_listed_are_one_line(
    api: ManagementApi, capsys: pytest.CaptureFixture[str]
) -> None:
    boto3.client("dynamodb").delete_table(TableName="subscriptions")
    assert revoke("demo") == 1
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith("revoke: the sockets stay open: ")
    assert "ResourceNotFoundException" in line
