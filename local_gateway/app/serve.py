"""Serves a template, from start to stop."""

import asyncio
from collections.abc import Iterator
from contextlib import AsyncExitStack

from local_gateway.app.features import FEATURES, Run
from local_gateway.app.gateway import Gateway
from local_gateway.app.ready_hook import ACCESS_KEY_ID, SECRET_ACCESS_KEY, run_ready_hook
from local_gateway.app.reload import Reloader
from local_gateway.app.startup import make_runtime, read_version
from local_gateway.app.version import VersionReader
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.core.model import Application
from local_gateway.core.ports import ApiPort
from local_gateway.core.websocket.stage import Limits
from local_gateway.runtime.remote import RemoteLambda
from local_gateway.runtime.service import LambdaRuntime
from local_gateway.runtime.variables import DUMMY_CREDENTIALS
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.server.context import ServerContext
from local_gateway.server.faults import FaultInjectingInvoker
from local_gateway.server.integrations import Integrations
from local_gateway.server.interfaces import ClockAndIds, Invoker
from local_gateway.server.invocations import Invocations
from local_gateway.server.issuers import Issuers
from local_gateway.server.signatures import SigningKey
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.terminal import Terminal

# The keys that may sign management calls: the functions', and those for commands of the user.
SIGNING_KEYS = {
    DUMMY_CREDENTIALS["AWS_ACCESS_KEY_ID"]: SigningKey(
        DUMMY_CREDENTIALS["AWS_SECRET_ACCESS_KEY"], DUMMY_CREDENTIALS["AWS_SESSION_TOKEN"]
    ),
    ACCESS_KEY_ID: SigningKey(SECRET_ACCESS_KEY),
}


async def serve(
    settings: GatewaySettings, terminal: Terminal, ports: BoundPorts, aws: MotoServer
) -> None:
    """Serve the template on bound ports with starting AWS services, until cancelled.

    Prints `Ready` when all APIs answer; leaves no process of a function behind. Raises
    `GatewayError` when the template cannot be served.
    """
    async with AsyncExitStack() as exits:
        exits.callback(terminal.flush)
        reader = VersionReader(settings, ports, terminal.say)
        version = await read_version(terminal, aws, reader)
        run = Run(
            settings=settings,
            terminal=terminal,
            ports=ports,
            aws=aws,
            version=version,
            exits=exits,
            observers=[terminal.observe],
        )
        if settings.lambda_endpoint is not None:
            run.build_command = "sam build"
        for attach in FEATURES:
            attach(run)
        application, origins = version.application, version.origins
        runtime = make_runtime(settings, run.observe, application, aws, waiting=run.when_waiting)
        exits.push_async_callback(runtime.close)
        await runtime.start()
        invoker: Invoker = runtime
        for wrap in run.middleware:
            invoker = wrap(invoker)
        gateway = _gateway(run, invoker, runtime, aws.endpoint_url)
        gateway.deploy(application, origins)
        await gateway.start()
        exits.push_async_callback(gateway.close)
        for start in run.when_serving:
            await start(gateway, invoker)
        exits.callback(
            aws.when_ended(
                lambda: terminal.warn(
                    "the AWS services of this run (moto) have ended, with all their data; "
                    "restart the gateway"
                )
            )
        )
        terminal.say(f"AWS services for this run: {aws.endpoint_url}")
        await run_ready_hook(settings, terminal, application, ports, aws.endpoint_url)
        terminal.ready(list(_urls(origins, ports)))
        trial = asyncio.create_task(runtime.try_functions(terminal.warn))
        exits.push_async_callback(asyncio.wait, [trial])
        exits.callback(trial.cancel)
        if settings.reload:

            def deploy(application: Application, origins: list[ApiPort]) -> None:
                gateway.deploy(application, origins)
                for reload in run.when_reloaded:
                    reload(application)

            reloader = Reloader(
                reader,
                version,
                aws_endpoint_url=aws.endpoint_url,
                functions=runtime,
                deploy=deploy,
                terminal=terminal,
                build_command=run.build_command,
                remote_functions=settings.lambda_endpoint is not None,
            )
            await reloader.run()
        await asyncio.Event().wait()


def _gateway(
    run: Run, invoker: Invoker, runtime: LambdaRuntime | RemoteLambda, aws_endpoint_url: str
) -> Gateway:
    clock = ClockAndIds()
    integrations = Integrations(
        invoker, clock=clock, observe=run.observe, aws_endpoint_url=run.aws.endpoint_url
    )
    run.exits.push_async_callback(integrations.close)
    if run.faults is not None:
        invoker = FaultInjectingInvoker(
            invoker, run.faults, clock=clock, kill=runtime.kill_idle_environment
        )
    invocations = Invocations(invoker, clock=clock, observe=run.observe)
    run.exits.push_async_callback(invocations.close)
    context = ServerContext(
        invocations=invocations,
        integrations=integrations,
        clock=clock,
        observe=run.observe,
        limits=Limits().warped(run.settings.warp),
        issuers=Issuers(aws_endpoint_url),
        signing_keys=SIGNING_KEYS if run.settings.verify_signatures else None,
        faults=run.faults,
    )
    return Gateway([(sockets, run.ports.port(at)) for at, sockets in enumerate(run.ports)], context)


def _urls(origins: list[ApiPort], ports: BoundPorts) -> Iterator[str]:
    """The URLs of all stages, those of a port's WebSocket APIs last."""
    for at, origin in enumerate(origins):
        url = ports.url(at, "localhost")
        for stage in origin.http_api.stages if origin.http_api is not None else ():
            yield f"{url}/{'' if stage.name == '$default' else stage.name}"
        for rest_api in origin.rest_apis:
            for rest_stage in rest_api.stages:
                yield f"{url}/{rest_stage.name}"
        for api in origin.websocket_apis:
            for websocket_stage in api.stages:
                yield f"{url.replace('http', 'ws', 1)}/{websocket_stage.name}"
