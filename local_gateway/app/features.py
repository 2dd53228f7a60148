"""The optional parts of a run; each attaches itself to what is served, if it is asked for."""

import asyncio
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from local_gateway.app.gateway import Gateway
from local_gateway.app.lambda_api import serve_lambda_api
from local_gateway.app.sam_local import PreparedBuild, older_than_sources
from local_gateway.app.version import Version
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.event_sources.clock import WarpedClock
from local_gateway.event_sources.service import EventSources
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.site import SEGMENT, InspectorSite, why_unavailable
from local_gateway.recording.recorder import CallRecorder, Recording, RecordingInvoker
from local_gateway.recording.writer import RecordFile
from local_gateway.records import Observe, observe_all
from local_gateway.runtime.log_tail import LogTails
from local_gateway.sam_local.build import SamLocalBuild
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.server.faults import FaultInjector
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.server.lambda_api import LambdaApi
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal


@dataclass(kw_only=True)
class Run:
    """One run of the gateway, as features see it before its first process starts.

    A feature adds to `observers` what takes records, to `middleware` what wraps the invoker, to
    `when_serving` what starts once the APIs answer, to `when_reloaded` what takes a later version,
    and to `exits` what ends with the run. `when_waiting` is called if `--lambda-endpoint` does not
    answer yet; without it that is an error. `build_command` makes what containers run.
    """

    settings: GatewaySettings
    terminal: Terminal
    ports: BoundPorts
    aws: MotoServer
    version: Version
    exits: AsyncExitStack
    observers: list[Observe] = field(default_factory=list)
    middleware: list[Callable[[Invoker], Invoker]] = field(default_factory=list)
    faults: FaultInjector | None = None
    when_waiting: Callable[[], None] | None = None
    build_command: str | None = None
    when_serving: list[Callable[[Gateway, Invoker], Awaitable[None]]] = field(default_factory=list)
    when_reloaded: list[Callable[[Application], None]] = field(default_factory=list)

    @property
    def observe(self) -> Observe:
        """Hands each record to all observers."""
        return observe_all(self.observers)


def attach_sam_local(run: Run) -> None:
    """`--sam-local`: write what `sam local` needs to work with this run, and print its options."""
    directory, terminal = run.settings.sam_local, run.terminal
    if directory is None:
        return
    build, version = SamLocalBuild(directory, run.settings.parameter_overrides), run.version
    prepared = PreparedBuild(
        build,
        version.application,
        aws_endpoint_url=run.aws.endpoint_url,
        ports=run.ports,
        terminal=terminal,
    )

    def say_how_to_start() -> None:
        url = run.settings.lambda_endpoint or ""
        terminal.say(f"Waiting for {url}; in another terminal: {build.start_lambda(url)}")

    async def watch(_: Gateway, __: Invoker) -> None:
        task = asyncio.create_task(prepared.watch())
        run.exits.push_async_callback(asyncio.wait, [task])
        run.exits.callback(task.cancel)

    if outdated := older_than_sources(build, version):
        terminal.warn(f"{', '.join(outdated)}: newer than the build; run `{build.build_command}`")
    prepared.write()
    terminal.say(f"In a container: sam local invoke FUNCTION -e EVENT {build.options}")
    if run.settings.bridge is None:
        terminal.warn(
            "containers reach this machine by its loopback address only, and only with Docker "
            "Desktop; with another engine, give the address of its bridge with --bridge"
        )
    run.when_waiting = say_how_to_start
    run.when_serving.append(watch)
    run.when_reloaded.append(prepared.replace)
    run.build_command = build.build_command


def attach_recording(run: Run) -> None:
    """`--record`: write every invocation and every call of the management API to a file."""
    path, redacted = run.settings.record, not run.settings.record_secrets
    if path is None:
        return
    file = run.exits.enter_context(RecordFile(path, redacted=redacted, warn=run.terminal.warn))
    recording = Recording(file, ClockAndIds())
    run.observers.append(CallRecorder(recording).observe)
    run.middleware.append(lambda invoker: RecordingInvoker(invoker, recording))


def attach_inspector(run: Run) -> None:
    """The live traffic page, unless `--no-inspector` or something else is at its path."""
    if not run.settings.inspector:
        return
    problem = why_unavailable(run.settings.hosts, run.version.origins[0])
    if problem is not None:
        run.terminal.warn(f"no live traffic page: {problem}")
        return
    inspector = Inspector()
    run.observers.append(inspector.observe)

    async def mount(gateway: Gateway, _: Invoker) -> None:
        site = InspectorSite(
            inspector,
            gateway,
            lambda: {
                "region": run.settings.region,
                "aws_endpoint_url": run.aws.endpoint_url,
                "outputs": dict(gateway.outputs),
                "resources": dict(gateway.resources),
            },
        )
        gateway.mount(SEGMENT, site.handle)
        run.exits.push_async_callback(site.close)
        run.terminal.say(f"Live traffic: {run.ports.url(0, 'localhost')}/{SEGMENT}")

    run.when_serving.append(mount)


def attach_event_sources(run: Run) -> None:
    """What invokes functions beside the APIs: other functions, queues, rules, schedules.

    The AWS services of this run pass invocations on to a Lambda API that listens for them alone.
    """
    tails = LogTails()
    run.observers.append(tails.observe)

    async def start(gateway: Gateway, invoker: Invoker) -> None:
        event_sources = EventSources(
            run.aws.endpoint_url,
            invoker=invoker,
            observe=run.observe,
            clock=WarpedClock(run.settings.warp),
            sources=ClockAndIds(),
        )
        run.exits.push_async_callback(event_sources.close)
        gateway.integrations.accept = event_sources.accept
        run.when_reloaded.append(event_sources.follow)
        lambda_api = LambdaApi(
            invoker,
            event_sources.asynchronous.accept,
            log_tails=tails,
            clock=ClockAndIds(),
            observe=run.observe,
        )
        run.when_reloaded.append(lambda_api.serve)
        lambda_api.serve(run.version.application)
        await serve_lambda_api(lambda_api, run.aws, run.observe, run.exits)
        await event_sources.deploy(run.version.application)

    run.when_serving.append(start)


def attach_chaos(run: Run) -> None:
    """`--chaos`: let things go wrong."""
    chaos, terminal = run.settings.chaos, run.terminal
    if chaos is None:
        return
    run.faults = FaultInjector(chaos, observe=run.observe, clock=ClockAndIds())

    async def announce(_: Gateway, __: Invoker) -> None:
        terminal.say(f"Chaos: {chaos}")

    run.when_serving.append(announce)


FEATURES = (
    attach_sam_local,
    attach_inspector,
    attach_recording,
    attach_event_sources,
    attach_chaos,
)
