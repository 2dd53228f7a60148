"""Each fault that can be asked for, as clients, handlers and the records show it."""

import http.client
import json

import pytest
from botocore.config import Config
from websockets.exceptions import InvalidStatus

from local_gateway.core.chaos import Fault, Key
from tests.support.applications import application
from tests.support.gateway import Opened, RunningGateway
from tests.support.planned_faults import Plan
from tests.support.raw_client import frame

SECONDS = 20.0
TEXT = 1
ONE_ATTEMPT = Config(retries={"total_max_attempts": 1})


def chaotic(*planned: tuple[Key, ...], delay: float = 0.0) -> RunningGateway:
    """A gateway where these faults strike; connections are counted from 1 on."""
    return RunningGateway(application(), faults=Plan(*planned, delay=delay))


def struck(gateway: RunningGateway) -> list[tuple[str, str]]:
    """Route and outcome of the records of chaos."""
    records = gateway.recorder.records
    return [(e.route_key, e.outcome) for e in records if e.outcome.startswith("chaos")]


def ask(opened: Opened, **body: object) -> str:
    """What a two-way route answers."""
    opened.socket.send(json.dumps({"action": "ask", **body}))
    return str(opened.socket.recv(SECONDS))


def message_of(answer: str) -> object:
    """The text of an error frame."""
    return json.loads(answer)["message"]


def test_drop_takes_the_tcp_connection_after_a_message() -> None:
    with chaotic((Fault.DROP, "dev", 1, 2)) as gateway:
        client, connection_id = gateway.raw_socket()
        with client:
            client.send(frame(TEXT, b"first") + frame(TEXT, b"second") + frame(TEXT, b"third"))
            assert client.rest() == b""
        assert gateway.disconnected(connection_id) == (1006, "")
        printed = gateway.recorder.wait_for_all("message", lambda _: True, 2)
        assert {message.content["body"] for message in printed} == {"first", "second"}
        assert struck(gateway) == [("message", "chaos: drop")]


def test_gone_is_a_410_on_a_connection_that_is_alive() -> None:
    with chaotic((Fault.GONE, "dev", 1, 2)) as gateway, gateway.open() as opened:
        management = gateway.management()

        def post(data: bytes) -> object:
            return management.post_to_connection(ConnectionId=opened.connection_id, Data=data)

        post(b"1")
        with pytest.raises(management.exceptions.GoneException):
            post(b"2")
        post(b"3")
        assert [opened.socket.recv(SECONDS) for _ in range(2)] == ["1", "3"]
        management.get_connection(ConnectionId=opened.connection_id)
        assert struck(gateway) == [("POST @connections", "chaos: gone")]


def test_limit_is_a_429_that_the_sdk_tries_again() -> None:
    with chaotic((Fault.LIMIT, "dev", 1, 1), (Fault.LIMIT, "dev", 2, 1)) as gateway:
        with gateway.open() as opened:
            management = gateway.management(config=ONE_ATTEMPT)
            with pytest.raises(management.exceptions.LimitExceededException):
                management.post_to_connection(ConnectionId=opened.connection_id, Data=b"x")
        with gateway.open() as opened:
            patient = gateway.management()
            patient.post_to_connection(ConnectionId=opened.connection_id, Data=b"later")
            assert opened.socket.recv(SECONDS) == "later"
        assert struck(gateway) == [("POST @connections", "chaos: limit")] * 2


def test_slow_delivers_the_event_late() -> None:
    with chaotic((Fault.SLOW, "dev", 1, "message 1"), delay=0.01) as gateway:
        with gateway.open() as opened:
            assert ask(opened).startswith("answer")
        assert struck(gateway) == [("ask", "chaos: slow")]


def test_slow_counts_for_the_integration_s_timeout() -> None:
    with chaotic((Fault.SLOW, "dev", 1, "message 1"), delay=1000) as gateway:
        with gateway.open() as opened:
            opened.socket.send('{"action": "impatient"}')
            assert message_of(str(opened.socket.recv(SECONDS))) == "Internal server error"
            assert ask(opened).startswith("answer")
        printed = [
            event.content["body"] for event in gateway.recorder.printed if event.what == "message"
        ]
        assert all("impatient" not in body for body in printed)


def test_a_crash_under_a_message_is_an_error_frame_and_the_next_start_is_cold() -> None:
    with chaotic((Fault.CRASH, "dev", 1, "message 2")) as gateway:
        with gateway.open() as opened:
            answers = [ask(opened, number=number) for number in range(3)]
        assert message_of(answers[1]) == "Internal server error"
        assert [answer.startswith("answer") for answer in answers] == [True, False, True]
        before, after = gateway.recorder.wait_for_all("message", lambda _: True, 2)
        assert before.pid != after.pid
        assert struck(gateway) == [("ask", "chaos: crash")]
        record = gateway.recorder.wait_for_record(lambda record: record.outcome == "error")
        assert record.detail is not None
        assert record.detail.startswith("Runtime.ExitError: RequestId: ")
        assert record.detail.endswith("Error: Runtime exited with error: signal: killed")


def test_a_crash_under_connect_refuses_with_502() -> None:
    with (
        chaotic((Fault.CRASH, "dev", 1, "$connect")) as gateway,
        pytest.raises(InvalidStatus) as no,
    ):
        gateway.connect("dev")
    assert no.value.response.status_code == 502


def test_a_crash_under_the_authorizer_refuses_with_500() -> None:
    with (
        chaotic((Fault.CRASH, "authorized", 1, "authorizer")) as gateway,
        pytest.raises(InvalidStatus) as no,
    ):
        gateway.connect("authorized?token=allow", additional_headers={"Auth": "x"})
    assert no.value.response.status_code == 500


def test_a_crash_under_an_http_request_is_a_500() -> None:
    with chaotic((Fault.CRASH, "HttpApi", "GET /echo/{name}", 2)) as gateway:
        statuses = []
        for _ in range(3):
            connection = http.client.HTTPConnection(*gateway.address, timeout=SECONDS)
            connection.request("GET", "/echo/me")
            statuses.append(connection.getresponse().status)
            connection.close()
        assert statuses == [200, 500, 200]
        assert struck(gateway) == [("GET /echo/me", "chaos: crash")]


def test_a_crash_under_a_request_of_a_rest_api_is_a_502() -> None:
    with chaotic((Fault.CRASH, "RestApi", "GET /pets/{id}", 1)) as gateway:
        connection = http.client.HTTPConnection(*gateway.address, timeout=SECONDS)
        connection.request("GET", "/rest/pets/5")
        assert connection.getresponse().status == 502
        connection.close()
        assert struck(gateway) == [("GET /rest/pets/5", "chaos: crash")]


def test_a_lost_disconnect_is_never_invoked() -> None:
    with chaotic((Fault.LOST_DISCONNECT, "dev", 1, "$disconnect")) as gateway:
        with gateway.open() as lost:
            lost.socket.close()
        gateway.recorder.wait_for_record(lambda record: record.outcome == "chaos: lost-disconnect")
        with gateway.open() as other:
            other.socket.close()
        gateway.disconnected(other.connection_id)
        printed = [
            event.connection_id for event in gateway.recorder.printed if event.what == "disconnect"
        ]
        assert printed == [other.connection_id]
        management = gateway.management()
        with pytest.raises(management.exceptions.GoneException):
            management.get_connection(ConnectionId=lost.connection_id)


def test_duplicate_delivers_an_event_twice() -> None:
    planned = ((Fault.DUPLICATE, "dev", 1, event) for event in ("message 1", "$disconnect"))
    with chaotic(*planned) as gateway:
        with gateway.open() as opened:
            assert ask(opened) == opened.socket.recv(SECONDS)
            assert ask(opened, number=2).startswith('answer to {"action": "ask", "number": 2')
        first, again, _ = gateway.recorder.wait_for_all("message", lambda _: True, 3)
        assert first.content == again.content
        ends = gateway.recorder.wait_for_all("disconnect", lambda _: True, 2)
        assert ends[0].content == ends[1].content
        assert [outcome for _, outcome in struck(gateway)] == ["chaos: duplicate"] * 2


def test_duplicate_posts_arrive_twice() -> None:
    with chaotic((Fault.DUPLICATE, "dev", 1, 1)) as gateway, gateway.open() as opened:
        management = gateway.management()
        for data in (b"1", b"2"):
            management.post_to_connection(ConnectionId=opened.connection_id, Data=data)
        assert [opened.socket.recv(SECONDS) for _ in range(3)] == ["1", "1", "2"]


def test_chaos_is_told_as_no_problem_of_the_code() -> None:
    with chaotic((Fault.GONE, "dev", 1, 1)) as gateway, gateway.open() as opened:
        management = gateway.management()
        with pytest.raises(management.exceptions.GoneException):
            management.post_to_connection(ConnectionId=opened.connection_id, Data=b"x")
        record = gateway.recorder.wait_for_record(lambda record: record.outcome == "chaos: gone")
        assert (record.connection_id, record.problem) == (opened.connection_id, False)
