"""Jobs: invocations from their arrival to their answer, and the queue of those that wait."""

import asyncio
import secrets
import time
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import partial

from local_gateway.core.invocation import Invocation, InvocationResult, Throttled
from local_gateway.core.lambda_api.lineage import with_invocation
from local_gateway.runtime.alarm import Alarm

# The rough size of a waiting invocation besides its payload.
_OVERHEAD_BYTES = 1024


def _new_request_id() -> str:
    """A random UUID; `uuid` would take several times as long."""
    text = secrets.token_hex(16)
    return f"{text[:8]}-{text[8:12]}-4{text[13:16]}-a{text[17:20]}-{text[20:]}"


def _new_trace_id() -> str:
    text = secrets.token_hex(20)
    return f"Root=1-{int(time.time()):08x}-{text[:24]};Parent={text[24:]};Sampled=0"


@dataclass(slots=True, eq=False)
class Job:
    """`answer` is cancelled if the caller gives up; a running handler continues.

    `queued_at` is the loop's time.
    """

    payload: bytes
    trace_id: str
    answer: asyncio.Future[Invocation]
    request_id: str = field(default_factory=_new_request_id)
    queued_at: float = 0.0

    @property
    def size(self) -> int:
        """Its size in bytes while it waits."""
        return len(self.payload) + _OVERHEAD_BYTES

    def end(self, invocation: Invocation) -> None:
        """Answer, unless the caller has given up."""
        if not self.answer.done():
            self.answer.set_result(invocation)

    def end_without_environment(self, result: InvocationResult) -> None:
        """Answer a job that no handler has seen."""
        self.end(Invocation(result=result, request_id=self.request_id, cold=False, duration=0.0))


def new_job(
    payload: bytes,
    trace_id: str | None,
    request_id: str | None = None,
    *,
    function_key: str = "",
) -> Job:
    """A job for the running loop, with new ids where none are given.

    The function is added to the chain that the trace id describes.
    """
    answer: asyncio.Future[Invocation] = asyncio.get_running_loop().create_future()
    trace_id = trace_id or _new_trace_id()
    if function_key:
        trace_id = with_invocation(trace_id, function_key)
    return Job(payload, trace_id, answer, request_id or _new_request_id())


class JobQueue:
    """The jobs that wait, in the order of their arrival; after `seconds` a job is throttled.

    A job whose caller gives up leaves the queue. `size` is what all of them hold, in bytes.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop, seconds: float) -> None:
        self.size = 0
        self._loop = loop
        self._seconds = seconds
        self._jobs: OrderedDict[Job, None] = OrderedDict()
        self._expiry = Alarm(loop)

    def __len__(self) -> int:
        return len(self._jobs)

    def __iter__(self) -> Iterator[Job]:
        return iter(self._jobs)

    def append(self, job: Job, *, first: bool = False) -> None:
        """Add a job, as the last or as the first."""
        self._jobs[job] = None
        if first:
            self._jobs.move_to_end(job, last=False)
        self.size += job.size
        job.queued_at = self._loop.time()
        job.answer.add_done_callback(partial(self._remove, job))
        if len(self._jobs) == 1:
            self._expiry.set(self._seconds, self._expire)

    def pop(self) -> Job:
        """Remove and return the first job."""
        job = next(iter(self._jobs))
        self._remove(job)
        return job

    def close(self) -> None:
        """Stop the timer: jobs are no longer throttled."""
        self._expiry.close()

    def _remove(self, job: Job, *_: object) -> None:
        if job in self._jobs:
            del self._jobs[job]
            self.size -= job.size

    def _expire(self) -> None:
        limit = self._loop.time() - self._seconds
        while self._jobs:
            oldest = next(iter(self._jobs))
            if oldest.queued_at > limit:
                self._expiry.set(oldest.queued_at - limit, self._expire)
                return
            self.pop().end_without_environment(Throttled())
