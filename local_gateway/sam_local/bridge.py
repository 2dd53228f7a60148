"""The address of this machine that containers reach."""

import socket
import struct
import sys

DOCKER_BRIDGE = "docker0"

_SIOCGIFADDR = 0x8915


def address_of(interface: str = DOCKER_BRIDGE) -> str | None:
    """The IPv4 address of a network interface; `None` where there is none.

    Docker has its bridge on Linux. Docker Desktop runs containers in a virtual machine and leads
    `host.docker.internal` to this machine's loopback address, so nothing is needed there.
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
