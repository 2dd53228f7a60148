"""The jobs that wait for an environment, in the order of their arrival."""

import asyncio
from collections import OrderedDict
from collections.abc import Iterator
from functools import partial

from local_gateway.core.invocation import Throttled
from local_gateway.runtime.alarm import Alarm
from local_gateway.runtime.job import Job


class JobQueue:
    """Forgets jobs that nobody waits for any more, throttles those that have waited `seconds`.

    `size` is what all of them hold, in bytes.
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
        """Let a job wait, as the last or as the first."""
        self._jobs[job] = None
        if first:
            self._jobs.move_to_end(job, last=False)
        self.size += job.size
        job.queued_at = self._loop.time()
        job.answer.add_done_callback(partial(self._forget, job))
        if len(self._jobs) == 1:
            self._expiry.set(self._seconds, self._expire)

    def pop(self) -> Job:
        """Take the job that has waited longest."""
        job = next(iter(self._jobs))
        self._forget(job)
        return job

    def close(self) -> None:
        """Let go of the loop; nothing is throttled any more."""
        self._expiry.close()

    def _forget(self, job: Job, *_: object) -> None:
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
