"""The moto server as a program of its own: announces its port, ends when its parent does.

Run as a script: it imports moto and the standard library only, and loads the guard by its path. It
listens on a free port of 127.0.0.1 and of the addresses that are its arguments, prints the port as
one line and then serves until standard input ends, which also happens when the parent is killed.
A line on standard input is the URL of the gateway's Lambda API.
"""

import errno
import importlib
import io
import json
import logging
import os
import re
import socket
import sys
import threading
import time
from importlib.machinery import SourceFileLoader
from pathlib import Path
from types import ModuleType
from typing import Any
from xml.sax.saxutils import escape

# What most templates need; imported while the parent translates its template.
_EARLY_MODULES = (
    "moto.dynamodb.urls",
    "moto.dynamodb.models",
    "moto.cognitoidp.urls",
    "moto.cognitoidp.models",
)

NOT_IMPLEMENTED = "NotImplementedException"


def remove_aws_configuration() -> None:
    """Drop the developer's AWS settings, which moto would read with its own boto3."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:  # noqa: TID251
        del os.environ[name]  # noqa: TID251 - as below: this process is moto's alone
    os.environ["AWS_CONFIG_FILE"] = os.devnull  # noqa: TID251
    os.environ["AWS_SHARED_CREDENTIALS_FILE"] = os.devnull  # noqa: TID251
    os.environ["NO_PROXY"] = "localhost"  # noqa: TID251 - moto calls itself


def follow_parent(gateway: Any) -> None:
    """Take the URL of the gateway; at the end of standard input, end the process at once."""
    for line in sys.stdin:
        gateway.url = line.strip()
    os._exit(0)


def load_early_modules() -> None:
    """Import what the first requests would import one after the other."""
    for name in _EARLY_MODULES:
        importlib.import_module(name)


def patch_sqs_locking() -> None:
    """Lock queues while a thread changes them, and wake the threads that wait for a change.

    moto replaces the list of messages without a lock, which loses a message that is sent
    meanwhile; it looks for messages that become visible again once a second only, and without a
    pause while a message group of a FIFO queue is in flight.
    """
    from moto.sqs.models import Queue, SQSBackend

    def locked(owner: Any, name: str) -> None:
        original = getattr(owner, name)

        def method(self: Any, *arguments: Any, **named: Any) -> Any:
            queue = self.get_queue(named.get("queue_name") or arguments[0])
            with queue._messages_lock:
                result = original(self, *arguments, **named)
                queue._messages_lock.notify_all()
            return result

        setattr(owner, name, method)

    def add_message(self: Any, message: Any) -> None:
        with self._messages_lock:
            add(self, message)

    def receive_message(
        self: Any, queue_name: str, count: int, wait_seconds: int, *further: Any
    ) -> list[Any]:
        deadline = time.time() + wait_seconds
        queue = self.get_queue(queue_name)
        with queue._messages_lock:
            while True:
                messages: list[Any] = receive(self, queue_name, count, 0, *further)
                now = time.time()
                if messages or now >= deadline:
                    return messages
                queue._messages_lock.wait(min(deadline, next_change(queue, now)) - now)

    add, receive = Queue.add_message, SQSBackend.receive_message
    setattr(Queue, "add_message", add_message)  # noqa: B010 - a method of another program
    setattr(SQSBackend, "receive_message", receive_message)  # noqa: B010
    for name in ("delete_message", "change_message_visibility", "purge_queue"):
        locked(SQSBackend, name)


def patch_sqs_speed() -> None:
    """Spare the work that moto does for every message in a queue with every call.

    It asks for the time by way of two dates, and works out all of a queue's attributes to see
    whether a message is too old.
    """
    from moto.sqs import models

    def is_kept(self: Any, queue_name: str, message: Any) -> bool:
        retention = self.get_queue(queue_name).message_retention_period
        return bool(time.time() < message.sent_timestamp / 1000 + retention)

    vars(models).update(unix_time=time.time, unix_time_millis=lambda: time.time() * 1000)
    backend: Any = models.SQSBackend
    backend.is_message_valid_based_on_retention_period = is_kept


def next_change(queue: Any, now: float) -> float:
    """When the next message of a queue becomes visible, in seconds; far away if none will."""
    times = (max(item.visible_at, item.delayed_until) / 1000 for item in queue._messages)
    # A message is visible from the millisecond after its time on.
    return min((at + 0.001 for at in times if at + 0.001 > now), default=float("inf"))


def bind(further_hosts: list[str]) -> list[socket.socket]:
    """Listen on 127.0.0.1 and on further addresses, with one port that is free on all of them."""
    while True:
        sockets = [socket.create_server(("127.0.0.1", 0), backlog=128)]
        port = sockets[0].getsockname()[1]
        try:
            sockets += [socket.create_server((host, port), backlog=128) for host in further_hosts]
        except OSError as error:
            sockets[0].close()
            if error.errno != errno.EADDRINUSE:
                raise
        else:
            return sockets


def guarded(application: Any) -> Any:
    """The WSGI application, out of reach for web pages: moto answers every origin."""
    guard = load("core/loopback_guard.py")

    def answer(environ: Any, start_response: Any) -> Any:
        hosts = [environ["HTTP_HOST"]] if "HTTP_HOST" in environ else []
        origins = [environ["HTTP_ORIGIN"]] if "HTTP_ORIGIN" in environ else []
        problem = guard.foreign_page(hosts, origins, environ.get("HTTP_SEC_FETCH_SITE"))
        if problem is None:
            return application(environ, start_response)
        body = json.dumps({"__type": "AccessDeniedException", "message": problem}).encode()
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(body)))]
        # The body of the request is not read, so the connection cannot be used again.
        start_response("403 Forbidden", [*headers, ("Connection", "close")])
        return [body]

    return answer


def explained(application: Any) -> Any:
    """The WSGI application with an AWS error that names service and operation.

    Where moto lacks one of them, it answers a page of HTML: SDKs print it, or cannot read it.
    """

    def answer(environ: Any, start_response: Any) -> Any:
        fields = form(environ)
        operation = requested_operation(environ, fields)
        pages: list[bool] = []

        def start(status: str, headers: list[tuple[str, str]], *error: Any) -> Any:
            kinds = [value for name, value in headers if name.lower() == "content-type"]
            is_page = status >= "4" and any(kind.startswith("text/html") for kind in kinds)
            pages.append(is_page)
            return None if is_page else start_response(status, headers, *error)

        try:
            answered = application(environ, start)
        except Exception:  # moto raises for some operations, and for services that it lacks
            pages.append(True)
        if not pages or not pages[-1] or environ.get("PATH_INFO", "").startswith("/moto-api"):
            return answered
        message = f"the local AWS services (moto) cannot do {operation}"
        sys.stderr.write(f"{message}\n")
        content_type, body = error_body(environ, message, is_query=bool(fields))
        headers = [("Content-Type", content_type), ("Content-Length", str(len(body)))]
        start_response("501 Not Implemented", [*headers, ("x-amzn-ErrorType", NOT_IMPLEMENTED)])
        return [body]

    return answer


def requested_operation(environ: Any, fields: str) -> str:
    """Service and operation of a request, as far as it names them, in printable characters."""
    scope = re.search(r"Credential=[^/,]+/[^/,]+/[^/,]+/([^/,]+)/", credentials(environ))
    target = environ.get("HTTP_X_AMZ_TARGET", "").rpartition(".")[2]
    action = re.search(r"(?:^|&)Action=([^&]+)", fields or environ.get("QUERY_STRING", ""))
    method, path = environ.get("REQUEST_METHOD", ""), environ.get("PATH_INFO", "")
    operation = target or (action[1] if action is not None else f"{method} {path}")
    text = f"{scope[1]} {operation}" if scope is not None else operation
    return text.encode("unicode_escape").decode("ascii")


def credentials(environ: Any) -> str:
    """The signature's description, which names the service."""
    return str(environ.get("HTTP_AUTHORIZATION", ""))


def form(environ: Any) -> str:
    """The body of a form, which the application can read again."""
    if not environ.get("CONTENT_TYPE", "").startswith("application/x-www-form-urlencoded"):
        return ""
    length = environ.get("CONTENT_LENGTH") or ""
    if not length.isdecimal():
        return ""
    body = environ["wsgi.input"].read(int(length))
    environ["wsgi.input"] = io.BytesIO(body)
    return str(body.decode(errors="replace"))


def error_body(environ: Any, message: str, *, is_query: bool) -> tuple[str, bytes]:
    """Content type and body of an error, in the protocol of the request."""
    is_s3 = "/s3/" in credentials(environ)
    if not is_query and not is_s3:
        content = {"__type": NOT_IMPLEMENTED, "message": message}
        return "application/json", json.dumps(content).encode()
    error = f"<Code>{NOT_IMPLEMENTED}</Code><Message>{escape(message)}</Message>"
    if is_s3:
        return "application/xml", f"<Error>{error}</Error>".encode()
    return "text/xml", f"<ErrorResponse><Error>{error}</Error></ErrorResponse>".encode()


def load(file: str) -> Any:
    """A module of the gateway by its path: the gateway's package is not on `sys.path` here."""
    path = Path(__file__).parents[1] / file
    loader = SourceFileLoader(path.stem, str(path))
    module = ModuleType(loader.name)
    loader.exec_module(module)
    return module


def main() -> None:
    """Serve every moto backend until the parent is gone."""
    functions = load("aws_services/moto_functions.py")
    streams = load("aws_services/moto_streams.py")
    threading.Thread(target=follow_parent, args=[functions.GATEWAY], daemon=True).start()
    remove_aws_configuration()
    # Only now: moto reads the environment when it is imported.
    from moto.moto_server.werkzeug_app import (
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server

    patches = {
        "sqs": [patch_sqs_locking, patch_sqs_speed, functions.patch_trace_of_messages],
        "sns": [functions.patch_topics],
        "s3": [functions.patch_buckets],
        "stepfunctions": [functions.patch_state_machines],
        "events": [functions.patch_bus_events_of_buckets],
        "dynamodb": [streams.patch_table_streams],
        "kinesis": [streams.patch_data_streams],
    }

    def create_application(service: Any) -> Any:
        """A service's application; nothing exists in it before the first request."""
        for patch in patches.get(service, ()):
            patch()
        return create_backend_app(service)

    class QuietRequestHandler(MotoRequestHandler):
        """Keeps connections open between requests, and is silent about them."""

        protocol_version = "HTTP/1.1"

        def log(self, type: str, message: str, *args: object) -> None:
            """Requests are not worth a line."""

    logging.getLogger("werkzeug").setLevel(logging.CRITICAL)
    application = guarded(
        functions.forwarding(
            streams.waiting(explained(DomainDispatcherApplication(create_application)))
        )
    )
    sockets = bind(sys.argv[1:])
    port = sockets[0].getsockname()[1]
    # Where moto's state machines find the services.
    os.environ["MOTO_PORT"] = str(port)  # noqa: TID251
    server, *others = [
        make_server(
            listening.getsockname()[0],
            port,
            application,
            threaded=True,
            request_handler=QuietRequestHandler,
            fd=listening.fileno(),
        )
        for listening in sockets
    ]
    threading.Thread(target=load_early_modules, daemon=True).start()
    for other in others:
        threading.Thread(target=other.serve_forever, daemon=True).start()
    sys.stdout.write(f"{port}\n")
    sys.stdout.flush()
    # moto prints what it does not support, and so does `explained`; the gateway does not read the
    # pipe from here on.
    sys.stdout = Path(os.devnull).open("w")  # noqa: SIM115 - until the process ends
    server.serve_forever()


if __name__ == "__main__":
    main()
