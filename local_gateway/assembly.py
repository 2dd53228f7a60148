"""What serving and replaying have in common: template, AWS services, functions, first command."""

import asyncio

from local_gateway.api_hosts import with_api_hosts
from local_gateway.backing.moto_server import MotoServer
from local_gateway.backing.provisioning import provision
from local_gateway.core.model import Application
from local_gateway.core.origins import Origin, assign_origins
from local_gateway.observer import Observer
from local_gateway.ready_hook import hook_variables, run_ready_hook
from local_gateway.runtime.remote import RemoteLambda
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.server.sockets import Places
from local_gateway.settings import GatewaySettings
from local_gateway.template.application import build_application
from local_gateway.template.loading import load_template
from local_gateway.template.stack import Stack
from local_gateway.terminal import Terminal

type Functions = LambdaRuntime | RemoteLambda


async def read_application(
    settings: GatewaySettings, terminal: Terminal, aws: MotoServer, places: Places
) -> tuple[Application, list[Origin]]:
    """Read the template while the AWS services start, then create its data resources there."""
    stack = Stack(name=settings.stack_name, region=settings.region)
    template, _ = await asyncio.gather(
        asyncio.to_thread(load_template, settings.template, settings.parameter_overrides, stack),
        asyncio.to_thread(aws.wait_until_ready),
    )
    values = await asyncio.to_thread(provision, aws.endpoint_url, template)
    elsewhere = settings.lambda_endpoint is not None
    read = build_application(template, values, origin=places.url(0), elsewhere=elsewhere)
    origins = assign_origins(read.application.websocket_apis, read.application.http_apis)
    places.make_room_for(len(origins))
    if len(origins) > 1:
        urls = {name: places.url(at) for at, one in enumerate(origins) for name in one.api_names()}
        read = build_application(
            template, values, origin=places.url(0), api_origins=urls, elsewhere=elsewhere
        )
        origins = assign_origins(read.application.websocket_apis, read.application.http_apis)
    for warning in read.warnings:
        terminal.warn(warning)
    return with_api_hosts(read.application, origins, places), origins


def make_runtime(
    settings: GatewaySettings, observer: Observer, application: Application, aws: MotoServer
) -> Functions:
    """What runs the functions, not started yet: execution environments, or `--lambda-endpoint`."""
    url, functions = settings.lambda_endpoint, application.functions
    if url is not None:
        return RemoteLambda(functions, url=url, observer=observer)
    region = application.region
    base = {
        "AWS_ENDPOINT_URL": aws.endpoint_url,
        # Without an endpoint the SDK asks for a host that does not exist, and so it must here:
        # the AWS services of this run would accept posts to any connection.
        "AWS_ENDPOINT_URL_APIGATEWAYMANAGEMENTAPI": f"https://execute-api.{region}.amazonaws.com",
    }
    runtime = RuntimeSettings(base_environment=base, platform_lines=settings.verbose)
    return LambdaRuntime(functions, settings=runtime, observer=observer, region=region)


async def warm(runtime: Functions, application: Application) -> None:
    """Start one environment of each function, so that what does not import is told at once."""
    warmed = (runtime.warm(function) for function in application.functions)
    problems = await asyncio.gather(*warmed, return_exceptions=True)
    for problem in problems:
        if isinstance(problem, BaseException):
            raise problem


async def run_hook(
    settings: GatewaySettings,
    terminal: Terminal,
    application: Application,
    places: Places,
    aws: MotoServer,
) -> None:
    """Run the command of `--on-ready`, if there is one."""
    if settings.on_ready is None:
        return
    variables = hook_variables(
        settings.environment,
        url=places.url(0, "localhost"),
        aws_endpoint_url=aws.endpoint_url,
        region=application.region,
        outputs=application.outputs,
    )
    await run_ready_hook(settings.on_ready, variables, output=terminal.output_of_commands)
