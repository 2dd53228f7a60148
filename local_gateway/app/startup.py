"""What serving and replaying have in common: template, AWS services, functions, first command."""

import asyncio
from collections.abc import Callable

from local_gateway.app.ready_hook import hook_variables, run_ready_hook
from local_gateway.app.version import Version, VersionReader
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.records import Observe
from local_gateway.runtime.remote import RemoteLambda
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.runtime.variables import service_variables
from local_gateway.server.bound_ports import Places
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal

type Functions = LambdaRuntime | RemoteLambda


async def read_version(terminal: Terminal, aws: MotoServer, reader: VersionReader) -> Version:
    """Read the template while the AWS services start, then create its data resources there."""
    await asyncio.gather(
        asyncio.to_thread(reader.load),
        asyncio.to_thread(aws.wait_until_ready),
    )
    version = await asyncio.to_thread(reader.finish, aws.endpoint_url)
    for warning in version.warnings:
        terminal.warn(warning)
    return version


def make_runtime(
    settings: GatewaySettings,
    observe: Observe,
    application: Application,
    aws: MotoServer,
    *,
    waiting: Callable[[], None] | None = None,
) -> Functions:
    """What runs the functions, not started yet: execution environments, or `--lambda-endpoint`.

    With `waiting` the start waits for that endpoint; see `RemoteLambda`.
    """
    url, functions = settings.lambda_endpoint, application.functions
    if url is not None:
        return RemoteLambda(functions, url=url, observe=observe, waiting=waiting)
    region = application.region
    base = service_variables(aws.endpoint_url, region)
    runtime = RuntimeSettings(base_environment=base, platform_lines=settings.verbose)
    return LambdaRuntime(functions, settings=runtime, observe=observe, region=region)


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
        warp=settings.warp,
        aws_endpoint_url=aws.endpoint_url,
        region=application.region,
        outputs=application.outputs,
    )
    await run_ready_hook(settings.on_ready, variables, output=terminal.output_of_commands)
