"""Reloads changed files: reads the template again, warms the new code, then switches to it."""

import asyncio
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Protocol

from local_gateway.app.version import Version, VersionReader
from local_gateway.core.model import Application, LambdaFunction
from local_gateway.core.ports import ApiPort
from local_gateway.errors import GatewayError
from local_gateway.event_sources.threads import in_thread
from local_gateway.terminal.terminal import Terminal
from local_gateway.watching.snapshot import Snapshot, take_snapshot
from local_gateway.watching.watch import Watch, WatchError

type Deploy = Callable[[Application, list[ApiPort]], None]


class Functions(Protocol):
    """What runs the functions; `LambdaRuntime` documents the methods."""

    def hold(self, functions: Set[str]) -> None: ...
    async def replace(self, functions: Mapping[str, LambdaFunction], changed: Set[str]) -> None: ...


@dataclass(frozen=True, slots=True)
class _Failure:
    """The files when a reload failed, and the reason."""

    snapshot: Snapshot
    reason: str


class Reloader:
    """Watches the files of the served version and replaces the version when they change.

    `deploy` is called with each new version's application and origins, after its functions are
    warm. While the files have errors the previous version is served. Containers run functions as
    `build_command` built them, so it is printed when they change. `remote_functions` run there
    only: their code is not reloaded.
    """

    def __init__(
        self,
        reader: VersionReader,
        version: Version,
        *,
        aws_endpoint_url: str,
        functions: Functions,
        deploy: Deploy,
        terminal: Terminal,
        build_command: str | None = None,
        remote_functions: bool = False,
    ) -> None:
        self._reader = reader
        self._serving = version
        self._aws_endpoint_url = aws_endpoint_url
        self._functions = functions
        self._deploy = deploy
        self._terminal = terminal
        self._build_command = build_command
        self._remote_functions = remote_functions
        self._failure: _Failure | None = None

    async def run(self) -> None:
        """Watch and reload until cancelled; if watching is impossible, warn and return."""
        watch = Watch()
        try:
            while True:
                roots = self._roots()
                snapshot = await in_thread(partial(take_snapshot, roots))
                await watch.follow(snapshot.directories)
                await self._reload_if_changed(snapshot)
                if self._roots() == roots:
                    await watch.changed()
        except WatchError as error:
            self._terminal.warn(f"changes are no longer reloaded: {error}; restart to load them")
        finally:
            await watch.close()

    def _roots(self) -> Set[Path]:
        if self._failure is None:
            return self._serving.roots
        return self._serving.roots | self._reader.promised_roots()

    async def _reload_if_changed(self, snapshot: Snapshot) -> None:
        before = self._failure.snapshot if self._failure is not None else self._serving.snapshot
        if snapshot.same(before, snapshot.files):
            return
        # A new environment would run the changed code in the served version.
        self._functions.hold(self._serving.functions_with_other_code(snapshot))
        started = asyncio.get_running_loop().time()
        try:
            changes = await self._reload()
        except Exception as error:  # a half-saved file must not end the gateway
            self._failed(snapshot, error)
        else:
            self._failure = None
            self._functions.hold(frozenset())
            seconds = asyncio.get_running_loop().time() - started
            self._say(changes, seconds)

    def _say(self, changes: "_Changes", seconds: float) -> None:
        reloaded = [*changes.template_files, *changes.functions, *changes.removed_functions]
        if self._build_command is not None and changes.functions:
            self._terminal.say(
                f"Changed: {', '.join(changes.functions)}; functions that were built run the old "
                f"code until you run `{self._build_command}`"
            )
        if self._remote_functions and changes.functions:
            reloaded = [*changes.template_files, *changes.removed_functions]
            if not reloaded:
                return
        self._terminal.say(f"Reloaded: {', '.join(reloaded) or 'no change'} ({seconds:.1f} s)")

    async def _reload(self) -> "_Changes":
        """Serve the files as they are now."""
        later = await in_thread(self._read)
        before = self._serving
        changed = before.functions_changed_in(later)
        await self._functions.replace(later.application.functions, changed)
        self._deploy(later.application, later.origins)
        self._serving = later
        for warning in later.warnings:
            if warning not in before.warnings:
                self._terminal.warn(warning)
        return _changes(before, later, changed)

    def _read(self) -> Version:
        self._reader.load()
        return self._reader.finish(self._aws_endpoint_url)

    def _failed(self, snapshot: Snapshot, error: Exception) -> None:
        """Warn, unless the last warning was about the same files and said the same."""
        text = str(error) if isinstance(error, GatewayError) else f"{type(error).__name__}: {error}"
        reason, before = " ".join(text.split()), self._failure
        self._failure = _Failure(snapshot, reason)
        is_repeated = (
            before is not None
            and before.reason == reason
            and snapshot.same(before.snapshot, before.snapshot.files)
        )
        if not is_repeated:
            self._terminal.warn(f"not reloaded, the previous version is still served: {reason}")


@dataclass(frozen=True, slots=True)
class _Changes:
    """The names of what a reload changed."""

    template_files: list[str]
    functions: list[str]
    removed_functions: list[str]


def _changes(before: Version, later: Version, changed: Set[str]) -> _Changes:
    old, new = before.application.functions, later.application.functions
    templates = before.template_files | later.template_files
    return _Changes(
        sorted(file.name for file in templates if not before.snapshot.same(later.snapshot, [file])),
        [name for name in new if name in changed or name not in old],
        [f"{name} (removed)" for name in old if name not in new],
    )
