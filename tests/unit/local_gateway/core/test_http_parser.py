"""Requests cut out of a byte stream, whatever its pieces; the syntax is httptools' to know."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core.http import Headers, Request
from local_gateway.core.http_parser import MAX_HEADERS, ReceivedRequest, RequestParser

POST = b"POST /a?x=1#f HTTP/1.1\r\nContent-Length: 3\r\nX-Name:  value \r\n\r\nabc"
GET = b"GET /b HTTP/1.1\r\n\r\n"
CHUNKED = b"PUT /c HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nab\r\n1\r\nc\r\n0\r\n\r\n"
EXPECTED = [
    Request(
        method="POST",
        path="/a",
        query_string="x=1",
        headers=Headers((("Content-Length", "3"), ("X-Name", "value"))),
        body=b"abc",
        source_ip="192.0.2.7",
    ),
    Request(method="GET", path="/b", source_ip="192.0.2.7"),
    Request(
        method="PUT",
        path="/c",
        headers=Headers((("Transfer-Encoding", "chunked"),)),
        body=b"abc",
        source_ip="192.0.2.7",
    ),
]


def parser(head: int = 1000, body: int = 10) -> RequestParser:
    return RequestParser("192.0.2.7", max_head_bytes=head, max_body_bytes=body)


def fed(reader: RequestParser, data: bytes, size: int = 1000) -> list[ReceivedRequest]:
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    return [received for piece in pieces for received in reader.feed(piece)]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 1000])
def test_requests_are_the_same_however_the_bytes_are_cut(size: int) -> None:
    received = fed(parser(), POST + GET + CHUNKED, size)
    assert [item.request for item in received] == EXPECTED
    assert all(item.keeps_alive and not item.is_upgrade for item in received)


@pytest.mark.parametrize("size", [1, 4, 1000])
@pytest.mark.parametrize("large", [POST, CHUNKED])
def test_a_body_that_is_too_large_is_skipped_to_its_end(size: int, large: bytes) -> None:
    first, second = fed(parser(body=2), large + GET, size)
    assert (first.request.is_too_large, first.request.body) == (True, b"")
    assert second.request == EXPECTED[1]


def test_a_body_that_will_be_too_large_is_known_from_its_head() -> None:
    reader = parser(body=2)
    assert reader.feed(POST[:-3]) == []
    pending = reader.pending
    assert pending is not None
    assert pending.is_too_large


def test_nothing_is_pending_between_requests() -> None:
    reader = parser()
    reader.feed(POST)
    assert reader.pending is None


@pytest.mark.parametrize("size", [1, 16 * 1024])
@pytest.mark.parametrize(
    "head",
    [
        b"GET /" + b"x" * 1001 + b" HTTP/1.1\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 1001 + b"\r\n\r\n",
        b"GET / HTTP/1.1\r\nX: " + b"x" * 1001,
        b"GET / HTTP/1.1\r\n" + b"A:\r\n" * (MAX_HEADERS + 1) + b"\r\n",
    ],
)
def test_a_head_that_is_too_large_is_refused(head: bytes, size: int) -> None:
    reader = parser()
    assert fed(reader, head, size) == []
    assert reader.problem == "the head of the request is too large"


def test_what_follows_an_upgrade_is_left_as_it_is() -> None:
    reader = parser()
    upgrade = b"GET / HTTP/1.1\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
    (received,) = reader.feed(upgrade + b"\x81\x00frames")
    assert received.is_upgrade
    assert reader.rest == b"\x81\x00frames"


def test_the_url_may_have_a_scheme_and_a_host() -> None:
    (received,) = parser().feed(b"GET http://host:1/a?b=c HTTP/1.1\r\n\r\n")
    assert (received.request.path, received.request.query_string) == ("/a", "b=c")


def test_header_values_that_are_no_utf_8_are_latin_1() -> None:
    (received,) = parser().feed(b"GET / HTTP/1.1\r\nA: \xe9\r\nB: \xc3\xa9\r\n\r\n")
    assert [value for _, value in received.request.headers] == ["é", "é"]


@pytest.mark.parametrize(
    "data",
    [
        b"GET /\r\n\r\n",
        b"GET / HTTP/9.9\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: \xb2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n",
        b"POST / HTTP/1.1\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n",
        b"POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
        b"GET / HTTP/1.1\r\nA : x\r\n\r\n",
        b"GET / HTTP/1.1\r\nA: x\r\n folded\r\n\r\n",
        b"GET / HTTP/1.1\nA: x\n\n",
    ],
)
def test_what_could_be_read_in_two_ways_is_refused_after_what_came_before(data: bytes) -> None:
    reader = parser()
    assert [item.request for item in reader.feed(GET + data)] == [EXPECTED[1]]
    assert reader.problem


@given(st.binary(max_size=300), st.integers(1, 50))
def test_any_bytes_are_requests_or_a_problem(data: bytes, size: int) -> None:
    fed(parser(), data, size)
