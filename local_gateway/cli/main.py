"""The command line: arguments in, exit status out.

Exit status: 0 after Ctrl-C, 1 when the template cannot be served or the start fails, 2 for invalid
arguments. The subcommands, in `check` and `recordings`, have their own.
"""

import argparse
import asyncio
import math
import os
import sys
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from local_gateway import __version__
from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.cli.options import (
    add_lambda_endpoint,
    add_template_options,
    gateway_settings,
    problem_text,
    program_name,
)
from local_gateway.cli.signals import run_until_interrupted
from local_gateway.core.chaos import Chaos, Fault, parse_chaos
from local_gateway.errors import GatewayError
from local_gateway.sam_local.bridge import address_of
from local_gateway.server.bound_ports import BoundPorts, with_bridge
from local_gateway.settings import LOOPBACK
from local_gateway.terminal.json_terminal import JsonTerminal
from local_gateway.terminal.terminal import Terminal, shows_colours

# The most that macOS allows by default; its shells start with 256.
OPEN_FILES = 10_240
SUBCOMMANDS = ("check", "replay", "event")
EPILOG = """\
subcommands (each has a --help):
  check         print what would be served of the template, without starting anything
  replay FILE   invoke the events of a recording again and show what changed
  event FILE    print one event of a recording, for sam local invoke -e

exit status: 0 stopped by Ctrl-C, 1 the template cannot be served, 2 invalid arguments"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the local gateway until it is interrupted, or a subcommand."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] == "check":
        from local_gateway.cli.check import run as run_check

        return run_check(given[1:], os.environ)
    if given and given[0] in SUBCOMMANDS:
        from local_gateway.cli.recordings import run

        return run(given, os.environ)
    parser = _parser()
    options = parser.parse_args(given)
    if options.record_secrets and options.record is None:
        parser.error("--record-secrets needs --record FILE")
    if options.bridge is not None and options.sam_local is None:
        parser.error("--bridge needs --sam-local DIRECTORY")
    if options.env_vars is not None and options.lambda_endpoint is not None:
        parser.error("--env-vars has no effect with --lambda-endpoint: give it to sam local")
    _raise_open_file_limit()
    coloured = shows_colours(sys.stdout, os.environ)
    terminal = (
        JsonTerminal()
        if options.json
        else Terminal(verbose=options.verbose, coloured=coloured, shows_files=options.show_files)
    )
    try:
        settings = gateway_settings(options, dict(os.environ))
        if settings.sam_local is not None:
            settings = replace(settings, bridge=settings.bridge or address_of())
        bridge = () if settings.bridge is None else (settings.bridge,)
        with (
            BoundPorts(with_bridge(settings.hosts, bridge), settings.port) as ports,
            MotoServer.spawn(bridge) as aws,
        ):
            # The AWS services start while the rest of the gateway is imported.
            from local_gateway.app.serve import serve

            run_until_interrupted(serve(settings, terminal, ports, aws))
    except GatewayError as error:
        print(problem_text(error), file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    return 0


def _raise_open_file_limit() -> None:
    """Each connection is an open file, and each execution environment is several."""
    if sys.platform == "win32":
        return
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    limit = OPEN_FILES if hard == resource.RLIM_INFINITY else min(OPEN_FILES, hard)
    if soft != resource.RLIM_INFINITY and soft < limit:
        with suppress(ValueError, OSError):  # the limit stays as it is
            resource.setrlimit(resource.RLIMIT_NOFILE, (limit, hard))


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program_name(),
        usage="%(prog)s [options]\n       %(prog)s check [TEMPLATE] [options]\n"
        "       %(prog)s {replay,event} FILE [options]",
        description="Serve the WebSocket and HTTP APIs of a SAM or CloudFormation template.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_template_options(parser)
    add = parser.add_argument
    add("--version", action="version", version=f"local-gateway {__version__}")
    add("--port", type=_port, default=8080, help="default: 8080; 0 chooses a free port")
    add(
        "--host",
        dest="hosts",
        type=lambda host: (host,),
        default=LOOPBACK,
        metavar="HOST",
        help="address to listen on; default: loopback only",
    )
    add("--on-ready", metavar="COMMAND", help="shell command to run once the gateway is ready")
    add("--verbose", action="store_true", help="show logs unchanged, with START, END and REPORT")
    add("--warp", type=_factor, default=1.0, metavar="N", help="make time limits N times shorter")
    add(
        "--chaos",
        type=_chaos,
        metavar="SEED[:FAULT=RATE,...]",
        help=f"inject faults, the same for the same seed: {', '.join(Fault)}",
    )
    add(
        "--verify-signatures",
        action="store_true",
        help="refuse management calls that are not signed with the functions' credentials",
    )
    add(
        "--no-inspector",
        dest="inspector",
        action="store_false",
        help="do not serve the live traffic page at /_gateway",
    )
    add(
        "--no-reload",
        dest="reload",
        action="store_false",
        help="do not reload code and template when they change",
    )
    add(
        "--env-vars",
        type=Path,
        metavar="FILE",
        help="values for functions' environment variables, in JSON as for sam local",
    )
    add_lambda_endpoint(parser)
    add(
        "--sam-local",
        type=Path,
        metavar="DIRECTORY",
        help="prepare the output of sam build --build-dir DIRECTORY for sam local",
    )
    add(
        "--bridge",
        metavar="ADDRESS",
        help="where the containers of sam local reach this machine; default: docker0's address",
    )
    add(
        "--show-files",
        action="store_true",
        help="show a line for each GET of a file, also for those that went well",
    )
    add("--json", action="store_true", help="print one JSON object per line")
    add("--record", type=Path, metavar="FILE", help="write each event and result to FILE, as JSON")
    add("--record-secrets", action="store_true", help="keep secrets in the recording")
    return parser


def _port(text: str) -> int:
    if text.isascii() and text.isdigit() and int(text) < 65536:
        return int(text)
    raise argparse.ArgumentTypeError(f"expected a number from 0 to 65535, not {text!r}")


def _chaos(text: str) -> Chaos:
    try:
        return parse_chaos(text)
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from None


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if 1 <= factor < math.inf:
        return factor
    raise argparse.ArgumentTypeError(f"expected a number of at least 1, not {text!r}")
