"""Remote functions: behind `sam local start-lambda`, or what serves the same API.

It serves the Invoke operation of the Lambda API: 200 with the handler's result, or with the error
object of a handler that raised. It differs from Lambda:

- `X-Amz-Function-Error` is a guess from the keys of the body. SAM sets it for error objects with
  two and three keys, and leaves it out for those of the Python runtime, which have four. So an
  error object is an error here, with or without the header.
- The notice of a timeout is plain text. A function whose process ended may give an empty body.
- No operation shows whether a function exists without an error in SAM's terminal, or a container
  that starts. So a function that is missing there shows when it is invoked.

`tests/support/sam_local/answers.json` has answers of SAM CLI 1.170.
"""

import asyncio
import json
import re
import time
import uuid
from collections.abc import Callable, Mapping, Set
from typing import Any
from urllib.parse import quote

import aiohttp

from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    Throttled,
    TimedOut,
)
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import InvocationRecord, Observe, ignore
from local_gateway.runtime.environment_log import EXIT_ERROR
from local_gateway.runtime.settings import RuntimeSettings

OPTION = "--lambda-endpoint"
CONNECT_SECONDS = 5.0
ASK_AGAIN_SECONDS = 0.3
FUNCTION_ERROR = "X-Amz-Function-Error"
ERROR_TYPE = "x-amzn-errortype"

_TIMED_OUT = re.compile(rb"\s*(?:\S+ )?(?:\S+ )?Task timed out after [\d.]+ seconds\s*")

# The keys of error objects: the three of the Runtime API, and what the runtimes of AWS add. Python
# adds `requestId`, which is empty while the handler's module is imported.
_ERROR_KEYS = frozenset({"errorMessage", "errorType", "stackTrace", "trace", "cause", "requestId"})
_REQUEST_ID = re.compile(r"(?:[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12})?")


class RemoteLambda:
    """Takes the place of `LambdaRuntime`; sends every invocation to `url` as `Invoke`.

    Functions are called by their logical ids, which `sam local` uses even if the template gives
    them other names. An answer may take any time, because the user may be debugging the function.
    The service prints what functions print. With `waiting`, the start waits until `url` answers,
    and calls `waiting` once if it does not answer yet.
    """

    def __init__(
        self,
        functions: Mapping[str, LambdaFunction],
        *,
        url: str,
        settings: RuntimeSettings | None = None,
        observe: Observe = ignore,
        waiting: Callable[[], None] | None = None,
    ) -> None:
        self._url = url.rstrip("/")
        self._settings = settings or RuntimeSettings()
        self._observe = observe
        self._waiting = waiting
        self._functions = dict(functions)
        self._slots: dict[str, asyncio.Semaphore] = {}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Connect; without `waiting`, raises `GatewayError` when nothing answers at the URL."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )
        problem = await self._connection_problem(self._session)
        if problem is not None and self._waiting is None:
            await self.close()
            raise GatewayError(
                f"{OPTION} {self._url}: nothing answers there ({_reason(problem)}); "
                "run `sam local start-lambda` with the same template, or correct the URL"
            ) from problem
        if problem is not None and self._waiting is not None:
            self._waiting()
        while problem is not None:
            await asyncio.sleep(ASK_AGAIN_SECONDS)
            problem = await self._connection_problem(self._session)

    async def _connection_problem(self, session: aiohttp.ClientSession) -> Exception | None:
        """Why nothing answers at the URL; `None` if something does."""
        whole = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        try:
            async with session.get(self._url, timeout=whole) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return error
        return None

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Like `LambdaRuntime.invoke`; the result is `Failed` if the service is unreachable."""
        invoked = self._function(function)
        request_id = request_id or str(uuid.uuid4())
        slots = self._slots_of(invoked)
        throttled = Invocation(result=Throttled(), request_id=request_id, cold=False, duration=0.0)
        if invoked.reserved_concurrency is not None and slots.locked():
            return throttled
        try:
            async with asyncio.timeout(self._settings.queue_seconds):
                await slots.acquire()
        except TimeoutError:
            return throttled
        headers = {"X-Amzn-Trace-Id": trace_id} if trace_id is not None else {}
        try:
            return await self._observed(invoked, payload, request_id, headers)
        finally:
            slots.release()

    def kill_idle_environment(self, function: str) -> None:
        """Nothing: environments elsewhere are not ours to end."""

    async def _observed(
        self, function: LambdaFunction, payload: bytes, request_id: str, headers: dict[str, str]
    ) -> Invocation:
        name, clock = function.logical_id, asyncio.get_running_loop().time
        since = clock()
        result: InvocationResult
        try:
            status, answer_headers, body = await self._post(name, payload, headers)
            result = interpret(function, status, answer_headers, body, clock() - since)
        except (aiohttp.ClientError, TimeoutError) as error:
            reason = f"{OPTION} {self._url} does not answer: {_reason(error)}"
            result = Failed("LambdaEndpoint.Unreachable", reason)
        duration = clock() - since
        invocation = Invocation(result=result, request_id=request_id, cold=False, duration=duration)
        at = time.time_ns() // 1_000_000
        self._observe(InvocationRecord.from_invocation(at, name, invocation))
        return invocation

    async def warm(self, function: str) -> None:
        """Do nothing: SAM starts its containers itself, see `--warm-containers`."""

    async def try_functions(self, warn: Callable[[str], None]) -> None:
        """Do nothing, for the same reason."""

    def hold(self, functions: Set[str]) -> None:
        """Do nothing: the service manages the functions' code."""

    async def replace(self, functions: Mapping[str, LambdaFunction], changed: Set[str]) -> None:
        """Invoke these functions from now on."""
        before, self._functions = self._functions, dict(functions)
        for name in changed | (before.keys() - functions.keys()):
            self._slots.pop(name, None)

    async def close(self) -> None:
        """Disconnect; running invocations end in `Failed`."""
        session, self._session = self._session, None
        if session is not None:
            await session.close()

    async def _post(
        self, name: str, payload: bytes, headers: Mapping[str, str]
    ) -> tuple[int, Mapping[str, str], bytes]:
        if self._session is None:
            raise GatewayError(f"{name}: the connection to {self._url} is closed")
        path = f"/2015-03-31/functions/{quote(name, safe='')}/invocations"
        sent = {"Content-Type": "application/json", **headers}
        async with self._session.post(f"{self._url}{path}", data=payload, headers=sent) as answer:
            return answer.status, answer.headers, await answer.read()

    def _slots_of(self, function: LambdaFunction) -> asyncio.Semaphore:
        """Allows as many invocations at once as there would be environments."""
        most = self._settings.max_environments_per_function
        if function.reserved_concurrency is not None:
            most = min(most, function.reserved_concurrency)
        return self._slots.setdefault(function.logical_id, asyncio.Semaphore(most))

    def _function(self, name: str) -> LambdaFunction:
        if name not in self._functions:
            names = ", ".join(sorted(self._functions)) or "none"
            raise GatewayError(f"{name}: no such function; the template has: {names}")
        return self._functions[name]


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or str(error.os_error)
    return str(error) or f"no answer within {CONNECT_SECONDS:g} s"


def interpret(
    function: LambdaFunction,
    status: int,
    headers: Mapping[str, str],
    body: bytes,
    seconds: float,
) -> InvocationResult:
    """The result of an invocation whose HTTP answer came `seconds` after the request."""
    if status == 429:
        return Throttled()
    if status != 200:
        return _refused(status, headers, body)
    if _TIMED_OUT.fullmatch(body) or (not body and seconds >= function.timeout):
        return TimedOut(function.timeout)
    if not body:
        return Failed(EXIT_ERROR, "the function ended without a result; the logs are SAM's")
    if FUNCTION_ERROR in headers or _is_error_object(body):
        return _raised(function, headers.get(FUNCTION_ERROR, "Unhandled"), body)
    return Succeeded(body)


def _is_error_object(body: bytes) -> bool:
    error = _object(body)
    return (
        isinstance(error.get("errorMessage"), str)
        and isinstance(error.get("errorType"), str)
        and error.keys() <= _ERROR_KEYS
        and _REQUEST_ID.fullmatch(str(error.get("requestId", ""))) is not None
    )


def _refused(status: int, headers: Mapping[str, str], body: bytes) -> Failed:
    error = _object(body)
    message = str(error.get("Message") or error.get("message") or "no reason given")
    remedy = ""
    if status == 404 and headers.get(ERROR_TYPE, "").startswith("ResourceNotFound"):
        remedy = "; run `sam local start-lambda` with the same template"
    elif status == 500:
        remedy = "; the cause is in the terminal of `sam local`"
    return Failed("LambdaEndpoint.Refused", f"status {status}: {message}{remedy}")


def _raised(function: LambdaFunction, kind: str, body: bytes) -> InvocationResult:
    error = _object(body)
    message = str(error.get("errorMessage", ""))
    if "errorType" not in error and _TIMED_OUT.fullmatch(message.encode()):
        return TimedOut(function.timeout)
    return Failed(str(error.get("errorType", kind)), message, body)


def _object(body: bytes) -> dict[str, Any]:
    try:
        value = json.loads(body)
    except ValueError:
        return {}
    return value if isinstance(value, dict) else {}
