"""`@connections`, asked by boto3 as handlers do, and byte by byte."""

import datetime
import http.client
import json
from collections.abc import Callable
from dataclasses import dataclass

import pytest
from botocore.config import Config
from botocore.exceptions import ClientError
from mypy_boto3_apigatewaymanagementapi import ApiGatewayManagementApiClient

from local_gateway.server.signatures import SigningKey
from tests.support.applications import application
from tests.support.gateway import (
    ACCESS_KEY,
    SECRET_KEY,
    RunningGateway,
)

UNKNOWN = "AAAAAAAAAgAAAAA="
SIGNED = {"Authorization": "AWS4-HMAC-SHA256 Credential=local/x, SignedHeaders=host, Signature=0"}
SECONDS = 20.0

type Call = Callable[[ApiGatewayManagementApiClient, str], object]

CALLS: list[Call] = [
    lambda client, connection_id: client.post_to_connection(ConnectionId=connection_id, Data=b"x"),
    lambda client, connection_id: client.get_connection(ConnectionId=connection_id),
    lambda client, connection_id: client.delete_connection(ConnectionId=connection_id),
]
METHODS = ["POST", "GET", "DELETE"]


@dataclass(frozen=True, slots=True)
class Answer:
    """An HTTP answer of the management API."""

    status: int
    error_type: str | None
    body: bytes


def ask(
    gateway: RunningGateway,
    method: str,
    path: str,
    body: bytes | None = None,
    headers: dict[str, str] | None = None,
) -> Answer:
    """One request with exactly this path."""
    connection = http.client.HTTPConnection(*gateway.address, timeout=SECONDS)
    try:
        connection.request(method, path, body, SIGNED if headers is None else headers)
        response = connection.getresponse()
        assert response.getheader("x-amzn-RequestId")
        return Answer(response.status, response.getheader("x-amzn-ErrorType"), response.read())
    finally:
        connection.close()


@pytest.mark.parametrize("data", ["text é😀", "", "{}", "x" * 131_072])
def test_a_post_arrives_as_one_text_message(gateway: RunningGateway, data: str) -> None:
    with gateway.open() as opened:
        response = gateway.management().post_to_connection(
            ConnectionId=opened.connection_id, Data=data.encode()
        )
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 200
        assert opened.socket.recv(SECONDS) == data


def test_posts_arrive_in_order(gateway: RunningGateway) -> None:
    management = gateway.management()
    with gateway.open() as opened:
        for number in range(20):
            management.post_to_connection(ConnectionId=opened.connection_id, Data=b"%d" % number)
        assert [opened.socket.recv(SECONDS) for _ in range(20)] == [str(n) for n in range(20)]


def test_get_describes_a_connection(gateway: RunningGateway) -> None:
    with gateway.open(user_agent_header="Tests/1.0") as opened:
        management = gateway.management()
        printed = gateway.recorder.wait_for(
            "connect", lambda event: event.connection_id == opened.connection_id
        )
        found = management.get_connection(ConnectionId=opened.connection_id)
        connected_at = datetime.datetime.fromtimestamp(
            printed.context["connectedAt"] / 1000, datetime.UTC
        )
        assert found["ConnectedAt"] == connected_at
        # The handshake is over a little later, and silence begins with its end.
        assert found["LastActiveAt"] >= connected_at
        assert found["Identity"] == {"SourceIp": "127.0.0.1", "UserAgent": "Tests/1.0"}
        management.post_to_connection(ConnectionId=opened.connection_id, Data=b"x")
        found = management.get_connection(ConnectionId=opened.connection_id)
        assert found["LastActiveAt"] >= connected_at


def test_get_spells_members_as_the_service_model_and_a_missing_agent_as_null(
    gateway: RunningGateway,
) -> None:
    with gateway.open(user_agent_header=None) as opened:
        path = f"/dev/@connections/{opened.connection_id}"
        body = json.loads(ask(gateway, "GET", path).body)
    assert set(body) == {"connectedAt", "lastActiveAt", "identity"}
    assert body["identity"] == {"sourceIp": "127.0.0.1", "userAgent": None}
    assert body["connectedAt"].endswith("Z")


def test_delete_closes_with_1000_and_disconnect_hears_of_it(gateway: RunningGateway) -> None:
    management = gateway.management()
    with gateway.open() as opened:
        response = management.delete_connection(ConnectionId=opened.connection_id)
        assert response["ResponseMetadata"]["HTTPStatusCode"] == 204
        assert list(opened.socket) == []
        assert opened.socket.close_code == 1000
        assert opened.socket.close_reason == "Connection Closed Normally"
        with pytest.raises(management.exceptions.GoneException):
            management.delete_connection(ConnectionId=opened.connection_id)
    assert gateway.disconnected(opened.connection_id) == (1000, "Connection Closed Normally")


@pytest.mark.parametrize("call", CALLS, ids=METHODS)
def test_an_unknown_connection_is_gone(gateway: RunningGateway, call: Call) -> None:
    management = gateway.management()
    with pytest.raises(management.exceptions.GoneException) as gone:
        call(management, UNKNOWN)
    assert gone.value.response["ResponseMetadata"]["HTTPStatusCode"] == 410
    assert gone.value.response["Error"]["Message"] == ""


@pytest.mark.parametrize("call", CALLS, ids=METHODS)
def test_a_closed_connection_is_gone(gateway: RunningGateway, call: Call) -> None:
    with gateway.open() as opened:
        pass
    gateway.disconnected(opened.connection_id)
    management = gateway.management()
    with pytest.raises(management.exceptions.GoneException):
        call(management, opened.connection_id)


@pytest.mark.parametrize("call", CALLS, ids=METHODS)
def test_a_connection_of_another_stage_is_gone(gateway: RunningGateway, call: Call) -> None:
    management = gateway.management("variables")
    with gateway.open() as opened, pytest.raises(management.exceptions.GoneException):
        call(management, opened.connection_id)


@pytest.mark.parametrize("call", CALLS, ids=METHODS)
@pytest.mark.parametrize("connection_id", ["short", "x" * 16, "ü" * 15 + "=", "A" * 15 + "%"])
def test_a_malformed_id_is_a_bad_request(
    gateway: RunningGateway, call: Call, connection_id: str
) -> None:
    with pytest.raises(ClientError) as refused:
        call(gateway.management(), connection_id)
    error = refused.value.response["Error"]
    assert error["Code"] == "BadRequestException"
    assert error["Message"] == f"Invalid connectionId: {connection_id}"
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == 400


@pytest.mark.parametrize("call", CALLS, ids=METHODS)
def test_an_unknown_stage_is_forbidden(gateway: RunningGateway, call: Call) -> None:
    management = gateway.management("elsewhere")
    with pytest.raises(management.exceptions.ForbiddenException):
        call(management, UNKNOWN)


def test_more_than_128_kb_is_too_large(gateway: RunningGateway) -> None:
    management = gateway.management()
    with gateway.open() as opened:
        with pytest.raises(management.exceptions.PayloadTooLargeException):
            management.post_to_connection(ConnectionId=opened.connection_id, Data=b"x" * 131_073)
        management.post_to_connection(ConnectionId=opened.connection_id, Data=b"still open")
        assert opened.socket.recv(SECONDS) == "still open"


def test_an_enormous_body_is_too_large_and_not_read(gateway: RunningGateway) -> None:
    request = f"POST /dev/@connections/{UNKNOWN} HTTP/1.1\r\nHost: x\r\nContent-Length: {10**12}"
    with gateway.raw() as client:
        client.send(f"{request}\r\n\r\n".encode())
        head = client.head()
    assert (head.status, head.headers["x-amzn-errortype"]) == (413, "PayloadTooLargeException")


def test_a_client_that_does_not_read_exceeds_the_limit(gateway: RunningGateway) -> None:
    management = gateway.management("choked", Config(retries={"total_max_attempts": 1}))
    with gateway.raw(receive_buffer=4096) as client:
        assert client.upgrade("/choked?tag=choked").status == 101
        connection_id = gateway.connection_id("choked")

        def post_until_refused() -> None:
            for _ in range(200):
                management.post_to_connection(ConnectionId=connection_id, Data=b"x" * 131_072)

        with pytest.raises(management.exceptions.LimitExceededException):
            post_until_refused()
        management.get_connection(ConnectionId=connection_id)
        assert client.frame()[1].startswith(b"x")


@pytest.mark.parametrize("path", ["@connections/{}", "%40connections/{}"])
@pytest.mark.parametrize("encoded", [True, False])
def test_the_id_and_the_at_sign_may_be_encoded(
    gateway: RunningGateway, path: str, encoded: bool
) -> None:
    with gateway.open() as opened:
        connection_id = opened.connection_id
        if encoded:
            connection_id = connection_id.replace("=", "%3D")
        answer = ask(gateway, "POST", f"/dev/{path.format(connection_id)}", b"hello")
        assert answer == Answer(200, None, b"")
        assert opened.socket.recv(SECONDS) == "hello"


@pytest.mark.parametrize("method", METHODS)
def test_an_unsigned_request_is_forbidden(gateway: RunningGateway, method: str) -> None:
    with gateway.open() as opened:
        path = f"/dev/@connections/{opened.connection_id}"
        answer = ask(gateway, method, path, headers={})
        assert (answer.status, answer.error_type) == (403, "MissingAuthenticationTokenException")
        assert json.loads(answer.body) == {"message": "Missing Authentication Token"}
        gateway.management().get_connection(ConnectionId=opened.connection_id)


@pytest.mark.parametrize(
    ("secret", "status", "code"),
    [(SECRET_KEY, 410, "GoneException"), ("another", 403, "InvalidSignatureException")],
    ids=["right", "wrong"],
)
def test_signatures_can_be_verified(secret: str, status: int, code: str) -> None:
    with RunningGateway(application(), signing_keys={ACCESS_KEY: SigningKey(secret)}) as verifying:
        client = verifying.management()
        with pytest.raises(ClientError) as refused:
            client.get_connection(ConnectionId=UNKNOWN)
    assert refused.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert refused.value.response["Error"]["Code"] == code
    assert "date" in refused.value.response["ResponseMetadata"]["HTTPHeaders"]


@pytest.mark.parametrize(
    ("method", "status", "error_type"),
    [
        ("POST", 410, "GoneException"),
        ("GET", 410, "GoneException"),
        ("DELETE", 410, "GoneException"),
        ("PUT", 403, "MissingAuthenticationTokenException"),
    ],
)
def test_every_error_names_its_type(
    gateway: RunningGateway, method: str, status: int, error_type: str
) -> None:
    answer = ask(gateway, method, f"/dev/@connections/{UNKNOWN}")
    assert (answer.status, answer.error_type) == (status, error_type)


def test_one_connection_carries_calls_of_every_kind(gateway: RunningGateway) -> None:
    with gateway.open() as opened, gateway.raw() as client:
        path = f"/dev/@connections/{opened.connection_id}"
        for method, headers, body in [
            ("POST", {}, b"first"),
            ("POST", {"X-Name": "é"}, b"second"),
            ("GET", {}, b""),
            ("POST", {}, b"third"),
        ]:
            lines = {"Host": "h", "Content-Length": str(len(body)), **SIGNED, **headers}
            head = "".join(f"{name}: {value}\r\n" for name, value in lines.items())
            client.send(f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + body)
            answer = client.head()
            assert answer.status == 200
            client.body(answer)
            if body:
                assert opened.socket.recv(SECONDS) == body.decode()


def test_calls_may_be_sent_without_waiting_for_answers(gateway: RunningGateway) -> None:
    with gateway.open() as opened, gateway.raw() as client:
        signed = "".join(f"{name}: {value}\r\n" for name, value in SIGNED.items())
        head = f"POST /dev/@connections/{opened.connection_id} HTTP/1.1\r\nHost: h\r\n{signed}"
        calls = [f"{head}Content-Length: 1\r\n\r\n{number}" for number in range(5)]
        client.send("".join(calls).encode())
        assert [client.head().status for _ in calls] == [200] * 5
        assert [opened.socket.recv(SECONDS) for _ in calls] == ["0", "1", "2", "3", "4"]


@pytest.mark.parametrize(
    "path",
    [
        "/@connections/AAAAAAAAAgAAAAA=",
        "/%40connections/AAAAAAAAAgAAAAA=",
        "/@connections",
        "/dev/@connections",
        "/dev/@connections/",
        "/dev/@connections/a/b",
        "/dev/more/@connections/AAAAAAAAAgAAAAA=",
        "/elsewhere/@connections/AAAAAAAAAgAAAAA=",
    ],
)
@pytest.mark.parametrize("method", METHODS)
def test_a_path_of_no_stage_is_an_error_of_the_management_api_and_a_line(
    gateway: RunningGateway, method: str, path: str
) -> None:
    answer = ask(gateway, method, path)
    assert (answer.status, answer.error_type) == (403, "ForbiddenException")
    record = gateway.recorder.wait_for_record(
        lambda record: (
            record.route_key == f"{method} @connections"
            and (record.detail or "").startswith(f"{path} is not")
        )
    )
    assert (record.api, record.outcome, record.problem) == ("management", "403", True)


def test_a_client_whose_endpoint_has_no_stage_raises_a_modeled_error(
    gateway: RunningGateway,
) -> None:
    client = gateway.management("")
    with pytest.raises(client.exceptions.ForbiddenException):
        client.post_to_connection(ConnectionId=UNKNOWN, Data=b"x")


def test_a_refused_signature_is_a_line_with_its_code(gateway: RunningGateway) -> None:
    ask(gateway, "POST", "/dev/@connections/unsigned-call", headers={})
    record = gateway.recorder.wait_for_record(
        lambda record: record.connection_id == "unsigned-call"
    )
    assert record.problem
    assert record.detail == "MissingAuthenticationTokenException: Missing Authentication Token"


@pytest.mark.parametrize(
    "headers",
    [
        {"Origin": "https://web.example"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Host": "rebound.example"},
    ],
)
def test_a_page_of_others_gets_nothing(gateway: RunningGateway, headers: dict[str, str]) -> None:
    with gateway.open() as opened:
        path = f"/dev/@connections/{opened.connection_id}"
        for method in [*METHODS, "OPTIONS"]:
            answer = ask(gateway, method, path, b"x", {**SIGNED, **headers})
            assert (answer.status, answer.error_type) == (403, "ForbiddenException")
        gateway.management().get_connection(ConnectionId=opened.connection_id)
