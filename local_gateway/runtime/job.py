"""An invocation from its arrival to its answer."""

import asyncio
import secrets
import time
from dataclasses import dataclass, field

from local_gateway.core.invocation import Invocation, InvocationResult

# What a waiting invocation costs beside its payload, roughly.
_OVERHEAD_BYTES = 1024


def _new_request_id() -> str:
    """A random UUID; the standard library takes several times as long."""
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _new_trace_id() -> str:
    text = secrets.token_hex(20)
    return f"Root=1-{int(time.time()):08x}-{text[:24]};Parent={text[24:]};Sampled=0"


@dataclass(slots=True, eq=False)
class Job:
    """`answer` is cancelled when the caller gave up; the handler, if it runs, runs on.

    A `fatal` job ends the environment that it is delivered to. `queued_at` is the loop's time.
    """

    payload: bytes
    trace_id: str
    answer: asyncio.Future[Invocation]
    fatal: bool = False
    request_id: str = field(default_factory=_new_request_id)
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
