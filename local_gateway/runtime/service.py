"""A Lambda service: it invokes functions by their logical id, with JSON."""

import asyncio
from collections.abc import Callable, Iterable, Mapping, Set

from local_gateway.core.invocation import Failed, Invocation, InvocationResult, TimedOut
from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import Observe, ignore
from local_gateway.runtime.jobs import new_job
from local_gateway.runtime.languages.language import Language
from local_gateway.runtime.pool import STARTS_AT_ONCE, FunctionPool
from local_gateway.runtime.settings import RuntimeContext, RuntimeSettings

MAX_REQUEST_BYTES = 6 * 1024 * 1024
# A process of a small Python function takes some 20 MB.
MOST_KEPT_WARM = 32


class FunctionInitError(GatewayError):
    """A function's init phase failed: the handler does not import, does not exist or hangs."""


class LambdaRuntime:
    """Runs functions in execution environments; each is a process group.

    Belongs to the event loop that runs when `start` is called.
    """

    def __init__(
        self,
        functions: Mapping[str, LambdaFunction],
        *,
        region: str,
        settings: RuntimeSettings | None = None,
        observe: Observe = ignore,
    ) -> None:
        settings = settings or RuntimeSettings()
        self._functions = dict(functions)
        self._context = RuntimeContext.from_settings(settings, observe, region)
        self._pools: dict[str, FunctionPool] = {}
        self._retiring: dict[asyncio.Task[None], FunctionPool] = {}
        self._started = False

    async def start(self) -> None:
        """Accept invocations; the first process is started by `invoke` or `warm`."""
        self._pools = {
            name: FunctionPool(function, self._context)
            for name, function in self._functions.items()
        }
        self._started = True

    async def invoke(
        self,
        function: str,
        payload: bytes,
        /,
        *,
        trace_id: str | None = None,
        request_id: str | None = None,
    ) -> Invocation:
        """Invoke the function with this logical id; a failure is a result, too.

        `trace_id` continues the chain of the invocation that led to this one; `request_id` is the
        one of an earlier attempt.

        `Succeeded.payload` is JSON, unless the handler returned `bytes`, which Lambda passes on
        unchanged. If the call is cancelled, the handler continues to its own timeout. Raises
        `GatewayError` if the function does not exist or the runtime is not started.
        """
        pool = self._pool(function)
        job = new_job(payload, trace_id, request_id, function_key=pool.function_key)
        if len(job.payload) > MAX_REQUEST_BYTES:
            message = f"Request must be smaller than {MAX_REQUEST_BYTES} bytes"
            job.end_without_environment(Failed("RequestTooLargeException", message))
        else:
            pool.submit(job)
        return await job.answer

    def kill_idle_environment(self, function: str) -> None:
        """End the environment that would get the function's next event, if one is free."""
        self._pool(function).kill_idle_environment()

    async def warm(self, function: str) -> None:
        """Initialise an environment, if there is none; raises `FunctionInitError`."""
        await _warm(self._pool(function))

    async def try_functions(self, warn: Callable[[str], None]) -> None:
        """Start each function once while all are served, and warn of those that do not start.

        So a template with many functions is ready at once, and a mistake in one of them is reported
        without a call. Only the first `MOST_KEPT_WARM` keep the environment that nobody has called.
        """
        starts = asyncio.Semaphore(STARTS_AT_ONCE)

        async def attempt(at: int, name: str) -> None:
            async with starts:
                pool = self._pools.get(name)
                failure = await pool.warm() if pool is not None else None
                if pool is None or pool is not self._pools.get(name):
                    return  # a reload has replaced the function, and has started the new version
                if failure is not None:
                    reason = _describe(pool.function, failure, pool.language)
                    warn(f"{reason}; its calls fail until that is corrected")
                elif at >= MOST_KEPT_WARM:
                    pool.kill_idle_environment()

        await asyncio.gather(*(attempt(at, name) for at, name in enumerate(list(self._pools))))

    def hold(self, functions: Set[str]) -> None:
        """Keep the environments of these functions, whose code on disk has changed.

        As long as one works, no other is started. All other functions are no longer held.
        """
        for name, pool in self._pools.items():
            pool.hold(held=name in functions)

    async def replace(self, functions: Mapping[str, LambdaFunction], changed: Set[str]) -> None:
        """Run these functions from now on; `changed` names those with new settings or code.

        New and changed functions first get a warm environment. Running invocations end in their old
        environment; waiting ones move to the new. If it raises `FunctionInitError`, nothing has
        been replaced. Between the replacement and the return nothing else runs.
        """
        before = self._pools
        fresh = {
            name: FunctionPool(function, self._context)
            for name, function in functions.items()
            if name in changed or name not in before
        }
        try:
            await _warm_all(fresh.values())
        except BaseException:
            await asyncio.gather(*(pool.close() for pool in fresh.values()))
            raise
        self._functions = dict(functions)
        self._pools = {name: fresh.get(name) or before[name] for name in functions}
        for name, pool in before.items():
            if self._pools.get(name) is not pool:
                self._retire(pool, self._pools.get(name))

    async def close(self) -> None:
        """Kill every environment and wait for its end; running calls end in `Failed`."""
        pools, self._pools = [*self._pools.values(), *self._retiring.values()], {}
        self._started = False
        await asyncio.gather(*(pool.close() for pool in pools))
        await asyncio.gather(*self._retiring)
        await self._context.reaper.close()

    def _retire(self, pool: FunctionPool, successor: FunctionPool | None) -> None:
        pool.retire(successor)
        drained = asyncio.create_task(pool.drained())
        self._retiring[drained] = pool
        drained.add_done_callback(self._retiring.pop)

    def _pool(self, function: str) -> FunctionPool:
        if not self._started:
            raise GatewayError(f"{function}: the Lambda runtime is not running")
        if function not in self._pools:
            names = ", ".join(sorted(self._pools)) or "none"
            raise GatewayError(f"{function}: no such function; the template has: {names}")
        return self._pools[function]


async def _warm(pool: FunctionPool) -> None:
    failure = await pool.warm()
    if failure is not None:
        raise FunctionInitError(_describe(pool.function, failure, pool.language))


async def _warm_all(pools: Iterable[FunctionPool]) -> None:
    starts = asyncio.Semaphore(STARTS_AT_ONCE)

    async def warm(pool: FunctionPool) -> None:
        async with starts:
            await _warm(pool)

    for problem in await asyncio.gather(*map(warm, pools), return_exceptions=True):
        if isinstance(problem, BaseException):
            raise problem


def _describe(function: LambdaFunction, failure: InvocationResult, language: Language) -> str:
    subject = f"{function.logical_id}: handler {function.handler}"
    match failure:
        case Failed():
            return f"{subject} {language.explain(function, failure)}"
        case TimedOut(seconds):
            return f"{subject} does not start: not ready within {seconds:g} s"
        case _:
            return f"{subject} does not start"
