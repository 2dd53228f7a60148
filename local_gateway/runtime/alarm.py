"""A timer that is set again for every invocation, at little cost."""

import asyncio
from collections.abc import Callable


class Alarm:
    """Calls an action at its time, unless the alarm is set again or stopped before.

    The loop's timer stays as long as it is not too late; if it is too early, it is set again. Most
    alarms are stopped within milliseconds, long before their time.
    """

    def __init__(self, loop: asyncio.AbstractEventLoop) -> None:
        self._loop = loop
        self._due = 0.0
        self._action: Callable[[], None] | None = None
        self._timer: asyncio.TimerHandle | None = None

    def set(self, seconds: float, action: Callable[[], None]) -> None:
        """Call `action` in so many seconds, in place of the action before it."""
        self._due = self._loop.time() + seconds
        self._action = action
        if self._timer is None or self._timer.when() > self._due:
            self._start()

    def stop(self) -> None:
        """Do not call the action."""
        self._action = None

    def close(self) -> None:
        """Stop, and remove the timer from the loop."""
        self._action = None
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None

    def _start(self) -> None:
        if self._timer is not None:
            self._timer.cancel()
        self._timer = self._loop.call_at(self._due, self._ring)

    def _ring(self) -> None:
        self._timer = None
        action = self._action
        if action is None:
            return
        if self._loop.time() < self._due:
            self._start()
            return
        self._action = None
        action()
