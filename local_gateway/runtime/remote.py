"""Functions that run elsewhere: behind `sam local start-lambda`, or what serves the same API."""

import asyncio
import time
import uuid
from collections.abc import Callable, Mapping, Set
from urllib.parse import quote

import aiohttp

from local_gateway.core.invocation import Failed, Invocation, InvocationResult, Throttled
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import InvocationRecord, Observe, ignore
from local_gateway.runtime.platform_lines import EXIT_ERROR
from local_gateway.runtime.remote_answer import interpret
from local_gateway.runtime.service import FunctionInitError
from local_gateway.runtime.settings import RuntimeSettings

OPTION = "--lambda-endpoint"
CONNECT_SECONDS = 5.0
ASK_AGAIN_SECONDS = 0.3

# Neither of them would run: no function has tenants here, and a dry run invokes nothing. What
# does not know the first header refuses the second one. In either case 404 means: no function.
_ASK_WHETHER_IT_EXISTS = {"X-Amz-Tenant-Id": "local-gateway", "X-Amz-Invocation-Type": "DryRun"}


class RemoteLambda:
    """In the place of `LambdaRuntime`, with every invocation sent to `url` as `Invoke`.

    Functions go by their logical ids, which `sam local` knows them by even where the template
    names them otherwise. There is no limit to how long an answer may take, for somebody may be
    debugging the function. What functions print is printed by whoever runs them. With `waiting`
    the start waits until somebody answers at `url`, and calls it once if nobody does yet.
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
        self._places: dict[str, asyncio.Semaphore] = {}
        self._session: aiohttp.ClientSession | None = None

    async def start(self) -> None:
        """Connect; raises `GatewayError` when nothing answers at the URL and none is awaited."""
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=CONNECT_SECONDS),
        )
        problem = await self._greet(self._session)
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
            problem = await self._greet(self._session)

    async def _greet(self, session: aiohttp.ClientSession) -> Exception | None:
        """Ask anything; answers why nobody answered, if nobody did."""
        whole = aiohttp.ClientTimeout(total=CONNECT_SECONDS)
        try:
            async with session.get(self._url, timeout=whole) as answer:
                await answer.read()
        except (aiohttp.ClientError, TimeoutError) as error:
            return error
        return None

    async def invoke(
        self, function: str, payload: bytes, *, trace_id: str | None = None
    ) -> Invocation:
        """As `LambdaRuntime.invoke`; what cannot be reached is a `Failed` invocation."""
        known = self._function(function)
        request_id = str(uuid.uuid4())
        place = self._place(known)
        throttled = Invocation(result=Throttled(), request_id=request_id, cold=False, duration=0.0)
        if known.reserved_concurrency is not None and place.locked():
            return throttled
        try:
            async with asyncio.timeout(self._settings.queue_seconds):
                await place.acquire()
        except TimeoutError:
            return throttled
        headers = {"X-Amzn-Trace-Id": trace_id} if trace_id is not None else {}
        try:
            return await self._observed(known, payload, request_id, headers)
        finally:
            place.release()

    async def crash(self, function: str, payload: bytes) -> Invocation:
        """The failure that a dead environment is; theirs are not ours to kill, so nothing runs."""
        self._function(function)
        request_id = str(uuid.uuid4())
        message = f"RequestId: {request_id} Error: Runtime exited with error: signal: killed"
        result = Failed(EXIT_ERROR, message)
        return Invocation(result=result, request_id=request_id, cold=False, duration=0.0)

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
        """Raise `FunctionInitError` when the function does not exist there; nothing is invoked."""
        known = self._function(function)
        try:
            status, _, _ = await self._post(known.logical_id, b"{}", _ASK_WHETHER_IT_EXISTS)
        except (aiohttp.ClientError, TimeoutError) as error:
            raise GatewayError(f"{OPTION} {self._url}: {_reason(error)}") from error
        if status == 404:
            raise FunctionInitError(
                f"{function}: {OPTION} {self._url} has no such function; "
                "run `sam local start-lambda` with the same template"
            )

    def hold(self, functions: Set[str]) -> None:
        """Nothing: whoever runs the functions looks after their code."""

    async def replace(self, functions: Mapping[str, LambdaFunction], changed: Set[str]) -> None:
        """Know these functions from now on; raises `FunctionInitError` for one missing there."""
        before, self._functions = self._functions, dict(functions)
        try:
            await asyncio.gather(*(self.warm(name) for name in functions if name not in before))
        except BaseException:
            self._functions = before
            raise
        for name in changed | (before.keys() - functions.keys()):
            self._places.pop(name, None)

    async def close(self) -> None:
        """Give up what is under way, which ends in `Failed`, and disconnect."""
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

    def _place(self, function: LambdaFunction) -> asyncio.Semaphore:
        """As many invocations at once as there would be environments."""
        most = self._settings.max_environments_per_function
        if function.reserved_concurrency is not None:
            most = min(most, function.reserved_concurrency)
        return self._places.setdefault(function.logical_id, asyncio.Semaphore(most))

    def _function(self, name: str) -> LambdaFunction:
        if name not in self._functions:
            known = ", ".join(sorted(self._functions)) or "none"
            raise GatewayError(f"{name}: no such function; the template has: {known}")
        return self._functions[name]


def _reason(error: Exception) -> str:
    if isinstance(error, aiohttp.ClientConnectorError):
        return error.strerror or str(error.os_error)
    return str(error) or f"no answer within {CONNECT_SECONDS:g} s"
