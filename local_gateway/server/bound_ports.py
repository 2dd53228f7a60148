"""The sockets that the gateway listens on."""

import errno
import socket
from collections.abc import Iterator
from typing import Self

from local_gateway.errors import GatewayError

_EVERYWHERE = frozenset({"0.0.0.0", "::"})  # noqa: S104 - compared, not bound


class BoundPorts:
    """Ports with their sockets: the first is the one asked for, further ones follow it."""

    def __init__(self, hosts: tuple[str, ...], port: int) -> None:
        self._hosts = hosts
        self._step = 1 if port else 0  # after any free port, any other
        self._ports = [bind(hosts, port)]

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc: object) -> None:
        for sockets in self._ports:
            for other in sockets:
                other.close()

    def __iter__(self) -> Iterator[list[socket.socket]]:
        return iter(self._ports)

    def bind_more(self, count: int) -> None:
        """Bind further ports until there are `count`; raises `GatewayError` for a busy one."""
        while len(self._ports) < count:
            port = (self.port(len(self._ports) - 1) + 1) * self._step
            self._ports.append(bind(self._hosts, port))

    def port(self, at: int) -> int:
        """The number of a port."""
        return int(self._ports[at][0].getsockname()[1])

    def url(self, at: int, host: str = "127.0.0.1") -> str:
        """The HTTP URL of a port, without a path."""
        return f"http://{host}:{self.port(at)}"


def with_bridge(hosts: tuple[str, ...], bridge: tuple[str, ...]) -> tuple[str, ...]:
    """The hosts and the bridge's address, if it is not among them already."""
    return hosts if _EVERYWHERE & set(hosts) else tuple(dict.fromkeys((*hosts, *bridge)))


def bind(hosts: tuple[str, ...], port: int) -> list[socket.socket]:
    """Bind `port` on every host; a host whose address family is missing here is passed over.

    Raises `GatewayError` when the port is in use. Ports are bound before anything else starts, so
    that a busy one is known at once.
    """
    sockets: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            bound = socket.create_server((host, port), family=family, backlog=1024)
            # asyncio does it for listeners of its own only. A frame would wait up to 40 ms for the
            # acknowledgement of the one before.
            bound.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            sockets.append(bound)
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and sockets:
                continue
            for other in sockets:
                other.close()
            raise GatewayError(_bind_problem(error, host, port)) from error
        port = sockets[0].getsockname()[1]
    return sockets


def _bind_problem(error: OSError, host: str, port: int) -> str:
    if error.errno == errno.EADDRINUSE:
        return (
            f"port {port} is in use: stop the program that listens there, or choose another one "
            f"(make run PORT={port + 1}, or --port {port + 1})"
        )
    return f"cannot listen on {host} port {port}: {error.strerror}"
