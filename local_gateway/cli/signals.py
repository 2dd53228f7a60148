"""Ends the program in order when it gets a signal."""

import asyncio
import signal
from collections.abc import Coroutine


def run_until_interrupted[T](work: Coroutine[None, None, T]) -> T:
    """Run in a new event loop; SIGINT, SIGTERM and SIGHUP cancel it.

    Raises `asyncio.CancelledError` then, after `work` has cleaned up.
    """
    return asyncio.run(_until_interrupted(work))


async def _until_interrupted[T](work: Coroutine[None, None, T]) -> T:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(work)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    return await task
