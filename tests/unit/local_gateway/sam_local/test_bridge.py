"""Where containers reach this machine."""

import sys

import pytest

from local_gateway.sam_local.bridge import address_of


@pytest.mark.skipif(sys.platform != "linux", reason="the loopback device has this name on Linux")
def test_an_interface_has_its_address() -> None:
    assert address_of("lo") == "127.0.0.1"


def test_an_interface_that_is_not_there_has_none() -> None:
    assert address_of("no-such-bridge") is None
