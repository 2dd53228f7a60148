"""An HTTP endpoint that integrations call: its path says what it answers."""

import contextlib
import json
import threading
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Received:
    """A request as the endpoint got it."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class HttpEndpoint:
    """Listens on a free port until the end of its `with` block.

    `/status/NNN` answers that status, `/never` does not answer before the end, `/large` answers
    more than the gateway takes, and everything else answers with the request as JSON.
    """

    def __init__(self) -> None:
        self.received: list[Received] = []
        self._ended = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), self._handler())
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Without a path."""
        return f"http://127.0.0.1:{self._server.server_port}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._ended.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def _answer(self, request: Received) -> tuple[int, dict[str, str], bytes]:
        self.received.append(request)
        first, _, rest = request.path.removeprefix("/").partition("/")
        match first:
            case "status":
                return int(rest), {"Location": "/elsewhere", "X-Kind": "status"}, b"status"
            case "never":
                self._ended.wait()
                return 200, {}, b""
            case "large":
                return 200, {}, b"x" * (10 * 1024 * 1024 + 1)
        content = {
            "method": request.method,
            "path": request.path,
            "headers": {name.lower(): value for name, value in request.headers.items()},
            "body": request.body.decode(errors="backslashreplace"),
        }
        return 200, {"Content-Type": "application/json"}, json.dumps(content).encode()

    def _handler(self) -> type[BaseHTTPRequestHandler]:
        endpoint = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                request = Received(self.command, self.path, dict(self.headers.items()), body)
                status, headers, content = endpoint._answer(request)
                self.send_response(status)
                for name, value in {**headers, "Content-Length": str(len(content))}.items():
                    self.send_header(name, value)
                self.end_headers()
                with contextlib.suppress(BrokenPipeError):  # the gateway waits no longer
                    self.wfile.write(content)

            do_GET = do_PUT = do_DELETE = do_POST

            def log_message(self, *_: Any) -> None:
                pass

        return Handler
