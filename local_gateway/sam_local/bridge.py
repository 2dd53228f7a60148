"""The address at which containers reach this machine."""

import socket
import struct
import sys

DOCKER_BRIDGE = "docker0"

_SIOCGIFADDR = 0x8915


def address_of(interface: str = DOCKER_BRIDGE) -> str | None:
    """The IPv4 address of a network interface; `None` if it does not exist.

    Docker has a bridge on Linux only. Docker Desktop runs containers in a virtual machine, where
    `host.docker.internal` leads to this machine's loopback address, so no bridge is needed.
    """
    if sys.platform != "linux":
        return None
    import fcntl

    request = struct.pack("256s", interface.encode()[:15])
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as any_socket:
        try:
            answer = fcntl.ioctl(any_socket, _SIOCGIFADDR, request)
        except OSError:
            return None
    return socket.inet_ntoa(answer[20:24])
