"""Runs jobs at the same time, step by step, in an order that a test chooses.

Each call of a store is a step. A schedule says whose step is next, so that every run of a test is
the same run.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import cast

TIMEOUT = 10


@dataclass
class StepScheduler:
    """Runs jobs in threads, one step of one job at a time."""

    back: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    go: dict[int, threading.Semaphore] = field(default_factory=dict)
    failures: list[BaseException] = field(default_factory=list)

    def step(self) -> None:
        """The end of a step; does nothing outside of a job."""
        mine = self.go.get(threading.get_ident())
        if mine is not None:
            self.back.release()
            assert mine.acquire(timeout=TIMEOUT)

    def run(self, jobs: Sequence[Callable[[], object]], schedule: Sequence[int]) -> None:
        """Run all jobs; when the schedule is at its end, one after the other."""
        alive = [self._start(job) for job in jobs]
        turns = iter(schedule)
        while alive:
            _, mine = alive[next(turns, 0) % len(alive)]
            mine.release()
            assert self.back.acquire(timeout=TIMEOUT)
            alive = [each for each in alive if each[0].ident in self.go]
        assert self.failures == []

    def _start(self, job: Callable[[], object]) -> tuple[threading.Thread, threading.Semaphore]:
        mine, started = threading.Semaphore(0), threading.Event()

        def main() -> None:
            self.go[threading.get_ident()] = mine
            started.set()
            assert mine.acquire(timeout=TIMEOUT)
            try:
                job()
            except BaseException as failure:
                self.failures.append(failure)
            del self.go[threading.get_ident()]
            self.back.release()

        thread = threading.Thread(target=main, daemon=True)
        thread.start()
        assert started.wait(TIMEOUT)
        return thread, mine


class Stepwise:
    """A store each call of which is a step."""

    def __init__(self, store: object, step: Callable[[], None]) -> None:
        self._store, self._step = store, step

    def __getattr__(self, name: str) -> Callable[..., object]:
        method = cast("Callable[..., object]", getattr(self._store, name))

        def call(*arguments: object) -> object:
            self._step()
            return method(*arguments)

        return call
