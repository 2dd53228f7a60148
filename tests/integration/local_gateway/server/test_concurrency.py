"""Messages of one connection at the same time, bursts, and many connections that end at once."""

import json

from websockets.frames import Opcode

from tests.support.gate import Gate
from tests.support.gateway import (
    MOST_ENVIRONMENTS,
    RunningGateway,
)
from tests.support.raw_client import RawClient, frame, request

SECONDS = 20.0
BURST = 100
CONNECTIONS = 1000


def held(gate: Gate, label: str) -> str:
    """A message whose handler waits at the gate and then answers."""
    return json.dumps({"action": "ask", "do": "hold", "gate": gate.port, "label": label})


def test_messages_of_one_connection_run_concurrently_and_may_overtake(
    gateway: RunningGateway, gate: Gate
) -> None:
    with gateway.open() as opened:
        opened.socket.send(held(gate, "first"))
        opened.socket.send(held(gate, "second"))
        waiting = {one.label: one for one in (gate.arrive(), gate.arrive())}
        waiting["second"].release()
        assert '"second"' in opened.socket.recv(SECONDS)
        waiting["first"].release()
        assert '"first"' in opened.socket.recv(SECONDS)


def test_disconnect_does_not_wait_for_messages(gateway: RunningGateway, gate: Gate) -> None:
    with gateway.open() as opened:
        opened.socket.send(held(gate, "slow"))
        slow = gate.arrive()
    assert gateway.disconnected(opened.connection_id)[0] == 1000
    slow.release()
    gateway.recorder.wait_for("finished", lambda event: event.content["label"] == "slow")


def test_a_slow_handshake_holds_up_nobody_else(gateway: RunningGateway, gate: Gate) -> None:
    with gateway.raw() as slow:
        slow.send(request(f"/dev?do=hold&gate={gate.port}&label=slow"))
        waiting = gate.arrive()
        with gateway.connect("dev") as socket:
            socket.send('{"action": "ask"}')
            assert socket.recv(SECONDS) == 'answer to {"action": "ask"}'
        waiting.release()
        assert slow.head().status == 101


def test_a_burst_of_messages_starts_a_bounded_number_of_environments(
    gateway: RunningGateway,
) -> None:
    with gateway.open() as opened:
        for number in range(BURST):
            opened.socket.send(json.dumps({"action": "ask", "n": number}))
        answers = {opened.socket.recv(SECONDS) for _ in range(BURST)}
    assert len(answers) == BURST
    printed = gateway.recorder.wait_for_all(
        "message", lambda event: event.connection_id == opened.connection_id, BURST
    )
    assert len({one.pid for one in printed}) <= MOST_ENVIRONMENTS


def test_a_thousand_connections_that_vanish_at_once_are_all_told(gateway: RunningGateway) -> None:
    clients = [_open(gateway, number) for number in range(CONNECTIONS)]
    for client in clients:
        assert client.head().status == 101
    for client in clients:
        client.vanish()
    printed = gateway.recorder.wait_for_all(
        "disconnect",
        lambda event: event.context["identity"].get("userAgent") == "crowd",
        CONNECTIONS,
    )
    assert len(printed) == len({one.connection_id for one in printed}) == CONNECTIONS
    assert {one.context["disconnectStatusCode"] for one in printed} == {1006}
    assert len({one.pid for one in printed}) <= MOST_ENVIRONMENTS


def _open(gateway: RunningGateway, number: int) -> RawClient:
    client = gateway.raw()
    client.send(request(f"/dev?n={number}", {"User-Agent": "crowd"}))
    return client


def test_a_socket_that_floods_leaves_room_for_others(gateway: RunningGateway) -> None:
    client, connection_id = gateway.raw_socket()
    with client, gateway.connect("dev") as bystander:
        client.send(frame(Opcode.TEXT, b'{"n": 1}') * CONNECTIONS)
        bystander.send('{"action": "ask"}')
        assert bystander.recv(SECONDS) == 'answer to {"action": "ask"}'
        handled = [event for event in gateway.recorder.printed if event.what == "message"]
        assert sum(printed.connection_id == connection_id for printed in handled) < CONNECTIONS
        gateway.recorder.wait_for_all(
            "message", lambda event: event.connection_id == connection_id, CONNECTIONS
        )
