"""Which addresses the gateway listens on."""

import pytest

from local_gateway.server.bound_ports import with_bridge

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
