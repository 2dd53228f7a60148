"""Leads what invokes functions in the moto server's process to the gateway, which runs them.

moto has functions of its own, in Docker. The functions of the template run in the gateway, behind
its Lambda API: calls of the Lambda API go there, and so do topics and buckets that invoke a
function. A chain of invocations stays one chain: its trace header goes with every call.

The moto server's process loads this file by its path: it imports moto and the standard library.
"""

import http.client
import json
import re
import threading
from typing import Any
from urllib.parse import quote, urlsplit

_INVOCATION = re.compile(
    r"/\d{4}-\d\d-\d\d/functions/[^/]+/"
    r"(?:invocations|invoke-async|response-streaming-invocations)/?"
)
_TRIGGER = "X-Local-Gateway-Trigger"
_TRACE = "X-Amzn-Trace-Id"
# Headers that are about a connection, not about a call.
_HOP_BY_HOP = frozenset(
    {"connection", "content-length", "date", "keep-alive", "server", "transfer-encoding"}
)
_NOT_READY = "the functions of the template are not ready yet"

# `trace_id` is that of the request that this thread answers.
_request = threading.local()


class Gateway:
    """The Lambda API of the gateway; it does not exist before `url` is set."""

    def __init__(self) -> None:
        self.url: str | None = None

    def call(
        self, method: str, path: str, headers: dict[str, str], body: bytes
    ) -> tuple[int, list[tuple[str, str]], bytes]:
        """Status, headers and body of the answer to a call."""
        if self.url is None:
            error = {"Type": "Service", "message": _NOT_READY}
            content = json.dumps(error).encode()
            return 503, [("x-amzn-ErrorType", "ServiceException")], content
        target = urlsplit(self.url)
        connection = http.client.HTTPConnection(target.hostname or "", target.port)
        try:
            connection.request(method, path, body, headers)
            answer = connection.getresponse()
            return answer.status, answer.getheaders(), answer.read()
        finally:
            connection.close()

    def send_event(self, arn: str, event: Any, trigger: str) -> None:
        """Invoke a function asynchronously; `trigger` is a service and a name."""
        path = f"/2015-03-31/functions/{quote(arn, safe='')}/invocations"
        headers = {
            "Content-Type": "application/json",
            "X-Amz-Invocation-Type": "Event",
            _TRIGGER: trigger.encode("ascii", "replace").decode(),
        }
        trace_id = current_trace_id()
        if trace_id is not None:
            headers[_TRACE] = trace_id
        self.call("POST", path, headers, json.dumps(event).encode())


GATEWAY = Gateway()


def current_trace_id() -> str | None:
    """The trace header of the request that this thread answers."""
    trace_id: str | None = getattr(_request, "trace_id", None)
    return trace_id


def forwarding(application: Any) -> Any:
    """The WSGI application, with calls that invoke a function passed on to the gateway."""

    def answer(environ: Any, start_response: Any) -> Any:
        _request.trace_id = environ.get("HTTP_X_AMZN_TRACE_ID")
        target = environ.get("RAW_URI") or environ.get("REQUEST_URI") or ""
        path = urlsplit(target).path
        if not _INVOCATION.fullmatch(path) or _is_for_another_service(environ):
            return application(environ, start_response)
        status, headers, body = GATEWAY.call(
            environ["REQUEST_METHOD"], target, _headers(environ), _body(environ)
        )
        kept = [(name, value) for name, value in headers if name.lower() not in _HOP_BY_HOP]
        if status != 204:
            kept.append(("Content-Length", str(len(body))))
        start_response(f"{status} {http.client.responses.get(status, 'Unknown')}", kept)
        return [body]

    return answer


def _is_for_another_service(environ: Any) -> bool:
    """Whether the signature names another service: an object of S3 may have such a key."""
    authorization = environ.get("HTTP_AUTHORIZATION", "")
    scope = re.search(r"Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/", authorization)
    return scope is not None and scope[1] != "lambda"


def _headers(environ: Any) -> dict[str, str]:
    headers = {
        name.removeprefix("HTTP_").replace("_", "-"): value
        for name, value in environ.items()
        if name.startswith("HTTP_") and name != "HTTP_HOST"
    }
    if environ.get("CONTENT_TYPE"):
        headers["Content-Type"] = environ["CONTENT_TYPE"]
    # What calls itself a trigger is in this process.
    headers.pop(_TRIGGER.upper(), None)
    return {name: value for name, value in headers.items() if name.lower() not in _HOP_BY_HOP}


def _body(environ: Any) -> bytes:
    if environ.get("wsgi.input_terminated"):
        return bytes(environ["wsgi.input"].read())
    length = environ.get("CONTENT_LENGTH") or ""
    return bytes(environ["wsgi.input"].read(int(length))) if length.isdecimal() else b""
