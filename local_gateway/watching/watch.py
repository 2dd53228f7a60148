"""Waits for changes in directories, without polling."""

import asyncio
import contextlib
from collections.abc import Iterable
from pathlib import Path

from watchfiles import Change, awatch

from local_gateway.errors import GatewayError
from local_gateway.watching.snapshot import Directory, is_source

# Changes are reported after this much quiet, and at the latest this long after the first.
QUIET_MS = 50
LONGEST_MS = 1600


class WatchError(GatewayError):
    """The operating system does not report changes, for example because of a limit."""


class Watch:
    """Reports that something in directories has changed, but not what.

    Belongs to the running event loop. Subdirectories are not included.
    """

    def __init__(self) -> None:
        self._changed = asyncio.Event()
        self._followed: frozenset[Directory] = frozenset()
        self._task: asyncio.Task[None] | None = None
        self._problem: WatchError | None = None

    async def follow(self, directories: frozenset[Directory]) -> None:
        """Watch these directories only; if they are new ones, that counts as a change."""
        if directories == self._followed:
            return
        await self.close()
        self._followed = directories
        paths = [path for path, _ in directories]
        self._task = asyncio.create_task(self._listen(paths))
        # Changes before the task listens are not reported, so the caller has to look.
        asyncio.get_running_loop().call_soon(self._changed.set)

    async def changed(self) -> None:
        """Wait for a change; raises `WatchError` when the directories cannot be watched."""
        await self._changed.wait()
        self._changed.clear()
        if self._problem is not None:
            raise self._problem

    async def close(self) -> None:
        """Stop watching."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.wait({self._task})
            self._task = None

    async def _listen(self, paths: list[Path]) -> None:
        followed = _resolved(paths)
        changes = awatch(
            *paths, watch_filter=_matters, recursive=False, step=QUIET_MS, debounce=LONGEST_MS
        )
        try:
            async with contextlib.aclosing(changes):
                async for batch in changes:
                    deleted = [path for change, path in batch if change is Change.deleted]
                    if not followed.isdisjoint(_resolved(deleted)):
                        # What is created in its place is not watched, even with the same inode.
                        self._followed = frozenset()
                    self._changed.set()
        except FileNotFoundError:
            self._followed = frozenset()  # a directory was deleted: follow again
            self._changed.set()
        except (OSError, RuntimeError) as error:  # the latter for the library's own errors
            self._problem = WatchError(f"files cannot be watched here: {error}")
            self._changed.set()


def _resolved(paths: Iterable[Path | str]) -> set[Path]:
    return {Path(path).resolve() for path in paths}


def _matters(_: Change, path: str) -> bool:
    return is_source(Path(path).name)
