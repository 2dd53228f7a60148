"""The steps that serving and replaying share."""

import asyncio
from collections.abc import Callable

from local_gateway.app.version import Version, VersionReader
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.event_sources.threads import in_thread
from local_gateway.records import Observe
from local_gateway.runtime.remote import RemoteLambda
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.settings import RuntimeSettings
from local_gateway.runtime.variables import service_variables
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal

type Functions = LambdaRuntime | RemoteLambda


async def read_version(terminal: Terminal, aws: MotoServer, reader: VersionReader) -> Version:
    """Read the template while the AWS services start, then create its data resources there."""
    # In threads that do not hold up the end of the program: Ctrl-C is heeded at once.
    await asyncio.gather(in_thread(reader.load), in_thread(aws.wait_until_ready))
    version = await in_thread(lambda: reader.finish(aws.endpoint_url))
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
    """What will run the functions: execution environments, or `--lambda-endpoint`.

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
    """Start an environment of each function; raises `GatewayError` if one does not start."""
    starts = (runtime.warm(function) for function in application.functions)
    for problem in await asyncio.gather(*starts, return_exceptions=True):
        if isinstance(problem, BaseException):
            raise problem
