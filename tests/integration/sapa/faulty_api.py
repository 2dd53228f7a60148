"""An AWS service on a real socket that does to each connection or operation what a test wants."""

import json
import socketserver
import ssl
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import BinaryIO

from sapa.aws.endpoint import Credentials, SignedEndpoint
from sapa.aws.http_connection import Timeouts

CREDENTIALS = Credentials(access_key="AKIA", secret_key="secret", token="token")
OK = b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n"
GONE = b"HTTP/1.1 410 Gone\r\nx-amzn-ErrorType: GoneException\r\nContent-Length: 0\r\n\r\n"


def client_of(url: str, service: str, *, connect: float = 0.5, read: float = 0.5) -> SignedEndpoint:
    """Our client of a service, with its timeouts in seconds."""
    return SignedEndpoint(
        url,
        service=service,
        region="ap-southeast-3",
        credentials=lambda: CREDENTIALS,
        timeouts=Timeouts(connect=connect, read=read),
    )


def answered(status: int, body: str, headers: str = "") -> bytes:
    """An answer with a body; each header line ends with CRLF."""
    content = body.encode()
    start = f"HTTP/1.1 {status} -\r\n{headers}Content-Length: {len(content)}\r\n\r\n"
    return start.encode() + content


def failed(status: int) -> bytes:
    """An answer with a body, as API Gateway's errors have one."""
    return answered(status, '{"message": ""}')


def refused(code: str, **details: object) -> bytes:
    """An error of a service with the JSON protocol."""
    return answered(400, json.dumps({"__type": f"com.amazonaws.service#{code}", **details}))


@dataclass(frozen=True, slots=True)
class Posted:
    """A request as it arrived; headers with names in lower case."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes

    @property
    def about(self) -> str:
        """The operation, or the connection id, encoded as it came."""
        operation = self.headers.get("x-amz-target", "").rpartition(".")[2]
        return operation or self.path.rpartition("/")[2]


@dataclass
class FaultyApi:
    """`answers` by what requests are about, the last one again and again.

    An empty one closes the socket. What is in `slow` is not answered until the test is over.
    `closed` is released when a socket is closed, by either side.
    """

    answers: dict[str, list[bytes]] = field(default_factory=dict)
    slow: set[str] = field(default_factory=set)
    posted: list[Posted] = field(default_factory=list)
    sockets: int = 0
    port: int = 0
    is_over: threading.Event = field(default_factory=threading.Event)
    closed: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def url(self) -> str:
        """As a management API."""
        return f"{self.root}/ws"

    @property
    def root(self) -> str:
        """As another service."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def reached(self) -> list[str]:
        """What all requests were about."""
        return [each.about for each in self.posted]

    def answer(self, posted: Posted) -> bytes:
        with self.lock:
            self.posted.append(posted)
            answers = self.answers.get(posted.about, [OK])
            answer = answers.pop(0) if len(answers) > 1 else answers[0]
        if posted.about in self.slow:
            self.is_over.wait(60)
        return answer


def _read(reader: BinaryIO) -> Posted | None:
    first = reader.readline().decode()
    if not first:
        return None
    headers: dict[str, str] = {}
    while line := reader.readline().decode().strip():
        name, _, value = line.partition(": ")
        headers[name.lower()] = value
    method, path, _ = first.split(" ")
    return Posted(method, path, headers, reader.read(int(headers["content-length"])))


def _handler(api: FaultyApi) -> Callable[..., socketserver.StreamRequestHandler]:
    class Handler(socketserver.StreamRequestHandler):
        def handle(self) -> None:
            with api.lock:
                api.sockets += 1
            while (posted := _read(self.rfile)) is not None:  # type: ignore[arg-type]
                answer = api.answer(posted)
                self.wfile.write(answer)
                if not answer or b"close" in answer:
                    return

        def finish(self) -> None:
            super().finish()
            api.closed.release()

    return Handler


class _Server(socketserver.ThreadingTCPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def handle_error(self, request: object, client_address: object) -> None:
        """A client that went away is part of the test."""


@contextmanager
def faulty_api(tls: ssl.SSLContext | None = None) -> Iterator[FaultyApi]:
    """An API that listens while the context lasts."""
    api = FaultyApi()
    with _Server(("127.0.0.1", 0), _handler(api)) as server:
        if tls is not None:
            server.socket = tls.wrap_socket(
                server.socket, server_side=True, do_handshake_on_connect=False
            )
        api.port = server.server_address[1]
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield api
        finally:
            api.is_over.set()
            server.shutdown()
            thread.join()
