"""The composition root: from settings to a running gateway, and back down."""

import asyncio
from collections.abc import Callable
from contextlib import AsyncExitStack
from typing import Any

from local_gateway.app.gateway import Gateway, Surroundings
from local_gateway.app.observers import Observer, Observers
from local_gateway.app.ready_hook import ACCESS_KEY_ID, SECRET_ACCESS_KEY
from local_gateway.app.reload import Deploy, Reloader
from local_gateway.app.sam_local import Containers, containers_of
from local_gateway.app.startup import make_runtime, read_version, run_hook, warm
from local_gateway.app.version import VersionReader
from local_gateway.aws_services.server import MotoServer
from local_gateway.core.limits import Limits
from local_gateway.core.model import Application
from local_gateway.core.ports import Origin
from local_gateway.event_sources.clock import WarpedClock
from local_gateway.event_sources.service import EventSources
from local_gateway.inspector.availability import obstacle
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.site import SEGMENT, InspectorSite
from local_gateway.recording.recorder import CallRecorder, Recording, RecordingInvoker
from local_gateway.recording.writer import RecordFile
from local_gateway.runtime.variables import DUMMY_CREDENTIALS
from local_gateway.server.bound_ports import Places
from local_gateway.server.interfaces import Crasher, Invoker, Sources
from local_gateway.server.invocations import Invocations
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal

# Who may sign management calls: the functions, and what a person runs beside them.
SECRETS = {
    DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"]: DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
    ACCESS_KEY_ID: SECRET_ACCESS_KEY,
}


async def serve(
    settings: GatewaySettings, terminal: Terminal, places: Places, aws: MotoServer
) -> None:
    """Serve the template on bound ports with starting AWS services, until cancelled.

    Says `Ready` when everything answers; leaves no process of a function behind. Raises
    `GatewayError` when the template cannot be served.
    """
    async with AsyncExitStack() as stack:
        stack.callback(terminal.flush)
        reader = VersionReader(settings, places)
        version = await read_version(terminal, aws, reader)
        application, origins = version.application, version.origins
        inspector = _inspector(settings, terminal, origins[0])
        recording = _recording(stack, settings, terminal)
        observers = [terminal, inspector, CallRecorder(recording) if recording else None]
        observer = Observers([one for one in observers if one is not None])
        containers = containers_of(settings, terminal, places, aws)
        if containers is not None:
            containers.write(application)
            containers.say_where()
        waiting = containers.say_how if containers is not None else None
        runtime = make_runtime(settings, observer, application, aws, waiting=waiting)
        stack.push_async_callback(runtime.close)
        await runtime.start()
        await warm(runtime, application)
        invoker = RecordingInvoker(runtime, recording) if recording else runtime
        gateway = _gateway(stack, settings, observer, invoker, runtime, places)
        gateway.deploy(application, origins)
        await gateway.start()
        stack.push_async_callback(gateway.close)
        if inspector is not None:
            describe = _description(gateway, application.region, aws)
            _show(InspectorSite(inspector, gateway, describe), gateway, stack, terminal, places)
        sources = _event_sources(stack, settings, observer, invoker, aws)
        await sources.deploy(application)
        await _announce(settings, terminal, application, origins, places, aws)
        if settings.reload:
            await Reloader(
                reader,
                version,
                aws_endpoint_url=aws.endpoint_url,
                functions=runtime,
                deploy=_deployment(gateway, sources, containers),
                terminal=terminal,
            ).run()
        await asyncio.Event().wait()


def _inspector(settings: GatewaySettings, terminal: Terminal, origin: Origin) -> Inspector | None:
    """The observer behind the live traffic page, unless there is to be none."""
    if not settings.inspector:
        return None
    problem = obstacle(settings.hosts, origin)
    if problem is not None:
        terminal.warn(f"no live traffic page: {problem}")
        return None
    return Inspector(Sources().now)


def _description(gateway: Gateway, region: str, aws: MotoServer) -> Callable[[], dict[str, Any]]:
    """What a script needs to work on the stack that is running."""
    return lambda: {
        "region": region,
        "aws_endpoint_url": aws.endpoint_url,
        "outputs": dict(gateway.outputs),
        "resources": dict(gateway.resources),
    }


def _show(
    site: InspectorSite,
    gateway: Gateway,
    stack: AsyncExitStack,
    terminal: Terminal,
    places: Places,
) -> None:
    """Put the live traffic page at its place."""
    gateway.mount(SEGMENT, site.handle)
    stack.push_async_callback(site.close)
    terminal.say(f"Live traffic: {places.url(0, 'localhost')}/{SEGMENT}")


def _recording(
    stack: AsyncExitStack, settings: GatewaySettings, terminal: Terminal
) -> Recording | None:
    """The file that is written to, if one is asked for."""
    if settings.record is None:
        return None
    file = RecordFile(settings.record, redacted=not settings.record_secrets, warn=terminal.warn)
    stack.enter_context(file)
    return Recording(file, Sources())


def _gateway(
    stack: AsyncExitStack,
    settings: GatewaySettings,
    observer: Observer,
    invoker: Invoker,
    crasher: Crasher,
    places: Places,
) -> Gateway:
    sources = Sources()
    invocations = Invocations(invoker, sources=sources, journal=observer, crasher=crasher)
    stack.push_async_callback(invocations.close)
    around = Surroundings(
        invocations=invocations,
        sources=sources,
        journal=observer,
        limits=Limits().warped(settings.warp),
        secrets=SECRETS if settings.verify_signatures else None,
        faults=settings.chaos,
    )
    return Gateway([(sockets, places.port(at)) for at, sockets in enumerate(places)], around)


def _event_sources(
    stack: AsyncExitStack,
    settings: GatewaySettings,
    observer: Observer,
    invoker: Invoker,
    aws: MotoServer,
) -> EventSources:
    sources = EventSources(
        aws.endpoint_url,
        invoker=invoker,
        journal=observer,
        clock=WarpedClock(settings.warp),
        sources=Sources(),
    )
    stack.push_async_callback(sources.close)
    return sources


def _deployment(gateway: Gateway, sources: EventSources, containers: Containers | None) -> Deploy:
    """What a reload calls with the next version."""

    def deploy(application: Application, origins: list[Origin]) -> None:
        gateway.deploy(application, origins)
        sources.follow(application)
        if containers is not None:
            containers.write_again(application)

    return deploy


async def _announce(
    settings: GatewaySettings,
    terminal: Terminal,
    application: Application,
    origins: list[Origin],
    places: Places,
    aws: MotoServer,
) -> None:
    if settings.chaos is not None:
        terminal.say(f"Chaos: {settings.chaos}")
    terminal.say(f"AWS services for this run: {aws.endpoint_url}")
    await run_hook(settings, terminal, application, places, aws)
    urls = [url for at, origin in enumerate(origins) for url in _urls(origin, places, at)]
    terminal.ready(urls)


def _urls(origin: Origin, places: Places, at: int) -> list[str]:
    """Where the APIs of an origin are."""
    http = places.url(at, "localhost")
    sockets = [
        f"{http.replace('http', 'ws', 1)}/{stage.name}"
        for api in origin.websocket_apis
        for stage in api.stages
    ]
    stages = origin.http_api.stages if origin.http_api is not None else ()
    pages = [f"{http}/{'' if stage.name == '$default' else stage.name}" for stage in stages]
    return [*pages, *sockets]
