"""An invocation from its arrival to its answer."""

import asyncio
import secrets
import time
import uuid
from dataclasses import dataclass, field

from local_gateway.core.results import InvocationResult
from local_gateway.runtime.settings import Invocation

# What a waiting invocation costs beside its payload, roughly.
_OVERHEAD_BYTES = 1024


@dataclass(slots=True, eq=False)
class Job:
    """`answer` is cancelled when the caller gave up; the handler, if it runs, runs on.

    A `fatal` job ends the environment that it is delivered to. `queued_at` is the loop's time.
    """

    payload: bytes
    trace_id: str
    answer: asyncio.Future[Invocation]
    fatal: bool = False
    request_id: str = field(default_factory=lambda: str(uuid.uuid4()))
    expiry: asyncio.TimerHandle | None = None
    queued_at: float = 0.0

    @property
    def size(self) -> int:
        """Bytes that the job holds while it waits."""
        return len(self.payload) + _OVERHEAD_BYTES

    def end(self, invocation: Invocation) -> None:
        """Answer, unless nobody waits any more."""
        if not self.answer.done():
            self.answer.set_result(invocation)

    def end_without_environment(self, result: InvocationResult) -> None:
        """Answer a job that never reached a handler."""
        self.end(Invocation(result=result, request_id=self.request_id, cold=False, duration=0.0))


def new_job(payload: bytes, trace_id: str | None, *, fatal: bool = False) -> Job:
    """A job for the running loop, with a trace id made up as X-Ray would when it has none."""
    answer: asyncio.Future[Invocation] = asyncio.get_running_loop().create_future()
    return Job(payload, trace_id or _new_trace_id(), answer, fatal)


def _new_trace_id() -> str:
    root = f"1-{int(time.time()):08x}-{secrets.token_hex(12)}"
    return f"Root={root};Parent={secrets.token_hex(8)};Sampled=0"
