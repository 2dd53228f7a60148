"""The composition root: from settings to a running gateway, and back down."""

import asyncio
import socket
from collections.abc import Mapping
from contextlib import AsyncExitStack

from local_gateway.backing.moto_server import MotoServer
from local_gateway.backing.provisioning import provision
from local_gateway.core.limits import Limits
from local_gateway.core.model import Application
from local_gateway.core.stage import Stage
from local_gateway.errors import GatewayError
from local_gateway.ready_hook import hook_variables, run_ready_hook
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.server.dispatch import Dispatcher
from local_gateway.server.http_api import HttpApiServer
from local_gateway.server.invocations import Invocations
from local_gateway.server.listener import Listener
from local_gateway.server.ports import Sources
from local_gateway.server.websocket_api import WebSocketStageServer
from local_gateway.settings import GatewaySettings
from local_gateway.template.application import build_application
from local_gateway.template.loading import load_template
from local_gateway.template.stack import Stack
from local_gateway.terminal import Terminal


async def serve(
    settings: GatewaySettings, terminal: Terminal, sockets: list[socket.socket], aws: MotoServer
) -> None:
    """Serve the template on bound sockets with starting AWS services, until cancelled.

    Says `Ready` when everything answers; leaves no process of a function behind. Raises
    `GatewayError` when the template cannot be served.
    """
    async with AsyncExitStack() as stack:
        port = sockets[0].getsockname()[1]
        application = await _read(settings, terminal, aws, port)
        runtime = _runtime(settings, terminal, application, aws)
        await runtime.start()
        stack.push_async_callback(runtime.close)
        await _warm(runtime, application)
        dispatcher = _dispatcher(stack, application, runtime, terminal, port)
        listener = Listener(sockets, dispatcher.handle)
        await listener.start()
        stack.push_async_callback(listener.close)
        stack.callback(dispatcher.shut_down)
        await _announce(settings, terminal, application, aws, port)
        await asyncio.Event().wait()


async def _read(
    settings: GatewaySettings, terminal: Terminal, aws: MotoServer, port: int
) -> Application:
    """Read the template while the AWS services start, then create its data resources there."""
    stack = Stack(name=settings.stack_name, region=settings.region)
    template, _ = await asyncio.gather(
        asyncio.to_thread(load_template, settings.template, settings.parameter_overrides, stack),
        asyncio.to_thread(aws.wait_until_ready),
    )
    values = await asyncio.to_thread(provision, aws.endpoint_url, template)
    read = build_application(template, values, origin=f"http://127.0.0.1:{port}")
    for warning in read.warnings:
        terminal.say(f"warning: {warning}")
    return read.application


def _runtime(
    settings: GatewaySettings, terminal: Terminal, application: Application, aws: MotoServer
) -> LambdaRuntime:
    return LambdaRuntime(
        application.functions,
        settings=RuntimeSettings(
            base_environment={"AWS_ENDPOINT_URL": aws.endpoint_url},
            platform_lines=settings.verbose,
        ),
        observer=terminal,
        region=application.region,
    )


async def _warm(runtime: LambdaRuntime, application: Application) -> None:
    """Start one environment of each function, so that what does not import is told at once."""
    warmed = (runtime.warm(function) for function in application.functions)
    problems = await asyncio.gather(*warmed, return_exceptions=True)
    for problem in problems:
        if isinstance(problem, BaseException):
            raise problem


def _dispatcher(
    stack: AsyncExitStack,
    application: Application,
    runtime: LambdaRuntime,
    terminal: Terminal,
    port: int,
) -> Dispatcher:
    sources = Sources()
    invocations = Invocations(runtime, sources=sources, journal=terminal)
    stack.push_async_callback(invocations.close)
    stages: dict[str, WebSocketStageServer] = {}
    for api in application.websocket_apis:
        for settings in api.stages:
            if settings.name in stages:
                raise GatewayError(
                    f"two WebSocket APIs have a stage {settings.name!r}: one origin cannot serve "
                    "both; give the stages different names"
                )
            stages[settings.name] = WebSocketStageServer(
                application,
                Stage(api, settings, Limits()),
                invocations=invocations,
                sources=sources,
                journal=terminal,
            )
    if len(application.http_apis) > 1:
        raise GatewayError("the template has more than one HTTP API: one origin serves one")
    http_apis = [
        HttpApiServer(
            application,
            api,
            port=port,
            invocations=invocations,
            sources=sources,
            journal=terminal,
        )
        for api in application.http_apis
    ]
    return Dispatcher(stages, http_apis[0] if http_apis else None)


async def _announce(
    settings: GatewaySettings,
    terminal: Terminal,
    application: Application,
    aws: MotoServer,
    port: int,
) -> None:
    url = f"http://localhost:{port}"
    terminal.say(f"AWS services for this run: {aws.endpoint_url}")
    if settings.on_ready is not None:
        variables = hook_variables(
            settings.environment,
            url=url,
            aws_endpoint_url=aws.endpoint_url,
            region=application.region,
            outputs=application.outputs,
        )
        await run_ready_hook(settings.on_ready, variables)
    terminal.say(f"Ready: {', '.join(_urls(application, port))}  (Ctrl-C stops)")


def _urls(application: Application, port: int) -> Mapping[str, None]:
    """Where the APIs are, each once, in the template's order."""
    sockets = [
        f"ws://localhost:{port}/{stage.name}"
        for api in application.websocket_apis
        for stage in api.stages
    ]
    pages = [
        f"http://localhost:{port}/{'' if stage.name == '$default' else stage.name}"
        for api in application.http_apis
        for stage in api.stages
    ]
    return dict.fromkeys([*pages, *sockets])
