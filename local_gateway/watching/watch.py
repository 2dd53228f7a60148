"""Waits for news about directories, without asking them again and again."""

import asyncio
import contextlib
from pathlib import Path

from watchfiles import Change, awatch

from local_gateway.errors import GatewayError
from local_gateway.watching.snapshot import Directory, is_source

# News come once nothing more has happened for so long, or so long after the first at the latest.
QUIET_MS = 50
LONGEST_MS = 1600


class WatchError(GatewayError):
    """The operating system does not tell of changes: a limit of it, for example."""


class Watch:
    """Tells that something has happened in directories, not what: look for yourself.

    Belongs to the running event loop. Subdirectories are not included: name them.
    """

    def __init__(self) -> None:
        self._news = asyncio.Event()
        self._followed: frozenset[Directory] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._problem: WatchError | None = None

    async def follow(self, directories: frozenset[Directory]) -> None:
        """Watch these and no others from now on; news follow if they are others than before."""
        if directories == self._followed:
            return
        await self.close()
        self._followed = directories
        paths = [path for path, _ in directories]
        self._task = asyncio.create_task(self._listen(paths))
        # What happened before the task has begun to listen has to be looked for.
        asyncio.get_running_loop().call_soon(self._news.set)

    async def news(self) -> None:
        """Return once something has happened; raises `WatchError` when that cannot be known."""
        await self._news.wait()
        self._news.clear()
        if self._problem is not None:
            raise self._problem

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _listen(self, paths: list[Path]) -> None:
        changes = awatch(
            *paths, watch_filter=_matters, recursive=False, step=QUIET_MS, debounce=LONGEST_MS
        )
        try:
            async with contextlib.aclosing(changes):
                async for _ in changes:
                    self._news.set()
        except FileNotFoundError:
            self._followed = frozenset()  # one has gone meanwhile: to be followed anew
            self._news.set()
        except (OSError, RuntimeError) as error:  # the latter for the library's own errors
            self._problem = WatchError(f"files cannot be watched here: {error}")
            self._news.set()


def _matters(_: Change, path: str) -> bool:
    return is_source(Path(path).name)
