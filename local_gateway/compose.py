"""The composition root: from settings to a running gateway, and back down."""

import asyncio
from contextlib import AsyncExitStack

from local_gateway.backing.moto_server import MotoServer
from local_gateway.backing.provisioning import provision
from local_gateway.core.limits import Limits
from local_gateway.core.model import Application
from local_gateway.core.origins import Origin, assign_origins
from local_gateway.gateway import Gateway, Surroundings
from local_gateway.inspector.inspector import Inspector
from local_gateway.inspector.obstacle import obstacle
from local_gateway.inspector.site import SEGMENT, InspectorSite
from local_gateway.observer import Observer, Observers
from local_gateway.ready_hook import (
    ACCESS_KEY_ID,
    SECRET_ACCESS_KEY,
    hook_variables,
    run_ready_hook,
)
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.runtime.variables import DUMMY_CREDENTIALS
from local_gateway.server.invocations import Invocations
from local_gateway.server.ports import Sources
from local_gateway.server.sockets import Places
from local_gateway.settings import GatewaySettings
from local_gateway.template.application import build_application
from local_gateway.template.loading import load_template
from local_gateway.template.stack import Stack
from local_gateway.terminal import Terminal

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
        application, origins = await _read(settings, terminal, aws, places)
        inspector = _inspector(settings, terminal, origins[0])
        observer = Observers([terminal] if inspector is None else [terminal, inspector])
        runtime = _runtime(settings, observer, application, aws)
        await runtime.start()
        stack.push_async_callback(runtime.close)
        await _warm(runtime, application)
        gateway = _gateway(stack, settings, observer, runtime, places)
        gateway.deploy(application, origins)
        await gateway.start()
        stack.push_async_callback(gateway.close)
        if inspector is not None:
            _show(inspector, gateway, stack)
            terminal.say(f"Live traffic: {places.url(0, 'localhost')}/{SEGMENT}")
        await _announce(settings, terminal, application, origins, places, aws)
        await asyncio.Event().wait()


def _inspector(settings: GatewaySettings, terminal: Terminal, origin: Origin) -> Inspector | None:
    """The observer behind the live traffic page, unless there is to be none."""
    if not settings.inspector:
        return None
    problem = obstacle(settings.hosts, origin)
    if problem is not None:
        terminal.say(f"warning: no live traffic page: {problem}")
        return None
    return Inspector(Sources().now)


def _show(inspector: Inspector, gateway: Gateway, stack: AsyncExitStack) -> None:
    """Put the live traffic page at its place."""
    site = InspectorSite(inspector, gateway)
    gateway.mount(SEGMENT, site.handle)
    stack.push_async_callback(site.close)


def _gateway(
    stack: AsyncExitStack,
    settings: GatewaySettings,
    observer: Observer,
    runtime: LambdaRuntime,
    places: Places,
) -> Gateway:
    sources = Sources()
    invocations = Invocations(runtime, sources=sources, journal=observer)
    stack.push_async_callback(invocations.close)
    around = Surroundings(
        invocations=invocations,
        sources=sources,
        journal=observer,
        limits=Limits().warped(settings.warp),
        secrets=SECRETS if settings.verify_signatures else None,
    )
    return Gateway([(sockets, places.port(at)) for at, sockets in enumerate(places)], around)


async def _read(
    settings: GatewaySettings, terminal: Terminal, aws: MotoServer, places: Places
) -> tuple[Application, list[Origin]]:
    """Read the template while the AWS services start, then create its data resources there."""
    stack = Stack(name=settings.stack_name, region=settings.region)
    template, _ = await asyncio.gather(
        asyncio.to_thread(load_template, settings.template, settings.parameter_overrides, stack),
        asyncio.to_thread(aws.wait_until_ready),
    )
    values = await asyncio.to_thread(provision, aws.endpoint_url, template)
    read = build_application(template, values, origin=places.url(0))
    origins = assign_origins(read.application.websocket_apis, read.application.http_apis)
    places.make_room_for(len(origins))
    if len(origins) > 1:
        urls = {name: places.url(at) for at, one in enumerate(origins) for name in one.api_names()}
        read = build_application(template, values, origin=places.url(0), api_origins=urls)
        origins = assign_origins(read.application.websocket_apis, read.application.http_apis)
    for warning in read.warnings:
        terminal.say(f"warning: {warning}")
    return read.application, origins


def _runtime(
    settings: GatewaySettings, observer: Observer, application: Application, aws: MotoServer
) -> LambdaRuntime:
    return LambdaRuntime(
        application.functions,
        settings=RuntimeSettings(
            base_environment={"AWS_ENDPOINT_URL": aws.endpoint_url},
            platform_lines=settings.verbose,
        ),
        observer=observer,
        region=application.region,
    )


async def _warm(runtime: LambdaRuntime, application: Application) -> None:
    """Start one environment of each function, so that what does not import is told at once."""
    warmed = (runtime.warm(function) for function in application.functions)
    problems = await asyncio.gather(*warmed, return_exceptions=True)
    for problem in problems:
        if isinstance(problem, BaseException):
            raise problem


async def _announce(
    settings: GatewaySettings,
    terminal: Terminal,
    application: Application,
    origins: list[Origin],
    places: Places,
    aws: MotoServer,
) -> None:
    terminal.say(f"AWS services for this run: {aws.endpoint_url}")
    if settings.on_ready is not None:
        variables = hook_variables(
            settings.environment,
            url=places.url(0, "localhost"),
            aws_endpoint_url=aws.endpoint_url,
            region=application.region,
            outputs=application.outputs,
        )
        await run_ready_hook(settings.on_ready, variables)
    urls = [url for at, origin in enumerate(origins) for url in _urls(origin, places, at)]
    terminal.say(f"Ready: {', '.join(urls)}  (Ctrl-C stops)")


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
