"""One reply over and over, in its function's environment: what `hot_path` measures.

`python -m tools.benchmarks.hot_path.reply_loop ROUNDS CALLS FILE` times the parts of a reply in
turns and writes them as JSON. It has a process of its own: the settings are the environment's, and
the log lines go to its standard output.
"""

import json
import sys
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import partial
from http import HTTPStatus
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote, urlsplit

from aws_lambda_powertools.utilities.typing import LambdaContext

from functions.default import app
from local_gateway.runtime.child.python.lambda_context import LambdaContext as LocalContext
from sapa.aws.endpoint import Body, Signer, credential_source
from sapa.lambda_events import ConnectionEvent, body_of
from sapa.messages.replies import Reply, answer
from sapa.observability import count, logged, message_metric, websocket_ids
from sapa.services import Services, services
from sapa.settings import settings
from tools.benchmarks.handlers.empty.app import lambda_handler as empty_handler
from tools.benchmarks.hot_path.subjects import (
    ANSWER,
    BARE,
    EMPTY,
    HANDLER,
    LOGGING,
    POST,
    SIGNING,
    WITHOUT_POST,
)
from tools.benchmarks.processes import ROOT, BenchmarkError

_WARM_CALLS = 5

type Part = Callable[[], object]


def main() -> None:
    """Measure, and write the times."""
    rounds, calls, file = sys.argv[1:]
    Path(file).write_text(json.dumps(timed(parts(), int(rounds), int(calls))), "utf-8")


def parts() -> dict[str, Part]:
    """What is timed: the handler, its parts with the same message and frame, and references."""
    text = (ROOT / "events/default.json").read_text("utf-8")
    event: dict[str, Any] = json.loads(text)
    context = cast("LambdaContext", _context())
    message = ConnectionEvent.from_event(event)
    reply = _answer(event)
    if reply.outcome != "ok":
        raise BenchmarkError(f"the recorded message is answered {reply.outcome}")
    (frame,) = reply.frames
    endpoint = settings().management_api_endpoint
    path = f"{urlsplit(endpoint).path}/@connections/{quote(message.connection_id, safe='')}"

    def invoke(handler: Callable[[dict[str, Any], LambdaContext], object]) -> str:
        return json.dumps(handler(json.loads(text), context))

    return {
        HANDLER: partial(invoke, app.lambda_handler),
        WITHOUT_POST: partial(invoke, _without_post()),
        ANSWER: partial(_answer, event),
        LOGGING: partial(_logging(reply, message), event, context),
        POST: partial(services().sender.post, message.connection_id, frame),
        SIGNING: _signing(endpoint, path, frame),
        EMPTY: partial(invoke, empty_handler),
        BARE: _bare(endpoint, path, frame.encode()),
    }


class _Counter:
    """A `MessageSender` that sends nothing."""

    def __init__(self) -> None:
        self.posts = 0

    def post(self, connection_id: str, frame: str) -> None:
        """Count it."""
        self.posts += 1

    def close(self, connection_id: str) -> None:
        """Nothing asks for it."""
        raise BenchmarkError(f"{connection_id} was closed")


def _without_post() -> Callable[[dict[str, Any], LambdaContext], dict[str, int]]:
    """Our handler on other services."""
    parts = Services(settings())
    parts.sender = _Counter()

    @logged(websocket_ids)
    def respond(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        app.respond(event, parts)
        return {"statusCode": 200}

    return respond


def _answer(event: dict[str, Any]) -> Reply:
    """As the handler does it."""
    return answer(body_of(event), ConnectionEvent.from_event(event), services())


def _logging(
    reply: Reply, message: ConnectionEvent
) -> Callable[[dict[str, Any], LambdaContext], None]:
    """A handler that only writes the log line and the metrics of ours."""

    @logged(websocket_ids)
    def write(event: dict[str, Any], context: LambdaContext) -> None:
        count(message_metric(reply.outcome))
        app.log_reply(reply, message.endpoint, True, 0.1, 0.2)

    return write


def _signing(endpoint: str, path: str, frame: str) -> Part:
    signer = Signer(
        credential_source(settings()),
        service="execute-api",
        host=urlsplit(endpoint).netloc,
        region=settings().region,
    )

    def sign() -> str:
        body = Body.from_bytes(frame.encode())
        return signer.headers("POST", path, body.digest, time.time())

    return sign


def _bare(endpoint: str, path: str, data: bytes) -> Part:
    """One post on a kept-alive connection, without a signature."""
    url = urlsplit(endpoint)
    connection = HTTPConnection(url.hostname or "", url.port)

    def post() -> None:
        connection.request("POST", path, body=data)
        taken = connection.getresponse()
        taken.read()
        if taken.status != HTTPStatus.OK:
            raise BenchmarkError(f"a post was answered {taken.status}")

    return post


def _context() -> LocalContext:
    return LocalContext(
        {
            "lambda-runtime-aws-request-id": "8f14e45f-ceea-467f-a9d4-2b6c3f0a1e57",
            "lambda-runtime-deadline-ms": str(int(time.time() * 1000) + 29_000),
        }
    )


def timed(parts: Mapping[str, Part], rounds: int, calls: int) -> dict[str, list[list[float]]]:
    """By part, a pair for each round: µs and µs of processor time per call."""
    times: dict[str, list[list[float]]] = defaultdict(list)
    # The first round is thrown away.
    for turn in range(rounds + 1):
        for name, part in parts.items():
            for _ in range(_WARM_CALLS):
                part()
            begun, used = time.perf_counter_ns(), time.thread_time_ns()
            for _ in range(calls):
                part()
            busy, passed = time.thread_time_ns() - used, time.perf_counter_ns() - begun
            if turn:
                times[name].append([passed / calls / 1000, busy / calls / 1000])
    return times


if __name__ == "__main__":
    main()
