"""Stands in for CloudFront where there is none: one host in front of the HTTP and WebSocket API.

It does what the distribution of template.yaml does: `/ws` goes to the WebSocket API and everything
else to the HTTP API, with all headers but `Host`, which comes as `x-viewer-host`. It reads no more
than the head of a request: what follows passes byte by byte.
"""

import re
import socket
import socketserver
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

_HEAD_BYTES = 65_536
_NOT_PASSED_ON = {b"host", b"x-viewer-host", b"connection"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Origins:
    """Where requests go: the paths of both APIs, without a slash at the end, at one address."""

    address: tuple[str, int]
    http_path: str
    websocket_path: str

    def head(self, received: bytes) -> bytes:
        """The head of the request to the origin, from that of the viewer's."""
        request_line, *lines = received.removesuffix(b"\r\n\r\n").split(b"\r\n")
        method, target, version = request_line.split(b" ", 2)
        path = target.decode("ascii")
        prefix = self.websocket_path if re.match(r"/ws(\?|$)", path) else self.http_path
        headers = [line.partition(b":") for line in lines]
        known = {name.lower(): value.strip() for name, _, value in headers}
        kept = [
            name + colon + value
            for name, colon, value in headers
            if name.lower() not in _NOT_PASSED_ON
        ]
        upgrades = b"upgrade" in known.get(b"connection", b"").lower()
        added = [
            b"Host: %b:%d" % (self.address[0].encode(), self.address[1]),
            b"x-viewer-host: " + known.get(b"host", b""),
            # One request on a connection: the next one may be for the other API.
            b"Connection: " + (b"Upgrade" if upgrades else b"close"),
        ]
        first = b" ".join([method, (prefix + path).encode("ascii"), version])
        return b"\r\n".join([first, *added, *kept, b"", b""])


@contextmanager
def viewer_host(origins: Origins) -> Iterator[str]:
    """The URL of the host, without a slash at the end."""

    class Viewer(socketserver.BaseRequestHandler):
        def handle(self) -> None:
            received = b""
            while b"\r\n\r\n" not in received:
                data = self.request.recv(_HEAD_BYTES)
                if not data or len(received) > _HEAD_BYTES:
                    return
                received += data
            head, _, rest = received.partition(b"\r\n\r\n")
            with socket.create_connection(origins.address) as origin:
                origin.sendall(origins.head(head + b"\r\n\r\n") + rest)
                upward = threading.Thread(target=_pass_on, args=(self.request, origin), daemon=True)
                upward.start()
                _pass_on(origin, self.request)
                # The viewer may send more than anybody wants to read.
                _shut(self.request)
                upward.join()

    class Server(socketserver.ThreadingTCPServer):
        daemon_threads = True
        request_queue_size = 128

    with Server(("127.0.0.1", 0), Viewer) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()


def _pass_on(source: socket.socket, sink: socket.socket) -> None:
    """Until one side ends; then the other is told."""
    try:
        while data := source.recv(_HEAD_BYTES):
            sink.sendall(data)
    except OSError:
        pass
    _shut(sink)


def _shut(side: socket.socket) -> None:
    try:
        side.shutdown(socket.SHUT_WR)
    except OSError:
        return
