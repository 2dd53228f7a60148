"""Only what every SDK sends is read here; whatever is unusual is not, nor is it misread."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from local_gateway.core import management
from local_gateway.core.iam.sigv4 import SignedRequest
from local_gateway.server.management_calls import (
    MAX_BODY_BYTES,
    Incomplete,
    answer_bytes,
    read_call,
)

HEAD_BYTES = 16 * 1024
HEAD = b"POST /ws/%40connections/a%3D HTTP/1.1\r\nHost: h\r\n"
CALL = HEAD + b"Authorization: AWS4-HMAC-SHA256  x \r\nContent-Length: 5\r\n\r\nhello"


def test_a_call_is_read_as_it_travelled() -> None:
    assert read_call(CALL, HEAD_BYTES) == SignedRequest(
        method="POST",
        path="/ws/%40connections/a%3D",
        query_string="",
        headers=(
            ("Host", "h"),
            ("Authorization", "AWS4-HMAC-SHA256  x"),
            ("Content-Length", "5"),
        ),
        body=b"hello",
    )


@pytest.mark.parametrize("method", ["GET", "DELETE"])
def test_a_call_needs_no_body(method: str) -> None:
    data = f"{method} /a/@connections/b HTTP/1.1\r\nhost: h\r\n\r\n".encode()
    call = read_call(data, HEAD_BYTES)
    assert isinstance(call, SignedRequest)
    assert (call.method, call.body, call.header("host")) == (method, b"", "h")


@given(cut=st.integers(CALL.index(b"hello"), len(CALL) - 1))
def test_a_body_may_be_missing_yet(cut: int) -> None:
    assert isinstance(read_call(CALL[:cut], HEAD_BYTES), Incomplete)


@given(cut=st.integers(0, CALL.index(b"hello") - 1))
def test_a_part_of_a_head_is_nothing(cut: int) -> None:
    assert read_call(CALL[:cut], HEAD_BYTES) is None


@pytest.mark.parametrize(
    "data",
    [
        CALL + b"more",
        CALL.replace(b"POST", b"PUT"),
        CALL.replace(b"POST", b"post"),
        CALL.replace(b"HTTP/1.1", b"HTTP/1.0"),
        CALL.replace(b"%3D", b"?x=1"),
        CALL.replace(b"%3D", b"#x"),
        CALL.replace(b"%3D", b"\xc3\xa4"),
        CALL.replace(b"%40connections", b"connections"),
        CALL.replace(b"Host: h", b"Host : h"),
        CALL.replace(b"Host: h", b"Host: h\r\n folded"),
        CALL.replace(b"Host: h", b"Host: h\xe9"),
        CALL.replace(b"Host: h", b"X: h"),
        CALL.replace(b"Host: h", b"Host: h\r\nhost: other"),
        CALL.replace(b"Host: h", b"Host: h\nX: y"),
        CALL.replace(b": 5", b": -5"),
        CALL.replace(b": 5", b": "),
        CALL.replace(b": 5", b": 5, 5"),
        CALL.replace(b": 5", b": 5\r\nContent-Length: 5"),
        CALL.replace(b": 5", b": %d" % (MAX_BODY_BYTES + 1)),
        CALL.replace(b": 5", b": 5\r\nTransfer-Encoding: chunked"),
        CALL.replace(b": 5", b": 5\r\nExpect: 100-continue"),
        CALL.replace(b": 5", b": 5\r\nConnection: close"),
        CALL.replace(b": 5", b": 5\r\nX: " + b"x" * HEAD_BYTES),
        CALL.replace(b": 5", b": 5" + b"\r\nX: x" * 100),
        b"GET /ws HTTP/1.1\r\nHost: h\r\nUpgrade: websocket\r\n\r\n",
    ],
)
def test_what_is_unusual_is_not_read(data: bytes) -> None:
    assert read_call(data, HEAD_BYTES) is None


@given(data=st.binary(max_size=200))
def test_any_bytes_can_be_asked_about(data: bytes) -> None:
    for asked in (data, HEAD + data, data + b"\r\n\r\n"):
        read_call(asked, HEAD_BYTES)


def test_an_answer_tells_its_length() -> None:
    head, _, body = answer_bytes(management.forbidden("No"), "id").partition(b"\r\n\r\n")
    lines = head.split(b"\r\n")
    assert lines[0] == b"HTTP/1.1 403 Forbidden"
    assert b"x-amzn-RequestId: id" in lines
    assert b"x-amzn-ErrorType: ForbiddenException" in lines
    assert b"Content-Length: %d" % len(body) in lines
    assert body == b'{"message": "No"}'


def test_no_content_has_no_length() -> None:
    answer = answer_bytes(management.deleted(), "id")
    assert answer.startswith(b"HTTP/1.1 204 No Content\r\n")
    assert b"Content-Length" not in answer
    assert answer.endswith(b"\r\n\r\n")
