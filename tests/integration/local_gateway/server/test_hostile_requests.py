"""What is not a proper handshake or request: bounded time, one log line, nobody else affected."""

import json
import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from local_gateway.server.protocol import RequestLimits
from tests.support.applications import application
from tests.support.gate import Gate
from tests.support.gateway import RunningGateway
from tests.support.raw_client import frame, request

SECONDS = 20.0
CLIENT_HELLO = bytes.fromhex("16030100c8010000c40303") + bytes(190)
FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(scope="module")
def impatient_gateway() -> Iterator[RunningGateway]:
    """It gives a client a fifth of a second to say what it wants."""
    limits = RequestLimits(head_seconds=0.2, body_seconds=0.2)
    with RunningGateway(application(), request_limits=limits) as running:
        yield running


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client sends, the gateway's own log stays empty: there is one record."""
    with caplog.at_level(logging.WARNING):
        yield
        assert caplog.records == []


def assert_serves(gateway: RunningGateway) -> None:
    """Whether others are served."""
    with gateway.connect("dev") as socket:
        socket.send('{"action": "ask"}')
        assert socket.recv(SECONDS) == 'answer to {"action": "ask"}'


def bad_requests(gateway: RunningGateway) -> int:
    """How many records there are of unreadable requests."""
    return sum(record.route_key == "bad request" for record in gateway.recorder.records)


@pytest.mark.parametrize(
    "headers",
    [
        {"Sec-WebSocket-Key": ""},
        {"Sec-WebSocket-Key": "too short"},
        {"Sec-WebSocket-Key": "c2l4dGVlbiBieXRlcyBhbmQgbW9yZQ=="},
        {"Sec-WebSocket-Key": "é" * 24},
        {"Sec-WebSocket-Version": "12"},
        {"Sec-WebSocket-Version": ""},
    ],
)
def test_a_malformed_upgrade_is_400_and_starts_no_function(
    gateway: RunningGateway, headers: dict[str, str]
) -> None:
    with gateway.raw() as client:
        head = client.upgrade("/dev?tag=malformed", headers)
        assert head.status == 400
        assert list(json.loads(client.body(head))) == ["message"]
    assert_serves(gateway)
    queries = [event.content.get("queryStringParameters", {}) for event in gateway.recorder.printed]
    assert not any(query.get("tag") == "malformed" for query in queries)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"HTTP/1.1", b"HTTP/1.0"),
        (b"Host: gateway.test\r\n", b""),
        (b"Host: gateway.test\r\n", b"Host: gateway.test\r\nHost: gateway.test\r\n"),
        (b"Sec-WebSocket-Version: 13", b"Sec-WebSocket-Version: 13\r\nsec-websocket-version: 13"),
        (
            b"Sec-WebSocket-Key: ",
            b"Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Key: ",
        ),
    ],
    ids=["1.0", "no host", "hosts", "versions", "keys"],
)
def test_an_upgrade_that_the_rfc_refuses_is_400(
    gateway: RunningGateway, old: bytes, new: bytes
) -> None:
    sent = request("/dev?tag=refused")
    assert old in sent
    with gateway.raw() as client:
        client.send(sent.replace(old, new))
        assert client.head().status == 400


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"Upgrade: websocket\r\n", b"Upgrade: h2c, WebSocket\r\n"),
        (b"Upgrade: websocket\r\n", b"Upgrade: h2c\r\nUpgrade: websocket\r\n"),
        (b"Connection: Upgrade", b"Connection: keep-alive\r\nConnection: upgrade"),
    ],
)
def test_headers_that_are_lists_may_be_sent_in_parts(
    gateway: RunningGateway, old: bytes, new: bytes
) -> None:
    sent = request("/dev?tag=parts")
    assert old in sent
    with gateway.raw() as client:
        client.send(sent.replace(old, new))
        assert client.head().status == 101


@pytest.mark.parametrize("method", ["POST", "PUT", "HEAD", "OPTIONS"])
def test_an_upgrade_with_another_method_is_400(gateway: RunningGateway, method: str) -> None:
    with gateway.raw() as client:
        client.send(request("/dev", method=method))
        assert client.head().status == 400


@pytest.mark.parametrize(
    "headers",
    [{"Upgrade": "h2c"}, {"Connection": "close"}, {"Connection": "not-upgrade"}],
)
def test_a_request_for_something_else_is_no_upgrade(
    gateway: RunningGateway, headers: dict[str, str]
) -> None:
    with gateway.raw() as client:
        assert client.upgrade("/dev", headers).status == 426


@pytest.mark.parametrize(
    "data",
    [
        request("/dev", {"X-Long": "x" * 17_000}),
        request("/dev?" + "q" * 17_000),
        request("/dev", {f"X-{number}": "x" for number in range(200)}),
        CLIENT_HELLO,
        b"hello\r\n\r\n",
        b"GET /dev HTTP/9.9\r\n\r\n",
        b"GET /dev HTTP/1.1\r\nNo colon\r\n\r\n",
        b"GET /dev HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET http://[ HTTP/1.1\r\nHost: x\r\n\r\n",
        frame(1, b"a frame before any handshake"),
    ],
    ids=[
        "header",
        "url",
        "many headers",
        "tls",
        "words",
        "bad version",
        "no colon",
        "bad length",
        "bad url",
        "frame",
    ],
)
def test_what_is_not_http_is_400_with_one_record(gateway: RunningGateway, data: bytes) -> None:
    before = bad_requests(gateway)
    with gateway.raw() as client:
        client.send(data)
        head = client.head()
        assert head.status == 400
        assert json.loads(client.body(head)) == {"message": "Bad Request"}
        assert client.is_at_end()
    assert bad_requests(gateway) == before + 1
    assert_serves(gateway)


@FUZZ
@example(data=b"\x00" * 20_000)
@given(data=st.binary(max_size=2000))
def test_any_bytes_are_answered_or_closed(gateway: RunningGateway, data: bytes) -> None:
    with gateway.raw() as client:
        client.send(data + b"\r\n\r\n")
        client.socket.shutdown(1)
        received = client.rest()
    assert received == b"" or received.startswith(b"HTTP/1.")


@FUZZ
@given(
    name=st.sampled_from(
        ["Host", "Connection", "Upgrade", "Sec-WebSocket-Key", "Cookie", "X-Forwarded-For", "X-A"]
    ),
    value=st.text(st.characters(codec="latin-1", exclude_characters="\r\n"), max_size=60),
    path=st.text(st.characters(codec="ascii", exclude_characters="\r\n "), max_size=30),
)
def test_any_handshake_is_answered(
    gateway: RunningGateway, name: str, value: str, path: str
) -> None:
    with gateway.raw() as client:
        lines = request(f"/dev/../{path}", {name: "PLACE"}).replace(
            b"PLACE", value.encode("latin-1")
        )
        client.send(lines)
        assert client.head().status in {101, 400, 403, 404, 426, 502}


def test_half_a_handshake_is_dropped_in_time(impatient_gateway: RunningGateway) -> None:
    with impatient_gateway.connect("dev") as bystander, impatient_gateway.raw() as slow:
        slow.send(request("/dev")[:-2])
        assert slow.is_at_end()
        bystander.send('{"action": "ask"}')
        assert bystander.recv(SECONDS) == 'answer to {"action": "ask"}'


def test_a_connection_that_says_nothing_is_dropped_in_time(
    impatient_gateway: RunningGateway,
) -> None:
    with impatient_gateway.raw() as silent:
        assert silent.is_at_end()


def test_half_a_second_request_is_dropped_in_time(impatient_gateway: RunningGateway) -> None:
    with impatient_gateway.raw() as slow:
        slow.send(b"GET /dev HTTP/1.1\r\nHost: x\r\n\r\nGET /dev")
        head = slow.head()
        assert head.status == 426
        slow.body(head)
        assert slow.is_at_end()


def test_a_handler_may_take_longer_than_a_head(
    impatient_gateway: RunningGateway, gate: Gate
) -> None:
    with impatient_gateway.raw() as silent, impatient_gateway.raw() as client:
        client.send(request(f"/dev?do=hold&gate={gate.port}&label=x"))
        held = gate.arrive()
        assert silent.is_at_end()  # as long as a head may take
        held.release()
        assert client.head().status == 101


@pytest.mark.parametrize("path", [b"/echo", b"/dev/@connections/AAAAAAAAAgAAAAA="])
def test_half_a_body_is_dropped_in_time(impatient_gateway: RunningGateway, path: bytes) -> None:
    with impatient_gateway.raw() as slow:
        slow.send(b"POST " + path + b" HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nhalf")
        assert slow.head().status == 408


def test_a_body_in_bad_chunks_is_400(gateway: RunningGateway) -> None:
    with gateway.raw() as client:
        client.send(b"POST /echo HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n")
        assert client.head().status == 400
    assert_serves(gateway)


def test_frames_that_come_before_the_101_wait_for_it(gateway: RunningGateway, gate: Gate) -> None:
    with gateway.raw() as client:
        client.send(request(f"/dev?do=hold&gate={gate.port}&label=x"))
        held = gate.arrive()
        client.send(frame(1, b'{"action": "ask"}'))
        held.release()
        assert client.head().status == 101
        assert client.frame() == (1, b'answer to {"action": "ask"}')


def test_a_flood_before_the_101_is_not_taken_in(gateway: RunningGateway, gate: Gate) -> None:
    client = gateway.raw()
    client.send(request(f"/dev?do=hold&gate={gate.port}&label=x&tag=flood"))
    held = gate.arrive()
    client.socket.settimeout(0.5)
    with pytest.raises(TimeoutError):  # much more than all buffers on the way hold
        client.socket.sendall(bytes(64 * 1024 * 1024))
    client.vanish()
    held.release()
    gateway.disconnected(gateway.connection_id("flood"))
    assert_serves(gateway)
