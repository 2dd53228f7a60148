"""The execution environments of a function, and the jobs that wait for them."""

import asyncio
import os
from enum import Enum, auto
from itertools import islice

from local_gateway.core.invocation import Failed, InvocationResult, Throttled
from local_gateway.core.lambda_api.lineage import function_key
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.alarm import Alarm
from local_gateway.runtime.environment import ExecutionEnvironment
from local_gateway.runtime.jobs import Job, JobQueue
from local_gateway.runtime.settings import RuntimeContext

# A start needs a core: more starts than cores at once would only delay the first of them.
STARTS_AT_ONCE = max(2, os.cpu_count() or 1)

_CLOSED = Failed("Runtime.Closed", "the Lambda runtime was closed")


class _State(Enum):
    """OPEN: environments are started as needed, and reaped when they are idle for long.

    HELD: the code on disk is not the function's any more, so what works is kept, and nothing is
    started beside it. RETIRED: the same, but each environment ends once it is not busy. CLOSED:
    every environment is killed.
    """

    OPEN = auto()
    HELD = auto()
    RETIRED = auto()
    CLOSED = auto()


class FunctionPool:
    """Gives jobs to environments, the most recently used first, and starts new environments.

    Jobs without a free environment wait in the order of their arrival. A new environment takes the
    first job that waits when it is ready; the job it was started for may have been taken before.
    """

    def __init__(self, function: LambdaFunction, context: RuntimeContext) -> None:
        self.function = function
        self.language = context.language_of(function)
        self.function_key = function_key(function.arn)
        self._context = context
        self._settings = context.settings
        self._loop = asyncio.get_running_loop()
        self._environments: set[ExecutionEnvironment] = set()
        self._idle: list[tuple[float, ExecutionEnvironment]] = []
        self._queue = JobQueue(self._loop, self._settings.queue_seconds)
        self._lives: set[asyncio.Task[None]] = set()
        self._reaper: asyncio.TimerHandle | None = None
        self._growth = Alarm(self._loop)
        self._state = _State.OPEN
        self._successor: FunctionPool | None = None

    def submit(self, job: Job) -> None:
        """Run a job; its future is always answered."""
        if self._is_reserved_concurrency_used():
            job.end_without_environment(Throttled())
        elif (environment := self._take_idle()) is not None:
            environment.run(job)
        elif self._queue.size + job.size > self._settings.max_queued_bytes:
            job.end_without_environment(Throttled())
        else:
            self._queue.append(job)
            self._grow()

    async def warm(self) -> InvocationResult | None:
        """Make an environment ready; returns the failure of its init phase, if it failed."""
        environments = self._environments
        if any(environment.is_initialised for environment in environments):
            return None
        environment = next(iter(environments), None) or self._start(cold=False)
        return await asyncio.shield(environment.initialised)

    def hold(self, *, held: bool) -> None:
        """Keep the running environments while the code on disk is not this function's.

        A new environment would run other code, so none is started while one works, and none is
        reaped.
        """
        self._state = _State.HELD if held else _State.OPEN
        if held:
            self._stop_reaper()
        else:
            self._schedule_reaper()
            self._grow()

    def retire(self, successor: "FunctionPool | None") -> None:
        """End each environment when it is not busy; `successor` takes the waiting jobs.

        Without a successor, because the function was removed, the waiting jobs are served first.
        """
        self._state, self._successor = _State.RETIRED, successor
        self._stop_reaper()
        while self._queue and successor is not None:
            successor.adopt(self._queue.pop())
        for environment in list(self._environments):
            if not (environment.is_busy or self._queue):
                environment.kill()

    def adopt(self, job: Job, *, first: bool = False) -> None:
        """Take a job that was accepted before, so no limit refuses it."""
        if self._successor is not None:
            self._successor.adopt(job, first=first)
        elif self._state is _State.CLOSED:
            job.end_without_environment(_CLOSED)
        elif (environment := self._take_idle()) is not None:
            environment.run(job)
        else:
            self._queue.append(job, first=first)
            self._grow()

    async def drained(self) -> None:
        """Wait for the end of every environment."""
        while self._lives:
            await asyncio.wait(self._lives)

    async def close(self) -> None:
        """Kill every environment and wait for its end; waiting jobs fail."""
        self._state = _State.CLOSED
        self._stop_reaper()
        self._growth.close()
        self._queue.close()
        for environment in self._environments:
            environment.kill()
        await asyncio.gather(*self._lives)
        while self._queue:
            self._queue.pop().end_without_environment(_CLOSED)

    def environment_free(self, environment: ExecutionEnvironment) -> None:
        """Run the first waiting job, or keep the environment for the next."""
        if self._queue and self._state is not _State.CLOSED:
            environment.run(self._queue.pop())
            self._grow()
        elif self._state is _State.RETIRED:
            environment.kill()
        else:
            self._idle.append((self._loop.time(), environment))
            self._schedule_reaper()

    def environment_ended(
        self,
        environment: ExecutionEnvironment,
        init_failure: InvocationResult | None,
        undelivered: Job | None,
    ) -> None:
        """Remove the environment; an undelivered job becomes the first that waits."""
        self._environments.discard(environment)
        self._idle = [entry for entry in self._idle if entry[1] is not environment]
        if undelivered is not None and not undelivered.answer.done():
            self.adopt(undelivered, first=True)
        if init_failure is not None:
            self._fail_waiting(init_failure)
        self._grow()

    def kill_idle_environment(self) -> None:
        """End the environment that would get the next job, if one is free."""
        if (environment := self._take_idle()) is not None:
            environment.kill()

    def _take_idle(self) -> ExecutionEnvironment | None:
        while self._idle:
            _, environment = self._idle.pop()
            if environment.is_alive:
                return environment
        return None

    def _is_reserved_concurrency_used(self) -> bool:
        limit = self.function.reserved_concurrency
        if limit is None:
            return False
        running = sum(environment.is_busy for environment in self._environments)
        return running + len(self._queue) >= limit

    def _fail_waiting(self, failure: InvocationResult) -> None:
        """Fail the first job, for which the environment was started.

        When no other environment works, fail all: on Lambda each would have had its own start.
        """
        works = any(environment.is_initialised for environment in self._environments)
        for _ in range(min(1, len(self._queue)) if works else len(self._queue)):
            self._queue.pop().end_without_environment(failure)

    def _grow(self) -> None:
        """Start environments for jobs that have waited long enough, within the limits."""
        if not self._queue or self._state is _State.CLOSED:
            return
        if self._state is not _State.OPEN and self._works():
            return
        starting = sum(not environment.is_initialised for environment in self._environments)
        allowed = min(
            STARTS_AT_ONCE - starting,
            self._settings.max_environments_per_function - len(self._environments),
        )
        for _ in range(min(allowed, self._overdue(allowed + starting) - starting)):
            self._start(cold=True)

    def _overdue(self, most: int) -> int:
        """How many jobs, up to `most`, have waited long enough for a used environment.

        An environment that is busy for a moment is worth the wait: a further process costs more.
        The first job of a function without an environment has nothing to wait for.
        """
        count = 0 if self._environments else 1
        limit = self._loop.time() - self._settings.wait_seconds
        for job in islice(self._queue, count, most):
            if job.queued_at > limit:
                self._growth.set(job.queued_at - limit, self._grow)
                break
            count += 1
        return count

    def _works(self) -> bool:
        return any(item.is_initialised and item.is_alive for item in self._environments)

    def _start(self, *, cold: bool) -> ExecutionEnvironment:
        environment = ExecutionEnvironment(
            self.function, self.language, self._context, self, cold=cold
        )
        self._environments.add(environment)
        life = self._loop.create_task(environment.live())
        self._lives.add(life)
        life.add_done_callback(self._lives.discard)
        return environment

    def _stop_reaper(self) -> None:
        if self._reaper is not None:
            self._reaper.cancel()
            self._reaper = None

    def _schedule_reaper(self) -> None:
        if self._reaper is None and self._idle and self._state is _State.OPEN:
            due = self._idle[0][0] + self._settings.idle_seconds
            self._reaper = self._loop.call_at(due, self._reap)

    def _reap(self) -> None:
        """Kill environments that are idle for long; `_idle` is in the order of last use."""
        self._reaper = None
        limit = self._loop.time() - self._settings.idle_seconds
        while self._idle and self._idle[0][0] <= limit:
            self._idle.pop(0)[1].kill()
        self._schedule_reaper()
