"""Which addresses the gateway listens on."""

import socket

import pytest

from local_gateway.server.bound_ports import bind, with_bridge

LOOPBACK = ("127.0.0.1", "::1")


@pytest.mark.parametrize(
    ("hosts", "bridge", "all_of_them"),
    [
        (LOOPBACK, (), LOOPBACK),
        (LOOPBACK, ("172.17.0.1",), (*LOOPBACK, "172.17.0.1")),
        (LOOPBACK, ("127.0.0.1",), LOOPBACK),
        (("::",), ("172.17.0.1",), ("::",)),
    ],
)
def test_the_bridge_comes_last_and_only_once(
    hosts: tuple[str, ...], bridge: tuple[str, ...], all_of_them: tuple[str, ...]
) -> None:
    assert with_bridge(hosts, bridge) == all_of_them


def test_a_small_frame_does_not_wait_for_the_one_before() -> None:
    (listener,) = bind(("127.0.0.1",), 0)
    with listener, socket.create_connection(listener.getsockname()):
        accepted, _ = listener.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY)
