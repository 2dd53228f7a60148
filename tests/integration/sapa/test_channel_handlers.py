"""Channels through the handlers: a life of connections, on moto."""

import json
from typing import Any

import boto3
import pytest

from functions.connect.app import lambda_handler as connect
from functions.default.app import lambda_handler as default
from functions.disconnect.app import lambda_handler as disconnect
from sapa.services import epoch_milliseconds
from tests.integration.sapa.conftest import Cloud
from tests.integration.sapa.stack import lambda_context, recorded

pytestmark = pytest.mark.usefixtures("session")

TABLES = ("connections", "subscriptions", "presence")


def event(
    name: str, connection_id: str, body: object = None, *, username: str = "ana", session: str = "s"
) -> dict[str, Any]:
    """A recorded event of another connection, user or content."""
    made = recorded(name)
    made["requestContext"] |= {"connectionId": connection_id, "connectedAt": epoch_milliseconds()}
    if "authorizer" in made["requestContext"]:
        made["requestContext"]["authorizer"] |= {
            "username": username,
            "session_id": session,
            "endpoint": "chat",
        }
    if body is not None:
        made["body"] = json.dumps(body)
    return made


def open_connection(connection_id: str, username: str = "ana", session: str = "s") -> int:
    """The status of a handshake."""
    opened = event("connect", connection_id, username=username, session=session)
    return connect(opened, lambda_context())["statusCode"]


def ask(
    cloud: Cloud, connection_id: str, body: object, username: str = "ana", session: str = "s"
) -> list[dict[str, Any]]:
    """The frames that answer a message."""
    cloud.management_api.posted.clear()
    message = event("default", connection_id, body, username=username, session=session)
    assert default(message, lambda_context()) == {"statusCode": 200}
    return [frame for to, frame in cloud.management_api.posted if to == connection_id]


def rows(table: str) -> list[dict[str, Any]]:
    """All items of a table."""
    return list(boto3.client("dynamodb").scan(TableName=table)["Items"])


def test_connection_leaves_nothing_behind(cloud: Cloud) -> None:
    assert open_connection("c1") == 200
    positions, joined = ask(cloud, "c1", {"action": "join", "room": "lobby"})
    assert positions == {"$joined": {"chat:lobby": 0, "typing:lobby": 0}}
    assert [member["username"] for member in joined["members"]] == ["ana"]
    assert {row["channel"]["S"] for row in rows("subscriptions")} == {
        "user:ana",
        "chat:lobby",
        "typing:lobby",
    }
    for _ in range(2):
        disconnect(event("disconnect", "c1"), lambda_context())
        assert [rows(table) for table in TABLES] == [[], [], []]


def test_gone_connection_leaves_nothing_behind(cloud: Cloud) -> None:
    open_connection("c1")
    ask(cloud, "c1", {"action": "join"})
    cloud.management_api.gone.add("c1")
    assert ask(cloud, "c1", {"action": "say", "text": "Hai!"}) == []
    assert [rows(table) for table in TABLES] == [[], [], []]


def test_resume_brings_what_was_said_meanwhile_to_who_was_there(cloud: Cloud) -> None:
    open_connection("c1")
    open_connection("c2", "ben")
    ask(cloud, "c1", {"action": "join"})
    disconnect(event("disconnect", "c1"), lambda_context())
    ask(cloud, "c2", {"action": "say", "text": "Hai!"}, "ben")
    open_connection("c3")
    said, done = ask(cloud, "c3", {"$resume": {"chat:lobby": 0}, "$id": 7})
    assert (said["$sequence"], said["text"], said["from"]) == (1, "Hai!", "ben")
    assert (done["$resumed"], done["$id"]) == ({"chat:lobby": 1}, 7)
    assert [each["username"] for each in done["$members"]["chat:lobby"]] == ["ana", "ben"]
    open_connection("c4", "cem", "other")
    error, done = ask(cloud, "c4", {"$resume": {"chat:lobby": 0}}, "cem", "other")
    assert error["error"]["code"] == "forbidden_channel"
    assert done["$resumed"] == {}
    ask(cloud, "c3", {"action": "leave"})
    error, done = ask(cloud, "c3", {"$resume": {"chat:lobby": 0}})
    assert error["error"]["code"] == "forbidden_channel"


def test_refusal_reaches_the_client_with_its_code(cloud: Cloud) -> None:
    open_connection("c1")
    [frame] = ask(cloud, "c1", {"action": "join", "room": "the lobby"})
    assert frame["error"]["code"] == "invalid_channel"


def test_one_connection_too_many_closes_the_oldest(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONNECTIONS_PER_USER", "1")
    assert [open_connection("c1"), open_connection("c2")] == [200, 200]
    assert cloud.management_api.closed == ["c1"]
    assert open_connection("c3", "ben") == 200
    assert cloud.management_api.closed == ["c1"]


def test_one_connection_too_many_is_refused_with_429(
    cloud: Cloud, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("MAX_CONNECTIONS_PER_USER", "1")
    monkeypatch.setenv("CONNECTION_LIMIT_POLICY", "refuse-newest")
    assert [open_connection("c1"), open_connection("c2")] == [200, 429]
    assert [row["connection_id"]["S"] for row in rows("connections")] == ["c1"]
    assert len(rows("subscriptions")) == 1
