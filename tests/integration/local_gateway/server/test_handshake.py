import json
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.typing import Subprotocol

from local_gateway.records import ApiRecord
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway
from tests.support.raw_client import ACCEPT, request

AUTH = {"Auth": "secret"}


def refusal(gateway: RunningGateway, path: str, **options: Any) -> tuple[int, dict[str, Any]]:
    """Status and body of an upgrade that is refused."""
    with pytest.raises(InvalidStatus) as refused, gateway.connect(path, **options):
        pass
    response = refused.value.response
    assert response.headers["Content-Type"].startswith("application/json")
    assert "Set-Cookie" not in response.headers
    body = json.loads(response.body)
    assert list(body) == ["message"]
    return response.status_code, body


def test_the_upgrade_stays_pending_until_connect_has_answered(
    gateway: RunningGateway, gate: Gate
) -> None:
    with gateway.raw() as client:
        client.send(request(f"/dev?do=hold&gate={gate.port}&label=pending"))
        held = gate.arrive()
        assert not client.has_bytes()
        held.release()
        assert client.head().status == 101


def test_the_upgrade_stays_pending_until_the_authorizer_has_answered(
    gateway: RunningGateway, gate: Gate
) -> None:
    with gateway.raw() as client:
        client.send(request(f"/authorized?token=hang&gate={gate.port}&label=pending", AUTH))
        held = gate.arrive()
        assert not client.has_bytes()
        held.release()
        assert client.head().status == 101


def test_a_post_during_connect_is_gone(gateway: RunningGateway, gate: Gate) -> None:
    management = gateway.management()
    with gateway.raw() as client:
        client.send(request(f"/dev?do=hold&gate={gate.port}&label=x&tag=early"))
        held = gate.arrive()
        connection_id = gateway.connection_id("early")
        with pytest.raises(management.exceptions.GoneException):
            management.post_to_connection(ConnectionId=connection_id, Data=b"hello")
        held.release()
        assert client.head().status == 101
        management.post_to_connection(ConnectionId=connection_id, Data=b"hello")
        assert client.frame() == (1, b"hello")


def test_the_response_has_what_the_protocol_needs_and_no_more(gateway: RunningGateway) -> None:
    offer = {"Sec-WebSocket-Extensions": "permessage-deflate"}
    with gateway.raw() as client:
        head = client.upgrade("/dev", offer)
    assert head.status == 101
    assert head.headers["sec-websocket-accept"] == ACCEPT
    assert set(head.headers) == {"date", "connection", "upgrade", "sec-websocket-accept"}


def test_a_refusal_by_connect_passes_unchanged(gateway: RunningGateway) -> None:
    assert refusal(gateway, "dev?status=501")[0] == 501


def test_a_connect_function_that_fails_is_502(gateway: RunningGateway) -> None:
    assert refusal(gateway, "dev?do=raise") == (502, {"message": "Internal server error"})


def test_an_informational_status_is_unusable(gateway: RunningGateway) -> None:
    assert refusal(gateway, "dev?status=102")[0] == 502


def test_only_the_chosen_subprotocol_passes(gateway: RunningGateway) -> None:
    offered = [Subprotocol("chat"), Subprotocol("news")]
    with gateway.connect("dev?protocol=news", subprotocols=offered) as socket:
        assert socket.subprotocol == "news"
        assert socket.response is not None
        assert not {"set-cookie", "x-custom"} & {name.lower() for name in socket.response.headers}


def test_a_subprotocol_cannot_bring_other_headers(gateway: RunningGateway) -> None:
    assert refusal(gateway, "dev?protocol=a%0d%0aSet-Cookie:%20b")[0] == 502


@pytest.mark.parametrize("path", ["unknown", "", "dev/extra", "dev/@connections", "Dev"])
def test_an_unknown_stage_or_path_is_forbidden(gateway: RunningGateway, path: str) -> None:
    assert refusal(gateway, path) == (403, {"message": "Forbidden"})


def test_a_plain_get_is_426(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(b"GET /dev HTTP/1.1\r\nHost: x\r\n\r\n")
        head = client.head()
        assert head.status == 426
        assert head.headers["upgrade"] == "websocket"


@pytest.mark.parametrize(
    ("path", "headers"),
    [
        ("authorized?token=&tag=missing", AUTH),
        ("authorized?token=allow&tag=missing", {"Authentication": "secret"}),
    ],
)
def test_a_missing_identity_source_is_401_without_the_authorizer(
    gateway: RunningGateway, path: str, headers: dict[str, str]
) -> None:
    answer = refusal(gateway, path, additional_headers=headers)
    assert answer == (401, {"message": "Unauthorized"})
    asked = [event for event in gateway.recorder.printed if event.what == "authorize"]
    assert all(
        printed.content["queryStringParameters"].get("tag") != "missing" for printed in asked
    )


@pytest.mark.parametrize(
    ("token", "status", "message"),
    [
        ("deny", 403, "Forbidden"),
        ("Unauthorized", 401, "Unauthorized"),
        ("trouble", 500, "Internal Server Error"),
        ("shapeless", 500, "Internal Server Error"),
    ],
)
def test_what_the_authorizer_says_becomes_the_status(
    gateway: RunningGateway, token: str, status: int, message: str
) -> None:
    answer = refusal(gateway, f"authorized?token={token}", additional_headers=AUTH)
    assert answer == (status, {"message": message})


def test_a_refused_connection_has_no_disconnect(gateway: RunningGateway) -> None:
    refusal(gateway, "dev?status=403&tag=refused")
    connection_id = gateway.connection_id("refused")
    with gateway.open() as opened:
        pass
    gateway.disconnected(opened.connection_id)
    ended = [
        event.connection_id for event in gateway.recorder.printed if event.what == "disconnect"
    ]
    assert connection_id not in ended


def test_a_client_that_leaves_during_connect_is_told_to_disconnect(
    gateway: RunningGateway, gate: Gate
) -> None:
    client = gateway.raw()
    client.send(request(f"/dev?do=hold&gate={gate.port}&label=x&tag=hasty"))
    held = gate.arrive()
    client.vanish()
    held.release()
    assert gateway.disconnected(gateway.connection_id("hasty")) == (1006, "")


@pytest.mark.parametrize(
    ("query", "route_key", "reason"),
    [
        ("do=forget", "$connect", "and the function returned nothing"),
        ("token=shapeless", "authorizer", "the authorizer's result needs a principalId string"),
    ],
)
def test_a_result_that_cannot_be_used_is_a_problem_with_its_reason(
    gateway: RunningGateway, query: str, route_key: str, reason: str
) -> None:
    stage = "authorized" if route_key == "authorizer" else "dev"
    with gateway.raw() as client:
        assert client.upgrade(f"/{stage}?tag=unusable&{query}", AUTH).status >= 500

    def is_told(record: ApiRecord) -> bool:
        return record.problem and (record.detail or "").endswith(reason)

    record = gateway.recorder.wait_for_record(
        lambda record: record.route_key == route_key and is_told(record)
    )
    assert record.function is not None
    refusal = gateway.recorder.wait_for_record(
        lambda record: record.function is None and is_told(record)
    )
    assert refusal.route_key == "$connect"
