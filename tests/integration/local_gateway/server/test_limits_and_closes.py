"""Sizes, times and close codes, on the level of frames."""

from websockets.frames import Opcode

from tests.support.applications import application
from tests.support.gateway import RunningGateway
from tests.support.raw_client import frame

KIB = 1024
SECONDS = 20.0


def body_of(gateway: RunningGateway, connection_id: str) -> str:
    """The body of a connection's first message."""
    printed = gateway.recorder.wait_for(
        "message", lambda event: event.connection_id == connection_id
    )
    return str(printed.content["body"])


def fragments(size: int, frame_size: int) -> bytes:
    """A text message of `size` bytes in frames of at most `frame_size`."""
    parts = [b"a" * min(frame_size, size - at) for at in range(0, size, frame_size)]
    return b"".join(
        frame(Opcode.TEXT if at == 0 else Opcode.CONT, part, fin=at == len(parts) - 1)
        for at, part in enumerate(parts)
    )


def test_a_message_of_128_kb_in_frames_of_32_kb_arrives(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(fragments(128 * KIB, 32 * KIB))
        assert len(body_of(gateway, connection_id)) == 128 * KIB


def test_a_larger_message_closes_with_1009(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(fragments(128 * KIB + 1, 32 * KIB))
        assert client.close_code() == 1009
    assert gateway.disconnected(connection_id) == (1009, "")


def test_a_larger_frame_closes_with_1009(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(fragments(32 * KIB + 1, 64 * KIB))
        assert client.close_code() == 1009
    assert gateway.disconnected(connection_id) == (1009, "")


def test_an_oversize_frame_is_refused_by_its_header_alone(gateway: RunningGateway) -> None:
    client, _ = gateway.raw_socket()
    with client:
        client.send(b"\x81\xff" + (2**62).to_bytes(8) + b"mask")
        assert client.close_code() == 1009


def test_a_binary_message_closes_with_1003_and_has_no_event(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.BINARY, b"\x00\xff") + frame(Opcode.TEXT, b"late"))
        assert client.frame() == (Opcode.CLOSE, (1003).to_bytes(2))
    assert gateway.disconnected(connection_id) == (1003, "")
    bodies = [
        event.content["body"]
        for event in gateway.recorder.printed
        if event.what == "message" and event.connection_id == connection_id
    ]
    assert bodies == []


def test_silence_closes_with_1001(gateway: RunningGateway) -> None:
    with gateway.connect("idle?tag=silent") as socket:
        connection_id = gateway.connection_id("silent")
        assert gateway.disconnected(connection_id) == (1001, "Going away")
        assert list(socket) == []
        assert (socket.close_code, socket.close_reason) == (1001, "Going away")


def test_age_closes_with_1001(gateway: RunningGateway) -> None:
    with gateway.connect("aged?tag=old") as socket:
        connection_id = gateway.connection_id("old")
        assert gateway.disconnected(connection_id) == (1001, "Going away")
        assert list(socket) == []
        assert socket.close_code == 1001


def test_a_clients_own_code_and_reason_are_reported(gateway: RunningGateway) -> None:
    with gateway.open() as opened:
        opened.socket.close(4001, "enough")
    assert gateway.disconnected(opened.connection_id) == (4001, "enough")


def test_a_normal_close_is_reported_as_1000(gateway: RunningGateway) -> None:
    with gateway.open() as opened:
        opened.socket.close()
    assert gateway.disconnected(opened.connection_id) == (1000, "Connection Closed Normally")


def test_a_close_without_a_code_is_reported_as_1005(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.CLOSE))
        assert client.frame() == (Opcode.CLOSE, b"")
        assert client.is_at_end()
    assert gateway.disconnected(connection_id) == (1005, "Client-side close frame status not set")


def test_a_tcp_reset_is_reported_as_1006(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    client.vanish()
    assert gateway.disconnected(connection_id) == (1006, "")


def test_the_end_of_the_stream_is_reported_as_1006(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        pass
    assert gateway.disconnected(connection_id) == (1006, "")


def test_a_ping_is_answered_and_no_function_hears_of_it(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.PING, b"are you there?"))
        assert client.frame() == (Opcode.PONG, b"are you there?")
    gateway.disconnected(connection_id)
    heard = [
        event.what
        for event in gateway.recorder.printed
        if event.is_event and event.connection_id == connection_id
    ]
    assert heard == ["connect", "disconnect"]


def test_a_large_answer_comes_in_frames_of_32_kb(gateway: RunningGateway) -> None:
    client, _ = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.TEXT, b'{"action": "ask", "do": "large"}'))
        frames = [client.frame() for _ in range(4)]
    assert [opcode for opcode, _ in frames] == [Opcode.TEXT, *[Opcode.CONT] * 3]
    assert max(len(data) for _, data in frames) == 32 * KIB
    assert b"".join(data for _, data in frames) == b"x" * 100_000


def test_each_connection_disconnects_once(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client:
        client.send(frame(Opcode.CLOSE, (1000).to_bytes(2)) * 3)
        assert client.close_code() == 1000
    gateway.disconnected(connection_id)
    with gateway.open() as opened:
        pass
    gateway.disconnected(opened.connection_id)
    ended = [
        event.connection_id for event in gateway.recorder.printed if event.what == "disconnect"
    ]
    assert ended.count(connection_id) == 1


def test_a_gateway_that_stops_closes_with_1012_and_tells_nobody() -> None:
    with RunningGateway(application()) as stopping:
        client, _ = stopping.raw_socket()
    with client:
        assert client.close_code() == 1012
    assert [event.what for event in stopping.recorder.printed] == ["connect"]
