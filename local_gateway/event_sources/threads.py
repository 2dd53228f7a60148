"""Blocking calls from the event loop, each in a thread that ends with the program.

A long poll takes up to 20 seconds: the threads of an executor would hold up the end of the
program, and use up the few that others need.
"""

import asyncio
import contextlib
import threading
from collections.abc import Callable


def begin_in_thread(call: Callable[[], object]) -> None:
    """Run `call` and forget what comes of it."""

    def run() -> None:
        with contextlib.suppress(Exception):
            call()

    threading.Thread(target=run, daemon=True).start()


async def in_thread[T](call: Callable[[], T], unwanted: Callable[[T], object] | None = None) -> T:
    """The result of `call`, or the exception it raises.

    When the caller is cancelled the call runs on; its result goes to `unwanted`,
    which may block too.
    """
    running = _Call(call, unwanted)
    threading.Thread(target=running.run, daemon=True).start()
    try:
        return await running.future
    except asyncio.CancelledError:
        running.give_up()
        raise


class _Call[T]:
    def __init__(self, call: Callable[[], T], unwanted: Callable[[T], object] | None) -> None:
        self._call = call
        self._unwanted = unwanted
        self._loop = asyncio.get_running_loop()
        self.future: asyncio.Future[T] = self._loop.create_future()

    def run(self) -> None:
        """In the thread; at the end of the program the loop is closed, which is an error."""
        with contextlib.suppress(RuntimeError):
            try:
                result = self._call()
            except Exception as error:
                self._loop.call_soon_threadsafe(self._fail, error)
            else:
                self._loop.call_soon_threadsafe(self._settle, result)

    def give_up(self) -> None:
        """The caller was cancelled, perhaps between the result's arrival and its own turn."""
        if self.future.done() and not self.future.cancelled() and not self.future.exception():
            self._give_back(self.future.result())

    def _settle(self, result: T) -> None:
        if self.future.done():
            self._give_back(result)
        else:
            self.future.set_result(result)

    def _fail(self, error: Exception) -> None:
        if not self.future.done():
            self.future.set_exception(error)

    def _give_back(self, result: T) -> None:
        unwanted = self._unwanted
        if unwanted is not None:
            begin_in_thread(lambda: unwanted(result))
