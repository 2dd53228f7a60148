"""Keeps the output of `sam build` ready for `sam local`, as long as the gateway runs."""

import asyncio
from urllib.parse import urlsplit

from local_gateway.app.addresses import with_local_variables
from local_gateway.app.version import Version
from local_gateway.core.model import Application
from local_gateway.core.ports import assign_ports
from local_gateway.errors import GatewayError
from local_gateway.sam_local.build import SamLocalBuild
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.terminal.terminal import Terminal
from local_gateway.watching.snapshot import Files, Snapshot, take_snapshot
from local_gateway.watching.watch import Watch, WatchError

_NO_FILES: Files = frozenset()


class PreparedBuild:
    """A build with the two files of this run beside it.

    `sam build` deletes the whole directory first and writes the built template last. Until then
    every call fails; then the files are written again.
    """

    def __init__(
        self,
        build: SamLocalBuild,
        application: Application,
        *,
        aws_endpoint_url: str,
        ports: BoundPorts,
        terminal: Terminal,
    ) -> None:
        self._build = build
        self._application = application
        self._aws_endpoint_url = aws_endpoint_url
        self._ports = ports
        self._terminal = terminal
        self._template = _NO_FILES

    def write(self) -> None:
        """Write the files; raises `GatewayError` without a build."""
        template, application = self._snapshot(), self._application
        origins = assign_ports(application)
        local = with_local_variables(application, origins, self._ports)
        numbers = [self._ports.port(at) for at, _ in enumerate(self._ports)]
        numbers.append(urlsplit(self._aws_endpoint_url).port or 0)
        if self._build.write(local, self._aws_endpoint_url, numbers):
            self._terminal.warn(
                "the variables of the containers changed; restart `sam local`, which reads them "
                "when it starts"
            )
        self._template = template.files[self._build.template]

    def replace(self, application: Application) -> None:
        """Write the files for a reloaded application, unless the build is being replaced."""
        self._application = application
        # A file that appears in the directory while `sam build` deletes it would end the build.
        if all(file.is_file() for file in self._build.files):
            self._write_or_warn()

    async def watch(self) -> None:
        """Write the files again after each build, until cancelled."""
        watch = Watch()
        try:
            while True:
                snapshot = await asyncio.to_thread(self._snapshot)
                await watch.follow(snapshot.directories)
                self._look_at(snapshot.files[self._build.template])
                await watch.changed()
        except WatchError as error:
            self._terminal.warn(
                f"builds are no longer noticed: {error}; restart the gateway after `sam build`"
            )
        finally:
            await watch.close()

    def _snapshot(self) -> Snapshot:
        return take_snapshot([self._build.template])

    def _look_at(self, template: Files) -> None:
        if template == self._template:
            return
        if template == _NO_FILES:
            self._template = template
            self._terminal.warn("the build is gone; calls fail until `sam build` is done")
        elif self._write_or_warn():
            self._terminal.say("Built: sam-local.json and env.json are written again")

    def _write_or_warn(self) -> bool:
        try:
            self.write()
        except GatewayError as error:
            if self._build.template.is_file():  # otherwise the next change shows that it is gone
                self._terminal.warn(str(error))
            return False
        return True


def older_than_sources(build: SamLocalBuild, version: Version) -> list[str]:
    """The functions with a file that is newer than the build."""
    try:
        built = build.template.stat().st_mtime_ns
    except OSError:
        return []
    return [
        name
        for name, roots in version.code.items()
        if any(
            modified > built for root in roots for _, modified, _ in version.snapshot.files[root]
        )
    ]
