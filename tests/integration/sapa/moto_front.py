"""moto on a real socket, which notes what it is asked for and can take a request twice."""

import json
import threading
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from io import BytesIO
from typing import Any

from moto.moto_api._internal.models import moto_api_backend
from moto.moto_server.werkzeug_app import DomainDispatcherApplication, create_backend_app
from werkzeug.serving import WSGIRequestHandler, make_server


@dataclass
class MotoFront:
    """`calls` are the operations in their order, `asked` their targets and inputs.

    The next call of an operation in `repeated` is carried out twice and answered the second time,
    as when the first answer is lost and a client sends its request again. Nobody waits in a test:
    the delay of a message is noted in `delays` and left out.
    """

    calls: list[str] = field(default_factory=list)
    asked: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    repeated: set[str] = field(default_factory=set)
    delays: list[int] = field(default_factory=list)
    port: int = 0
    application: Any = field(
        default_factory=lambda: DomainDispatcherApplication(create_backend_app)
    )

    @property
    def url(self) -> str:
        return f"http://localhost:{self.port}"

    def reset(self) -> None:
        """Forget everything."""
        moto_api_backend.reset()
        self.calls.clear()
        self.asked.clear()
        self.repeated.clear()
        self.delays.clear()

    def __call__(self, environ: dict[str, Any], start_response: Any) -> Iterable[bytes]:
        target = environ.get("HTTP_X_AMZ_TARGET", "")
        operation = target.rpartition(".")[2]
        self.calls.append(operation)
        body = environ["wsgi.input"].read(int(environ.get("CONTENT_LENGTH") or 0))
        self.asked.append((target, json.loads(body) if operation else {}))
        if operation == "SendMessage":
            body = self._at_once(body)
        if operation in self.repeated:
            self.repeated.remove(operation)
            list(self.application(_with(environ, body), lambda *_: None))
        answer: Iterable[bytes] = self.application(_with(environ, body), start_response)
        return answer

    def _at_once(self, body: bytes) -> bytes:
        message = json.loads(body)
        if message.get("DelaySeconds"):
            self.delays.append(message.pop("DelaySeconds"))
        return json.dumps(message).encode()


def _with(environ: dict[str, Any], body: bytes) -> dict[str, Any]:
    return {**environ, "wsgi.input": BytesIO(body), "CONTENT_LENGTH": str(len(body))}


class _Handler(WSGIRequestHandler):
    protocol_version = "HTTP/1.1"

    def log(self, type: str, message: str, *args: Any) -> None:
        """Keep the test's output readable."""


@contextmanager
def moto_front() -> Iterator[MotoFront]:
    """moto, as long as the context lasts."""
    front = MotoFront()
    server = make_server("localhost", 0, front, threaded=True, request_handler=_Handler)
    server.daemon_threads = True  # type: ignore[attr-defined]
    server.block_on_close = False  # type: ignore[attr-defined]
    front.port = server.server_port
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    try:
        yield front
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
