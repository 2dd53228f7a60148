"""An execution environment: a process, its Runtime API and one invocation at a time."""

import asyncio
import time
from dataclasses import dataclass
from typing import Protocol

from local_gateway.core.invocation import (
    Failed,
    Invocation,
    InvocationResult,
    Succeeded,
    TimedOut,
)
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.alarm import Alarm
from local_gateway.runtime.environment_log import EXIT_ERROR, EnvironmentLog
from local_gateway.runtime.jobs import Job
from local_gateway.runtime.languages.language import Language
from local_gateway.runtime.process import EnvironmentProcess, describe_exit, start_process
from local_gateway.runtime.runtime_api import (
    MAX_RESPONSE_BYTES,
    Deliver,
    Delivery,
    RefusedError,
    listen,
    serve,
)
from local_gateway.runtime.settings import RuntimeContext
from local_gateway.runtime.variables import environment_variables, log_stream_name

# After a fatal error a runtime exits by itself, unless a thread of the handler prevents it.
_EXIT_GRACE_SECONDS = 0.25


class EnvironmentOwner(Protocol):
    """Notified about an environment, in the event loop."""

    def environment_free(self, environment: "ExecutionEnvironment") -> None:
        """It has initialised, or answered: it can run a job."""

    def environment_ended(
        self,
        environment: "ExecutionEnvironment",
        init_failure: InvocationResult | None,
        undelivered: Job | None,
    ) -> None:
        """Its process has ended; `undelivered` is a job whose event no handler has seen."""


@dataclass(frozen=True, slots=True)
class _Running:
    """A job whose event was delivered, and the loop's time of the delivery."""

    job: Job
    since: float


class ExecutionEnvironment:
    """Implements the calls of the Runtime API; `live` runs it from start to clean-up.

    `initialised` is set at the end of the init phase, to None or its failure. All other work is
    done in callbacks of the event loop, so that a cancelled caller does not stop it.
    """

    def __init__(
        self,
        function: LambdaFunction,
        language: Language,
        context: RuntimeContext,
        owner: EnvironmentOwner,
        *,
        cold: bool,
    ) -> None:
        self._loop = asyncio.get_running_loop()
        self._function = function
        self._language = language
        self._context = context
        self._owner = owner
        self._cold = cold
        self.initialised: asyncio.Future[InvocationResult | None] = self._loop.create_future()
        self._log_stream = log_stream_name(time.strftime("%Y/%m/%d", time.gmtime()))
        self._log = EnvironmentLog(
            function, context.observe, platform_lines=context.settings.platform_lines
        )
        self._process: EnvironmentProcess | None = None
        self._killed = False
        self._alarm = Alarm(self._loop)
        self._spawned_at = self._loop.time()
        self._init_duration: float | None = None
        self._init_failure: InvocationResult | None = None
        self._poll: Deliver | None = None
        self._undelivered: Job | None = None
        self._running: _Running | None = None

    @property
    def is_initialised(self) -> bool:
        """Whether the runtime has asked for an event."""
        return self._init_duration is not None

    @property
    def is_busy(self) -> bool:
        """Whether it has a job without an answer."""
        return self._undelivered is not None or self._running is not None

    @property
    def is_alive(self) -> bool:
        """Whether it can take a job: the process may have been killed while it was idle."""
        return not self._killed and self._process is not None and self._process.is_alive()

    async def live(self) -> None:
        """Start, serve, and clean up when the process ends or is killed."""
        try:
            with listen() as (listener, address):
                process = await self._start(address)
                async with serve(listener, self, process.pid):
                    return_code = await process.ended
                self._context.reaper.reap(self._log_stream)
                self._end(describe_exit(return_code))
        except OSError as error:
            self._init_failure = Failed("Runtime.InvalidEntrypoint", str(error))
            self._end("Runtime did not start")

    def run(self, job: Job) -> None:
        """Deliver the job's event now or at the next poll; the environment must be free."""
        if self._poll is not None:
            self._deliver(job)
        else:
            self._undelivered = job
            self._alarm.set(self._function.timeout, self._time_out)

    def kill(self) -> None:
        """Kill the process group, which ends `live`."""
        self._killed = True
        if self._process is not None:
            self._process.kill()

    def next(self, deliver: Deliver) -> None:
        """The runtime asks for its next event; the first request ends the init phase."""
        if self._running is not None:
            raise RefusedError(403, "InvalidStateTransition", "the last event has no answer yet")
        if self._poll is not None:
            self._poll(None)
        self._poll = deliver
        if not self.is_initialised:
            self._initialise()
        elif self._undelivered is not None:
            self._deliver(self._undelivered)

    def gone(self, deliver: Deliver) -> None:
        """The runtime has closed the connection on which it waits."""
        if self._poll == deliver:
            self._poll = None

    def respond(self, request_id: str, payload: bytes) -> None:
        """The handler returned."""
        self._settle(self._running_invocation(request_id), Succeeded(payload))
        self._owner.environment_free(self)

    def respond_too_large(self, request_id: str) -> None:
        """The handler returned too much; awslambdaric then exits."""
        message = f"Response payload size exceeded {MAX_RESPONSE_BYTES} bytes"
        self._settle(
            self._running_invocation(request_id), Failed("Function.ResponseSizeTooLarge", message)
        )
        self._alarm.set(_EXIT_GRACE_SECONDS, self.kill)

    def fail(self, request_id: str, failure: Failed) -> None:
        """The handler raised."""
        self._settle(self._running_invocation(request_id), failure)
        self._owner.environment_free(self)

    def fail_init(self, failure: Failed) -> None:
        """The handler could not be loaded; the runtime exits next."""
        if self.is_initialised:
            raise RefusedError(403, "InvalidStateTransition", "the init phase is over")
        self._init_failure = failure
        self._alarm.set(_EXIT_GRACE_SECONDS, self.kill)

    async def _start(self, address: str) -> EnvironmentProcess:
        function, context, settings = self._function, self._context, self._context.settings
        self._spawned_at = self._loop.time()
        context.reaper.watch(self._log_stream)
        process = await start_process(
            lambda lifeline: self._language.command(function, lifeline),
            directory=function.code,
            variables=environment_variables(
                function,
                self._language,
                region=context.region,
                api_address=address,
                log_stream=self._log_stream,
                base=settings.base_environment,
            ),
            on_line=self._log.line,
            line_limit=settings.max_line_bytes,
        )
        self._process = process
        if self._killed:
            process.kill()
        elif not self.is_initialised:
            self._alarm.set(settings.init_timeout, self._time_out_init)
        return process

    def _initialise(self) -> None:
        self._init_duration = self._loop.time() - self._spawned_at
        self._alarm.stop()
        self.initialised.set_result(None)
        self._owner.environment_free(self)

    def _deliver(self, job: Job) -> None:
        timeout = self._function.timeout
        poll, self._poll = self._poll, None
        self._undelivered = None
        self._running = _Running(job, self._loop.time())
        self._alarm.set(timeout, self._time_out)
        self._log.started(job.request_id)
        if poll is None:
            self.kill()
            return
        delivery = Delivery(
            request_id=job.request_id,
            payload=job.payload,
            deadline_ms=int((time.time() + timeout) * 1000),
            function_arn=self._function.arn,
            trace_id=job.trace_id,
        )
        poll(delivery)

    def _running_invocation(self, request_id: str) -> _Running:
        running = self._running
        if running is None or running.job.request_id != request_id:
            raise RefusedError(400, "InvalidRequestID", "no such invocation is running")
        return running

    def _settle(self, running: _Running, result: InvocationResult) -> None:
        invocation = Invocation(
            result=result,
            request_id=running.job.request_id,
            cold=self._cold,
            duration=self._loop.time() - running.since,
            init_duration=self._init_duration if self._cold else None,
        )
        self._running = None
        self._cold = False
        self._alarm.stop()
        self._log.finished(invocation, self._process.pid if self._process else None)
        running.job.end(invocation)

    def _time_out(self) -> None:
        if self._running is not None:
            self._settle(self._running, TimedOut(self._function.timeout))
        self.kill()

    def _time_out_init(self) -> None:
        self._init_failure = TimedOut(self._context.settings.init_timeout)
        self.kill()

    def _end(self, reason: str) -> None:
        self._alarm.close()
        if self._running is not None:
            message = f"RequestId: {self._running.job.request_id} Error: {reason}"
            self._settle(self._running, Failed(EXIT_ERROR, message))
        if not self.is_initialised:
            self._init_failure = self._init_failure or Failed(EXIT_ERROR, reason)
            self._log.init_failed(self._loop.time() - self._spawned_at, self._init_failure)
            self.initialised.set_result(self._init_failure)
        undelivered, self._undelivered = self._undelivered, None
        self._owner.environment_ended(self, self._init_failure, undelivered)
