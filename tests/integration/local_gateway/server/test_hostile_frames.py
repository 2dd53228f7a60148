"""Sockets that break the protocol or do not read: bounded memory, nobody else affected."""

import logging
from collections.abc import Iterator

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from websockets.frames import Opcode

from tests.support.gateway import RunningGateway
from tests.support.raw_client import RawClient, frame

SECONDS = 20.0
MIB = 1024 * 1024
FUZZ = settings(
    max_examples=60,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@pytest.fixture(autouse=True)
def no_traceback(caplog: pytest.LogCaptureFixture) -> Iterator[None]:
    """Whatever a client sends, the gateway's own log stays empty."""
    with caplog.at_level(logging.WARNING):
        yield
        assert caplog.records == []


def flood(client: RawClient, data: bytes) -> None:
    """Send the same bytes until the gateway drops the connection; fails after 256 MB."""
    for _ in range(256 * MIB // len(data)):
        client.send(data)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (frame(Opcode.TEXT, b"\xff\xfe"), 1007),
        (frame(Opcode.TEXT, b"\xc3", fin=False) + frame(Opcode.CONT, b"("), 1007),
        (frame(Opcode.TEXT, b"x", reserved=4), 1002),
        (frame(Opcode.TEXT, b"x", reserved=2), 1002),
        (frame(Opcode.TEXT, b"x", reserved=1), 1002),
        (frame(3, b"x"), 1002),
        (frame(11, b"x"), 1002),
        (frame(Opcode.TEXT, b"x", masked=False), 1002),
        (frame(Opcode.CONT, b"x"), 1002),
        (frame(Opcode.TEXT, b"x", fin=False) + frame(Opcode.TEXT, b"x"), 1002),
        (frame(Opcode.PING, b"x", fin=False), 1002),
        (frame(Opcode.PING, b"x" * 126), 1002),
        (frame(Opcode.CLOSE, b"x"), 1002),
        (frame(Opcode.CLOSE, (999).to_bytes(2)), 1002),
        (frame(Opcode.CLOSE, (1005).to_bytes(2)), 1002),
        (frame(Opcode.CLOSE, (1000).to_bytes(2) + b"\xff"), 1007),
    ],
    ids=[
        "utf-8",
        "utf-8 in fragments",
        "rsv1",
        "rsv2",
        "rsv3",
        "opcode 3",
        "opcode 11",
        "unmasked",
        "lone continuation",
        "text in text",
        "fragmented ping",
        "long ping",
        "half a code",
        "code 999",
        "code 1005",
        "reason",
    ],
)
def test_a_broken_rule_closes_with_its_code_and_disconnect_hears_it(
    gateway: RunningGateway, data: bytes, code: int
) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(data + frame(Opcode.TEXT, b'{"action": "ask"}'))
        assert client.close_code() == code
        assert client.is_at_end()
    assert gateway.disconnected(connection_id)[0] == code
    heard = [
        event.what
        for event in gateway.recorder.printed
        if event.is_event and event.connection_id == connection_id
    ]
    assert heard == ["connect", "disconnect"]


@pytest.mark.parametrize(
    ("data", "answered", "reported"),
    [((4000).to_bytes(2) + b"bye", 4000, (4000, "bye")), (b"", 1000, None)],
)
def test_a_close_between_fragments_has_its_own_code(
    gateway: RunningGateway, data: bytes, answered: int, reported: tuple[int, str] | None
) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.TEXT, b"x", fin=False) + frame(Opcode.CLOSE, data))
        assert client.close_code() == answered
        assert client.is_at_end()
    no_code = (1005, "Client-side close frame status not set")
    assert gateway.disconnected(connection_id) == (reported or no_code)


@FUZZ
@given(chunks=st.lists(st.binary(min_size=1, max_size=300), min_size=1, max_size=5))
def test_any_bytes_end_in_a_close_or_in_answers(
    gateway: RunningGateway, chunks: list[bytes]
) -> None:
    with gateway.raw() as client:
        assert client.upgrade("/routing").status == 101
        for chunk in chunks:
            client.send(chunk)
        client.socket.shutdown(1)
        received = client.rest()
    assert len(received) < 64 * 1024


@FUZZ
@given(
    frames=st.lists(
        st.builds(
            frame,
            st.integers(0, 15),
            st.binary(max_size=130),
            fin=st.booleans(),
            masked=st.integers(0, 9).map(bool),
            reserved=st.sampled_from([0, 0, 0, 0, 0, 4, 7]),
        ),
        max_size=8,
    )
)
def test_any_frames_leave_the_gateway_serving(gateway: RunningGateway, frames: list[bytes]) -> None:
    with gateway.raw() as client:
        assert client.upgrade("/routing").status == 101
        client.send(b"".join(frames) + frame(Opcode.CLOSE, (1000).to_bytes(2)))
        assert client.close_code() in {1000, 1002, 1003, 1005, 1007, 0}
    with gateway.connect("routing") as socket:
        socket.send('{"a": "join"}')
        assert socket.recv(SECONDS) == 'answer to {"a": "join"}'


def test_a_ping_flood_is_answered_and_others_are_served(gateway: RunningGateway) -> None:
    client, _ = gateway.raw_socket()
    with client, gateway.connect("dev") as bystander:
        client.send(frame(Opcode.PING, b"x") * 5000)
        bystander.send('{"action": "ask"}')
        assert bystander.recv(SECONDS) == 'answer to {"action": "ask"}'
        assert [client.frame() for _ in range(5000)] == [(Opcode.PONG, b"x")] * 5000


def test_a_ping_flood_by_a_client_that_never_reads_is_cut_off(gateway: RunningGateway) -> None:
    with gateway.raw(receive_buffer=4096) as client:
        assert client.upgrade("/choked?tag=pings").status == 101
        with pytest.raises(ConnectionError):
            flood(client, frame(Opcode.PING, b"x" * 125) * 500)
    assert gateway.disconnected(gateway.connection_id("pings"))[0] == 1006


def test_a_client_that_asks_and_never_reads_is_cut_off(gateway: RunningGateway) -> None:
    with gateway.raw(receive_buffer=4096) as client:
        assert client.upgrade("/choked?tag=deaf").status == 101
        with pytest.raises(ConnectionError):
            flood(client, frame(Opcode.TEXT, b'{"action": "throttled"}') * 200)
    assert gateway.disconnected(gateway.connection_id("deaf"))[0] == 1006


def test_a_message_that_never_ends_is_closed_with_1009(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.TEXT, b"", fin=False))
        client.send(frame(Opcode.CONT, b"x" * 1000, fin=False) * 5000)
        assert client.close_code() == 1009
    assert gateway.disconnected(connection_id)[0] == 1009


def test_many_empty_fragments_are_one_message(gateway: RunningGateway) -> None:
    client, _ = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.TEXT, b"", fin=False))
        client.send(frame(Opcode.CONT, b"", fin=False) * 20_000)
        client.send(frame(Opcode.CONT, b'{"action": "ask"}'))
        assert client.frame() == (Opcode.TEXT, b'answer to {"action": "ask"}')
