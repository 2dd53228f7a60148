"""The command line: arguments in, exit status out.

Exit status: 0 after Ctrl-C, 1 when the template cannot be served or the start fails, 2 for
arguments that make no sense.
"""

import argparse
import asyncio
import math
import os
import signal
import sys
from collections.abc import Coroutine, Sequence
from pathlib import Path

from local_gateway.backing.moto_server import MotoServer
from local_gateway.errors import GatewayError
from local_gateway.server.sockets import Places
from local_gateway.settings import LOOPBACK, GatewaySettings
from local_gateway.terminal import Terminal


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the local gateway until it is interrupted."""
    settings = read_settings(arguments)
    terminal = Terminal(verbose=settings.verbose)
    try:
        with Places(settings.hosts, settings.port) as places, MotoServer.spawn() as aws:
            # The AWS services start while the rest of the gateway is imported.
            from local_gateway.compose import serve

            asyncio.run(_until_interrupted(serve(settings, terminal, places, aws)))
    except GatewayError as error:
        print(f"local gateway: {error}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    return 0


async def _until_interrupted(serving: Coroutine[None, None, None]) -> None:
    loop = asyncio.get_running_loop()
    task = asyncio.create_task(serving)
    for number in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        loop.add_signal_handler(number, task.cancel)
    await task


def read_settings(arguments: Sequence[str] | None = None) -> GatewaySettings:
    """Parse the arguments; ends the process with status 2 and a usage line if they are wrong."""
    options = _parser().parse_args(arguments)
    return GatewaySettings(
        template=options.template,
        port=options.port,
        hosts=(options.host,) if options.host else LOOPBACK,
        region=options.region,
        stack_name=options.stack_name,
        parameter_overrides=dict(options.parameter_overrides),
        on_ready=options.on_ready,
        environment=dict(os.environ),
        verbose=options.verbose,
        warp=options.warp,
        verify_signatures=options.verify_signatures,
        inspector=options.inspector,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="local_gateway",
        description="Serve the WebSocket and HTTP APIs of a SAM or CloudFormation template.",
    )
    add = parser.add_argument
    add("--template", type=Path, default=Path("template.yaml"), help="default: template.yaml")
    add("--port", type=_port, default=8080, help="default: 8080; 0 takes a free one")
    add("--host", help="address to listen on; default: loopback only")
    add("--region", default="us-east-1", help="AWS::Region; default: us-east-1")
    add("--stack-name", default="local", help="AWS::StackName; default: local")
    add(
        "--parameter-overrides",
        nargs="+",
        type=_override,
        default=[],
        metavar="KEY=VALUE",
        help="values for the template's parameters",
    )
    add("--on-ready", metavar="COMMAND", help="shell command to run when everything answers")
    add("--verbose", action="store_true", help="show logs as they are, with START, END and REPORT")
    add("--warp", type=_factor, default=1.0, metavar="N", help="idle and age limits N times sooner")
    add(
        "--verify-signatures",
        action="store_true",
        help="refuse management calls that are not signed with the functions' credentials",
    )
    add(
        "--no-inspector",
        dest="inspector",
        action="store_false",
        help="no live traffic page at /_gateway",
    )
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, not {text!r}")


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if 1 <= factor < math.inf:
        return factor
    raise argparse.ArgumentTypeError(f"expected a number from 1 up, not {text!r}")


def _override(text: str) -> tuple[str, str]:
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, not {text!r}")
    return key, value
