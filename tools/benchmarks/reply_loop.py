"""One reply over and over, in its function's environment: what `hot_path` measures.

`python -m tools.benchmarks.reply_loop ROUNDS CALLS FILE` times the parts of a reply in turns and
writes them as JSON. It has a process of its own: the settings are the environment's, and the log
lines go to its standard output.
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
from local_gateway.runtime.child.lambda_context import LambdaContext as LocalContext
from sapa.aws.credentials import credential_source
from sapa.aws.endpoint import Body
from sapa.aws.signing import Signer
from sapa.bootstrap import MessageServices, message_services
from sapa.lambda_events import ConnectionEvent, body_of
from sapa.message_services import access_of, rate_limits, resume
from sapa.messages.replies import Reply, answer, context_of
from sapa.metric import message_metric
from sapa.observability import count, observed, socket_keys
from sapa.settings import settings
from tools.benchmarks.handlers.empty.app import lambda_handler as empty_handler
from tools.benchmarks.processes import ROOT, BenchmarkError
from tools.benchmarks.reply_subjects import (
    ANSWER,
    BARE,
    EMPTY,
    HANDLER,
    POST,
    SIGNING,
    TELLING,
    WITHOUT_POST,
)

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
    message = ConnectionEvent.of(event)
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
        TELLING: partial(_telling(reply, message), event, context),
        POST: partial(message_services().sender.post, message.connection_id, frame),
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


def _gone(connection_id: str) -> None:
    raise BenchmarkError(f"{connection_id} is said to be gone")


def _without_post() -> Callable[[dict[str, Any], LambdaContext], dict[str, int]]:
    """Our handler on other services."""
    services = MessageServices(sender=_Counter(), forget=_gone)

    @observed(socket_keys)
    def respond(event: dict[str, Any], context: LambdaContext) -> dict[str, int]:
        app.respond(event, services)
        return {"statusCode": 200}

    return respond


def _answer(event: dict[str, Any]) -> Reply:
    """As the handler does it."""
    message = ConnectionEvent.of(event)
    return answer(
        body_of(event),
        context_of(message, partial(access_of, message)),
        retry_after_ms=rate_limits().retry_after_ms,
        resume=partial(resume, message),
    )


def _telling(
    reply: Reply, message: ConnectionEvent
) -> Callable[[dict[str, Any], LambdaContext], None]:
    """A handler that does nothing but what ours tells CloudWatch."""

    @observed(socket_keys)
    def tell(event: dict[str, Any], context: LambdaContext) -> None:
        count(message_metric(reply.outcome))
        app._tell(reply, message.endpoint, True, 0.1, 0.2)

    return tell


def _signing(endpoint: str, path: str, frame: str) -> Part:
    signer = Signer(
        credential_source(settings()),
        service="execute-api",
        host=urlsplit(endpoint).netloc,
        region=settings().region,
    )

    def sign() -> str:
        body = Body.of(frame.encode())
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


def timed(known: Mapping[str, Part], rounds: int, calls: int) -> dict[str, list[list[float]]]:
    """By part, a pair for each round: µs and µs of processor time per call."""
    found: dict[str, list[list[float]]] = defaultdict(list)
    # The first round is thrown away.
    for turn in range(rounds + 1):
        for name, part in known.items():
            for _ in range(_WARM_CALLS):
                part()
            begun, used = time.perf_counter_ns(), time.thread_time_ns()
            for _ in range(calls):
                part()
            busy, passed = time.thread_time_ns() - used, time.perf_counter_ns() - begun
            if turn:
                found[name].append([passed / calls / 1000, busy / calls / 1000])
    return found


if __name__ == "__main__":
    main()
