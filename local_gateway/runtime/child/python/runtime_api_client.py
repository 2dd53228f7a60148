"""The client side of the Lambda Runtime API, for this directory's bootstrap.

Loaded by its path: it imports nothing else of the gateway, and as little as it can.
"""

from __future__ import annotations

import json
import socket

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

_PREFIX = "/2018-06-01/runtime"


class RuntimeApiClient:
    """HTTP/1.1 over a single connection; `http.client` would cost 20 ms of start-up."""

    def __init__(self, address: str) -> None:
        self._address = address
        host, _, port = address.rpartition(":")
        # Not create_connection: it imports the codec for international domain names.
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self._socket.connect((host, int(port)))
        self._socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._input = self._socket.makefile("rb")

    def next_invocation(self) -> tuple[dict[str, str], bytes]:
        """Wait for an event: its headers, by lower-cased name, and its payload."""
        return self._call("GET", "/invocation/next", b"", "", 200)

    def post_response(self, request_id: str, payload: bytes, content_type: str) -> None:
        """Answer an invocation."""
        headers = f"Content-Type: {content_type}\r\n"
        self._call("POST", f"/invocation/{request_id}/response", payload, headers, 202)

    def post_error(self, path: str, error: dict[str, Any]) -> None:
        """Report an error of an invocation, or of the init phase."""
        error_type = error["errorType"].encode("ascii", "replace").decode()
        headers = (
            "Content-Type: application/vnd.aws.lambda.error+json\r\n"
            f"Lambda-Runtime-Function-Error-Type: {error_type}\r\n"
        )
        self._call("POST", path, json.dumps(error).encode(), headers, 202)

    def _call(
        self, method: str, path: str, body: bytes, headers: str, expected: int
    ) -> tuple[dict[str, str], bytes]:
        head = (
            f"{method} {_PREFIX}{path} HTTP/1.1\r\nHost: {self._address}\r\n"
            f"{headers}Content-Length: {len(body)}\r\n\r\n"
        )
        self._socket.sendall(head.encode("ascii") + body)
        status = int(self._input.readline().split(b" ")[1])
        answer: dict[str, str] = {}
        while line := self._input.readline().strip():
            name, _, value = line.decode("latin-1").partition(":")
            answer[name.lower()] = value.strip()
        content = self._input.read(int(answer.get("content-length", "0")))
        if status != expected:
            raise OSError(f"Runtime API: {method} {path}: status {status}, expected {expected}")
        return answer, content
