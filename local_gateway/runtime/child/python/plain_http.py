"""Connects clients to the gateway and its AWS services by plain HTTP, for some host names.

Every HTTP client of Python, with threads or with asyncio, resolves a name with
`socket.getaddrinfo` and secures the connection with an `ssl.SSLContext`. For the given names the
first returns the gateway's address and the second does not encrypt. So boto3, urllib3, requests,
`http.client`, httpx and aiohttp all work, without a certificate or a hosts file. The client sends
what it would send to AWS, with the same `Host` header and signature.

Loaded by its path, after the handler has imported `ssl`.
"""

from __future__ import annotations

import socket
import ssl
from typing import Any

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    type Find = Callable[[str], tuple[str, int] | None]

_PORTS = (443, "443", "https", 80, "80", "http")


def use_plain_http(find: Find) -> None:
    """Connect to the address and port that `find` has for a host name in lower case.

    Other names, and other ports than those of HTTP and HTTPS, do not change.
    """
    _resolve_here(find)
    _wrap_sockets(find)
    _wrap_buffers(find)


def _resolve_here(find: Find) -> None:
    resolve = socket.getaddrinfo

    def getaddrinfo(host: Any, port: Any, *args: Any, **options: Any) -> Any:
        if _name(port) in _PORTS and (here := find(_name(host))):
            host, port = here
        return resolve(host, port, *args, **options)

    socket.getaddrinfo = getaddrinfo


def _wrap_sockets(find: Find) -> None:
    wrap = ssl.SSLContext.wrap_socket

    def wrap_socket(
        context: ssl.SSLContext,
        sock: socket.socket,
        server_side: bool = False,
        do_handshake_on_connect: bool = True,
        suppress_ragged_eofs: bool = True,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        name = _name(server_hostname)
        if find(name) is not None:
            return PlainSocket(sock, context, name)
        return wrap(
            context,
            sock,
            server_side,
            do_handshake_on_connect,
            suppress_ragged_eofs,
            server_hostname,
            session,
        )

    ssl.SSLContext.wrap_socket = wrap_socket  # type: ignore[method-assign,assignment]


def _wrap_buffers(find: Find) -> None:
    wrap = ssl.SSLContext.wrap_bio

    def wrap_bio(
        context: ssl.SSLContext,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        server_side: bool = False,
        server_hostname: Any = None,
        session: Any = None,
    ) -> Any:
        name = _name(server_hostname)
        if find(name) is not None:
            return PlainObject(incoming, outgoing, context, name)
        return wrap(context, incoming, outgoing, server_side, server_hostname, session)

    ssl.SSLContext.wrap_bio = wrap_bio  # type: ignore[method-assign,assignment]


def _name(given: Any) -> Any:
    """A host name in lower case, as text, without a trailing dot."""
    if isinstance(given, (bytes, bytearray)):
        given = given.decode("ascii", "replace")
    return given.lower().removesuffix(".") if isinstance(given, str) else given


class _FakeTls:
    """The methods of a TLS connection, for a connection without TLS."""

    context: ssl.SSLContext
    server_hostname: str
    server_side = False
    session = None
    session_reused = False

    def getpeercert(self, binary_form: bool = False) -> Any:
        """A certificate for the host, for clients that compare the names themselves."""
        return b"" if binary_form else {"subjectAltName": (("DNS", self.server_hostname),)}

    def cipher(self) -> tuple[str, str, int] | None:
        """None: nothing is encrypted."""
        return None

    def version(self) -> str | None:
        """None: there is no TLS."""
        return None

    def compression(self) -> str | None:
        """None: nothing is compressed."""
        return None

    def selected_alpn_protocol(self) -> str | None:
        """None, which means HTTP/1.1 to clients."""
        return None

    def do_handshake(self, block: bool = False) -> None:
        """Do nothing: there is no TLS."""


class PlainSocket(_FakeTls, socket.socket):
    """Takes the place of an `ssl.SSLSocket`, and the descriptor of `sock`."""

    def __init__(self, sock: socket.socket, context: ssl.SSLContext, server_hostname: str) -> None:
        timeout = sock.gettimeout()
        super().__init__(sock.family, sock.type, sock.proto, fileno=sock.detach())
        self.settimeout(timeout)
        self.context = context
        self.server_hostname = server_hostname

    def read(self, length: int = 1024, buffer: Any = None) -> bytes | int:
        """Like `SSLSocket.read`."""
        return self.recv(length) if buffer is None else self.recv_into(buffer, length)

    def write(self, data: Any) -> int:
        """Like `SSLSocket.write`."""
        return self.send(data)

    def pending(self) -> int:
        """0: nothing is read ahead."""
        return 0

    def unwrap(self) -> PlainSocket:
        """The connection itself: it is not wrapped."""
        return self


class PlainObject(_FakeTls):
    """Takes the place of an `ssl.SSLObject`, with its two buffers."""

    def __init__(
        self,
        incoming: ssl.MemoryBIO,
        outgoing: ssl.MemoryBIO,
        context: ssl.SSLContext,
        server_hostname: str,
    ) -> None:
        self._incoming = incoming
        self._outgoing = outgoing
        self.context = context
        self.server_hostname = server_hostname

    def read(self, length: int = 1024, buffer: Any = None) -> bytes | int:
        """The received bytes; raises `SSLWantReadError` when there are none."""
        data = self._incoming.read(min(length, len(buffer)) if buffer is not None else length)
        if not data and not self._incoming.eof:
            raise ssl.SSLWantReadError(ssl.SSL_ERROR_WANT_READ, "nothing was received")
        if buffer is None:
            return data
        buffer[: len(data)] = data
        return len(data)

    def write(self, data: Any) -> int:
        """Pass to the transport."""
        return self._outgoing.write(data)

    def pending(self) -> int:
        """The number of received bytes that were not read."""
        return self._incoming.pending

    def unwrap(self) -> None:
        """Do nothing: there is no TLS."""
