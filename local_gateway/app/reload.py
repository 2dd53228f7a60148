"""Serves what a developer saves: reads again, warms the new code, then switches."""

import asyncio
from collections.abc import Callable, Mapping, Set
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from local_gateway.app.version import Version, VersionReader
from local_gateway.core.model import Application, LambdaFunction
from local_gateway.core.ports import Origin
from local_gateway.errors import GatewayError
from local_gateway.terminal.terminal import Terminal
from local_gateway.watching.snapshot import Snapshot, take_snapshot
from local_gateway.watching.watch import Watch, WatchError

type Deploy = Callable[[Application, list[Origin]], None]


class Functions(Protocol):
    """What runs the functions; see `LambdaRuntime`."""

    def hold(self, functions: Set[str]) -> None:
        """Start no environments of these as long as one works."""

    async def replace(self, functions: Mapping[str, LambdaFunction], changed: Set[str]) -> None:
        """Run these functions from now on, or raise `GatewayError` and change nothing."""


@dataclass(frozen=True, slots=True)
class _Failure:
    """What was seen when a reload failed, and why it did."""

    seen: Snapshot
    text: str


class Reloader:
    """Watches the files of the version that is served and replaces it when they change.

    `deploy` is called with each new version's application and origins, after its functions are
    warm. While the files are broken the version from before goes on.
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
    ) -> None:
        self._reader = reader
        self._serving = version
        self._aws_endpoint_url = aws_endpoint_url
        self._functions = functions
        self._deploy = deploy
        self._terminal = terminal
        self._failure: _Failure | None = None

    async def run(self) -> None:
        """Watch and reload until cancelled; returns, with a line, if watching is impossible."""
        watch = Watch()
        try:
            while True:
                roots = self._roots()
                seen = await asyncio.to_thread(take_snapshot, roots)
                await watch.follow(seen.directories)
                await self._look(seen)
                if self._roots() == roots:
                    await watch.news()
        except WatchError as error:
            self._terminal.warn(f"changes are not noticed any more: {error}; restart to see them")
        finally:
            await watch.close()

    def _roots(self) -> Set[Path]:
        if self._failure is None:
            return self._serving.roots
        return self._serving.roots | self._reader.promised_roots()

    async def _look(self, seen: Snapshot) -> None:
        before = self._failure.seen if self._failure is not None else self._serving.snapshot
        if seen.same(before, seen.files):
            return
        # What is started from now on would not run the code that is served.
        self._functions.hold(self._serving.functions_with_other_code(seen))
        started = asyncio.get_running_loop().time()
        try:
            what = await self._reload()
        except Exception as error:  # whatever is half saved must not end the gateway
            self._failed(seen, error)
        else:
            self._failure = None
            self._functions.hold(frozenset())
            seconds = asyncio.get_running_loop().time() - started
            self._terminal.say(f"Reloaded: {', '.join(what) or 'as before'} ({seconds:.1f} s)")

    async def _reload(self) -> list[str]:
        """Serve the files as they are; the names of what is different then."""
        later = await asyncio.to_thread(self._read)
        before = self._serving
        changed = before.functions_changed_in(later)
        await self._functions.replace(later.application.functions, changed)
        self._deploy(later.application, later.origins)
        self._serving = later
        for warning in later.warnings:
            if warning not in before.warnings:
                self._terminal.warn(warning)
        return _differences(before, later, changed)

    def _read(self) -> Version:
        self._reader.load()
        return self._reader.finish(self._aws_endpoint_url)

    def _failed(self, seen: Snapshot, error: Exception) -> None:
        """Say so, once for each time that something was saved."""
        text = str(error) if isinstance(error, GatewayError) else f"{type(error).__name__}: {error}"
        failure, before = _Failure(seen, " ".join(text.split())), self._failure
        self._failure = failure
        is_known = before is not None and before.text == failure.text
        if not (is_known and before is not None and seen.same(before.seen, before.seen.files)):
            self._terminal.warn(f"not reloaded, the version from before goes on: {failure.text}")


def _differences(before: Version, later: Version, changed: Set[str]) -> list[str]:
    old, new = before.application.functions, later.application.functions
    templates = before.template_files | later.template_files
    return [
        *sorted(
            file.name for file in templates if not before.snapshot.same(later.snapshot, [file])
        ),
        *(name for name in new if name in changed or name not in old),
        *(f"{name} (removed)" for name in old if name not in new),
    ]
