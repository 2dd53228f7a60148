"""A small stand-in for `sam local start-lambda`: the same HTTP interface, without containers.

Its answers are those of `tests/support/sam_local/answers.json`, which `capture_answers.py` got from
SAM CLI 1.170 and its containers. `tests/unit/support/test_start_lambda.py` compares them.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Self

from aiohttp import web

type Behaviour = Callable[[Any], Awaitable[object]]

PREFIX = "/2015-03-31/functions/"
SUFFIX = "/invocations"
JSON = "application/json"
ERROR = {"errorMessage", "errorType"}
# The error objects that SAM recognizes have no other keys, or have three.
ERROR_KEYS = {*ERROR, "stackTrace", "cause"}
ERROR_LENGTH = 3


@dataclass(frozen=True, slots=True)
class CapturedAnswer:
    """An answer of SAM CLI."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @classmethod
    def named(cls, name: str) -> Self:
        """The answer of this name in `answers.json`."""
        found = CAPTURED[name]
        return cls(found["status"], found["headers"], found["body"].encode())


CAPTURED: dict[str, Any] = json.loads(
    (Path(__file__).parent / "sam_local/answers.json").read_text(encoding="utf-8")
)


def returning(name: str) -> Behaviour:
    """A function whose container sends what the one of this name in `answers.json` sent."""
    body = CapturedAnswer.named(name).body

    async def answer(event: object) -> object:
        return body

    return answer


@dataclass
class StartLambda:
    """Serves functions by name; remembers names and events, and every request."""

    functions: Mapping[str, Behaviour]
    invoked: list[tuple[str, Any]] = field(default_factory=list)
    requests: list[tuple[str, str]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.connections.add(request.transport)
        self.requests.append((request.method, request.path))
        name = request.path.removeprefix(PREFIX).removesuffix(SUFFIX)
        if request.path != f"{PREFIX}{name}{SUFFIX}":
            return _error(404, "PathNotFoundLocally", "LocalService", "PathNotFoundException")
        body = await request.read() or b"{}"
        try:
            event = json.loads(body)
        except ValueError:
            text = "Could not parse request body into json: No JSON object could be decoded"
            return _error(400, "InvalidRequestContent", "User", text)
        if name not in self.functions:
            text = f"Function not found: arn:aws:lambda:us-west-2:012345678901:function:{name}"
            return _error(404, "ResourceNotFound", "User", text)
        self.invoked.append((name, event))
        return _result(await self.functions[name](event))


def _result(result: object) -> web.Response:
    """What a container sends: bytes as they are, everything else as JSON."""
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    headers = {"x-amz-function-error": "Unhandled"} if _is_error_for_sam(body) else {}
    return web.Response(body=body, headers=headers | {"Content-Type": JSON})


def _is_error_for_sam(body: bytes) -> bool:
    """`LambdaOutputParser.is_lambda_error_response` of samcli."""
    try:
        value = json.loads(body)
    except ValueError:
        return False
    if not isinstance(value, dict) or not value.keys() >= ERROR:
        return False
    return value.keys() <= ERROR_KEYS or len(value) == ERROR_LENGTH


def _error(status: int, kind: str, who: str, message: str) -> web.Response:
    body = json.dumps({"Type": who, "Message": message}).encode()
    headers = {"x-amzn-errortype": kind, "Content-Type": JSON}
    return web.Response(status=status, body=body, headers=headers)


@asynccontextmanager
async def serving(service: StartLambda, port: int = 0) -> AsyncIterator[str]:
    """The service's URL, while it runs; port 0 is any free one."""
    runner = web.ServerRunner(web.Server(service.answer), shutdown_timeout=0.1)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", port).start()
    try:
        yield f"http://127.0.0.1:{runner.addresses[0][1]}"
    finally:
        await runner.cleanup()


async def echo(event: object) -> object:
    """Return the event."""
    return event


async def hang(event: object) -> object:
    """Never return."""
    await asyncio.Event().wait()
    return event
