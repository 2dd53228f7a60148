"""HTTP/1.1 on the wire: what a connection carries, and when it ends."""

import json
import socket

from tests.support.gateway import RunningGateway
from tests.support.raw_client import RawClient

ECHO = b"POST /echo HTTP/1.1\r\nHost: x\r\n"


def answer(client: RawClient) -> tuple[int, bytes]:
    head = client.head()
    return head.status, client.body(head)


def test_one_connection_carries_requests_of_every_kind(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(b"GET /dev HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(client)[0] == 426
        client.send(ECHO + b"Transfer-Encoding: chunked\r\n\r\n2\r\nhe\r\n3\r\nllo\r\n0\r\n\r\n")
        assert answer(client)[0] == 200
        client.send(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        assert answer(client)[0] == 404


def test_requests_that_come_at_once_are_answered_in_order(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        plain = b"GET /dev HTTP/1.1\r\nHost: x\r\n\r\n"
        client.send(
            ECHO + b"Content-Length: 1\r\n\r\n1" + plain + ECHO + b"Content-Length: 0\r\n\r\n"
        )
        assert [answer(client)[0] for _ in range(3)] == [200, 426, 200]


def test_what_is_no_request_is_refused_after_what_came_before_it(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(ECHO + b"Content-Length: 0\r\n\r\nnonsense\r\n\r\n")
        assert answer(client)[0] == 200
        assert answer(client) == (400, b'{"message": "Bad Request"}')
        assert client.is_at_end()


def test_a_client_that_asks_first_is_told_to_go_on(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(ECHO + b"Expect: 100-continue\r\nContent-Length: 5\r\n\r\n")
        assert client.head().status == 100
        client.send(b"hello")
        assert answer(client)[0] == 200


def test_the_answer_to_head_has_no_body(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(b"HEAD /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        head = client.head()
        assert (head.status, int(head.headers["content-length"]) > 0) == (404, True)
        client.send(b"GET /nowhere HTTP/1.1\r\nHost: x\r\n\r\n")
        assert json.loads(answer(client)[1]) == {"message": "Not Found"}


def test_a_connection_ends_when_the_client_wants_it_to(gateway: RunningGateway) -> None:
    for request in (
        b"GET /nowhere HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n",
        b"GET /nowhere HTTP/1.0\r\n\r\n",
    ):
        with gateway.raw() as client:
            client.send(request)
            head = client.head()
            assert head.headers["connection"] == "close"
            client.body(head)
            assert client.is_at_end()


def test_a_client_that_sends_too_much_sees_why_it_is_refused(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(ECHO + b"Content-Length: 20000000\r\n\r\n" + bytes(20_000_000))
        assert answer(client)[0] == 413


def test_a_client_that_stops_sending_still_ends(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(ECHO + b"Content-Length: 5\r\n\r\nhe")
        client.socket.shutdown(socket.SHUT_WR)
        assert client.rest() == b""
