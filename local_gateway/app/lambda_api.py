"""Serves the Lambda API for the AWS services of the run, which pass invocations on to it."""

from contextlib import AsyncExitStack

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.records import Observe
from local_gateway.server.bound_ports import bind
from local_gateway.server.interfaces import ClockAndIds
from local_gateway.server.lambda_api import LIMITS, LambdaApi
from local_gateway.server.listener import Listener


async def serve_lambda_api(
    api: LambdaApi, aws: MotoServer, observe: Observe, exits: AsyncExitStack
) -> None:
    """Listen on a free port of the loopback interface until `exits` ends."""
    sockets = bind(("127.0.0.1",), 0)
    listener = Listener(sockets, api.handle, clock=ClockAndIds(), observe=observe, limits=LIMITS)
    exits.push_async_callback(listener.close)
    await listener.start()
    aws.lead_invocations_to(f"http://127.0.0.1:{sockets[0].getsockname()[1]}")
