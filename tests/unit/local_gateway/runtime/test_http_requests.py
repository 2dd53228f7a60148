"""Requests cut out of a byte stream, whatever its pieces."""

import pytest

from local_gateway.runtime.http_requests import (
    MAX_HEAD_BYTES,
    BadRequestError,
    Request,
    RequestReader,
)

POST = b"POST /a HTTP/1.1\r\nContent-Length: 3\r\nX-Name:  value \r\n\r\nabc"
GET = b"GET /b HTTP/1.1\r\n\r\n"
EXPECTED = [
    Request("POST", "/a", {"content-length": "3", "x-name": "value"}, b"abc"),
    Request("GET", "/b", {}, b""),
]


@pytest.mark.parametrize("size", [1, 2, 3, 7, 20, 1000])
def test_requests_are_found_however_the_bytes_are_cut(size: int) -> None:
    reader = RequestReader(max_body_bytes=10)
    data = POST + GET
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    assert [request for piece in pieces for request in reader.feed(piece)] == EXPECTED


@pytest.mark.parametrize("size", [1, 4, 1000])
def test_a_body_that_is_too_large_is_skipped_to_its_end(size: int) -> None:
    reader = RequestReader(max_body_bytes=2)
    data = POST + GET
    pieces = [data[start : start + size] for start in range(0, len(data), size)]
    first, second = [request for piece in pieces for request in reader.feed(piece)]
    assert first.body is None
    assert second == EXPECTED[1]


def test_a_head_without_end_is_refused() -> None:
    reader = RequestReader(max_body_bytes=10)
    assert list(reader.feed(b"x" * MAX_HEAD_BYTES)) == []
    with pytest.raises(BadRequestError, match="too large"):
        list(reader.feed(b"x"))


@pytest.mark.parametrize("line", [b"GET /", b"GET", b"", b"GET / HTTP/1.1 more"])
def test_a_request_line_of_another_form_is_refused(line: bytes) -> None:
    with pytest.raises(BadRequestError, match="expected METHOD PATH VERSION"):
        list(RequestReader(max_body_bytes=10).feed(line + b"\r\n\r\n"))


@pytest.mark.parametrize("length", ["-1", "1.0", "x", "", "²", "+1"])
def test_a_content_length_that_is_no_number_is_refused(length: str) -> None:
    head = f"POST / HTTP/1.1\r\nContent-Length: {length}\r\n\r\n".encode("latin-1")
    with pytest.raises(BadRequestError, match="not a number"):
        list(RequestReader(max_body_bytes=10).feed(head))
