"""Responses that are read while they arrive, on real sockets."""

import ssl
from collections.abc import Callable
from pathlib import Path

import pytest

from sapa.aws.endpoint import Body, trust_store
from sapa.aws.http_connection import LONGEST_LINE, MOST_HEADERS, BrokenConnectionError, Timeouts
from sapa.aws.http_stream import HttpStream, StreamingEndpoint, UnwantedError
from tests.integration.sapa.faulty_api import FaultyApi, faulty_api
from tests.integration.sapa.stores.test_management_api import self_signed

CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


def post(
    api: FaultyApi,
    answer: bytes,
    *,
    root: str = "",
    read: float = 20.0,
    is_wanted: Callable[[], bool] = lambda: True,
) -> HttpStream:
    """The response to a request with a header and a body."""
    api.answers["ask"] = [answer]
    endpoint = StreamingEndpoint(
        f"{root or api.root}/base/",
        authorization=lambda method, path, body, headers: f"Authorization: {method} {path}\r\n",
        timeouts=Timeouts(connect=2.0, read=read),
    )
    body = Body.from_bytes(b"question")
    return endpoint.post(f"{endpoint.path}/ask", body, {"x-test": "1"}, is_wanted)


def test_request_is_sent_whole(api: FaultyApi) -> None:
    with post(api, b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n") as response:
        assert list(response) == []
    [posted] = api.posted
    assert (posted.method, posted.path, posted.body) == ("POST", "/base/ask", b"question")
    assert posted.headers == {
        "host": f"127.0.0.1:{api.port}",
        "connection": "close",
        "content-length": "8",
        "x-test": "1",
        "authorization": "POST /base/ask",
    }


@pytest.mark.parametrize(
    "answer",
    [
        CHUNKED + b"2\r\nab\r\n1;x=y\r\nc\r\n0\r\n\r\n",
        CHUNKED + b"3\nabc\n0\nTrailer: x\n\n",
        b"HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc and more",
        b"HTTP/1.0 200 OK\r\nConnection: close\r\n\r\nabc",
        b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 OK\r\nCONTENT-LENGTH:3\r\n\r\nabc",
    ],
)
def test_bodies_have_their_ends_where_http_says(api: FaultyApi, answer: bytes) -> None:
    with post(api, answer) as response:
        assert response.status == 200
        assert b"".join(response) == b"abc"


def test_headers_have_names_in_lower_case(api: FaultyApi) -> None:
    with post(api, b"HTTP/1.1 418 -\r\nX-One:  two \r\nContent-Length: 0\r\n\r\n") as response:
        assert (response.status, response.headers[b"x-one"]) == (418, b"two")


@pytest.mark.parametrize(
    "answer",
    [
        b"",
        b"HTTP/1.1 200 close",
        b"SSH-2.0 close\r\n",
        b"HTTP/1.1 close\r\n\r\n",
        b"HTTP/1.1 200 close\r\n" + b"a: b\r\n" * MOST_HEADERS,
        b"HTTP/1.1 200 close\r\n" + b"a" * (LONGEST_LINE + 100_000),
    ],
)
def test_a_head_that_cannot_be_read_is_a_broken_connection(api: FaultyApi, answer: bytes) -> None:
    with pytest.raises(BrokenConnectionError):
        post(api, answer)


@pytest.mark.parametrize(
    "answer",
    [
        b"HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 4\r\n\r\nabc",
        b"HTTP/1.1 200 OK\r\nContent-Length: x\r\n\r\n",
        CHUNKED.replace(b"OK", b"close") + b"4\r\nabc",
        CHUNKED.replace(b"OK", b"close") + b"3\r\nabc\r\n",
        CHUNKED + b"x\r\nabc\r\n",
        CHUNKED + b"-1\r\nabc\r\n",
    ],
)
def test_a_body_that_ends_early_is_a_broken_connection(api: FaultyApi, answer: bytes) -> None:
    with post(api, answer) as response, pytest.raises(BrokenConnectionError):
        list(response)


def test_silence_in_the_middle_is_a_timeout(api: FaultyApi) -> None:
    with post(api, CHUNKED + b"3\r\nabc\r\n", read=0.1) as response:
        pieces = iter(response)
        assert next(pieces) == b"abc"
        with pytest.raises(TimeoutError):
            next(pieces)


def test_nobody_who_has_gone_is_waited_for(api: FaultyApi) -> None:
    api.slow.add("ask")
    with pytest.raises(UnwantedError):
        post(api, b"", is_wanted=lambda: False)


def test_leaving_closes_the_connection(api: FaultyApi) -> None:
    with post(api, CHUNKED + b"3\r\nabc\r\n") as response:
        assert next(iter(response)) == b"abc"
    assert api.closed.acquire(timeout=20)


def test_tls_is_waited_for_in_the_same_way(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """With a certificate of the machine's authorities, not of Amazon's."""
    certificate = self_signed(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate))
    trust_store.cache_clear()
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    asked: list[bool] = []

    def is_wanted() -> bool:
        asked.append(True)
        return len(asked) < 9

    with faulty_api(context) as api:
        root = api.root.replace("http://127.0.0.1", "https://localhost")
        answer = CHUNKED + b"3\r\nabc\r\n"
        with post(api, answer, root=root, is_wanted=is_wanted) as response:
            pieces = iter(response)
            assert next(pieces) == b"abc"
            with pytest.raises(UnwantedError):
                next(pieces)
    trust_store.cache_clear()
