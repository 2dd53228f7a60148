"""A small stand-in for `sam local start-lambda`: the same HTTP interface, without containers.

Which names it knows, in which order it checks what, and what it sends for errors, timeouts and
missing functions is taken from aws-sam-cli 1.170.
"""

import asyncio
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

type Behaviour = Callable[[Any], Awaitable[object]]

PREFIX = "/2015-03-31/functions/"
SUFFIX = "/invocations"
ERROR_KEYS = {"errorMessage", "errorType", "stackTrace", "cause"}


class Stopped(Exception):
    """The container ended without an answer: stopped for its timeout, or by itself."""


@dataclass
class StartLambda:
    """Serves functions by name; `invoked` remembers names and events."""

    functions: Mapping[str, Behaviour]
    invoked: list[tuple[str, Any]] = field(default_factory=list)
    connections: set[object] = field(default_factory=set)

    async def answer(self, request: web.BaseRequest) -> web.Response:
        self.connections.add(request.transport)
        name = request.path.removeprefix(PREFIX).removesuffix(SUFFIX)
        if request.path != f"{PREFIX}{name}{SUFFIX}":
            return _error(404, "PathNotFoundLocally", "LocalService", "PathNotFoundException")
        body = await request.read() or b"{}"
        try:
            event = json.loads(body)
        except ValueError:
            return _error(400, "InvalidRequestContent", "User", "Could not parse request body")
        if name not in self.functions:
            text = f"Function not found: arn:aws:lambda:us-west-2:012345678901:function:{name}"
            return _error(404, "ResourceNotFound", "User", text)
        if "X-Amz-Tenant-Id" in request.headers:
            return _error(400, "ValidationException", "User", "no tenancy configuration")
        self.invoked.append((name, event))
        try:
            result = await self.functions[name](event)
        except Stopped:
            return web.Response(body=b"", content_type="application/json")
        return _result(result)


def _result(result: object) -> web.Response:
    body = result if isinstance(result, bytes) else json.dumps(result).encode()
    is_error = isinstance(result, dict) and {"errorMessage", "errorType"} <= result.keys()
    is_error = is_error and isinstance(result, dict) and result.keys() <= ERROR_KEYS
    headers = {"x-amz-function-error": "Unhandled"} if is_error else {}
    return web.Response(body=body, headers=headers, content_type="application/json")


def _error(status: int, kind: str, who: str, message: str) -> web.Response:
    body = json.dumps({"Type": who, "Message": message}).encode()
    headers = {"x-amzn-errortype": kind}
    return web.Response(status=status, body=body, headers=headers, content_type="application/json")


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
