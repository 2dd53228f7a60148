"""The sockets that the gateway listens on."""

import errno
import socket
from collections.abc import Iterator
from contextlib import contextmanager

from local_gateway.errors import GatewayError


@contextmanager
def bound_sockets(hosts: tuple[str, ...], port: int) -> Iterator[list[socket.socket]]:
    """The sockets of `bind`, closed at the end."""
    sockets = bind(hosts, port)
    try:
        yield sockets
    finally:
        for bound in sockets:
            bound.close()


def bind(hosts: tuple[str, ...], port: int) -> list[socket.socket]:
    """Bind `port` on every host; a host whose address family is missing here is passed over.

    Raises `GatewayError` when the port is in use. Bound before anything else starts, so that a
    busy port costs nobody a wait.
    """
    sockets: list[socket.socket] = []
    for host in hosts:
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        try:
            sockets.append(socket.create_server((host, port), family=family, backlog=1024))
        except OSError as error:
            if error.errno in {errno.EADDRNOTAVAIL, errno.EAFNOSUPPORT} and sockets:
                continue
            for bound in sockets:
                bound.close()
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
