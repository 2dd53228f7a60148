"""The command line: arguments in, exit status out.

Exit status: 0 after Ctrl-C, 1 when the template cannot be served or the start fails, 2 for
arguments that make no sense. The subcommands, in `commands`, have their own.
"""

import argparse
import asyncio
import math
import os
import re
import sys
from collections.abc import Sequence
from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.cli.open_files import allow_many_open_files
from local_gateway.cli.options import add_template_options, program_name
from local_gateway.cli.signals import run_until_interrupted
from local_gateway.core.chaos import Chaos, Fault, parse_chaos
from local_gateway.errors import GatewayError
from local_gateway.sam_local.bridge import address_of
from local_gateway.server.bound_ports import Places, with_bridge
from local_gateway.settings import LOOPBACK, GatewaySettings
from local_gateway.terminal.json_terminal import JsonTerminal
from local_gateway.terminal.terminal import Terminal, shows_colours

SUBCOMMANDS = ("replay", "event")
EPILOG = """\
subcommands (each has a --help):
  replay FILE   invoke the events of a recording again and show what changed
  event FILE    print one event of a recording, for sam local invoke -e

exit status: 0 stopped by Ctrl-C, 1 the template cannot be served, 2 the arguments make no sense"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the local gateway until it is interrupted, or a subcommand."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    if given and given[0] in SUBCOMMANDS:
        from local_gateway.cli.recordings import run

        return run(given, os.environ)
    parser = _parser()
    options = parser.parse_args(given)
    if options.record_secrets and options.record is None:
        parser.error("--record-secrets needs --record FILE")
    if options.bridge is not None and options.sam_local is None:
        parser.error("--bridge needs --sam-local DIRECTORY")
    settings = _settings(options)
    allow_many_open_files()
    coloured = shows_colours(sys.stdout, os.environ)
    terminal = (
        JsonTerminal() if options.json else Terminal(verbose=settings.verbose, coloured=coloured)
    )
    try:
        bridge = () if settings.bridge is None else (settings.bridge,)
        with (
            Places(with_bridge(settings.hosts, bridge), settings.port) as places,
            MotoServer.spawn(bridge) as aws,
        ):
            # The AWS services start while the rest of the gateway is imported.
            from local_gateway.app.serve import serve

            run_until_interrupted(serve(settings, terminal, places, aws))
    except GatewayError as error:
        print(f"local gateway: {error}", file=sys.stderr)
        return 1
    except (asyncio.CancelledError, KeyboardInterrupt):
        return 0
    return 0


def _settings(options: argparse.Namespace) -> GatewaySettings:
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
        chaos=options.chaos,
        verify_signatures=options.verify_signatures,
        inspector=options.inspector,
        lambda_endpoint=options.lambda_endpoint,
        sam_local=options.sam_local,
        bridge=(options.bridge or address_of()) if options.sam_local else None,
        reload=options.reload,
        record=options.record,
        record_secrets=options.record_secrets,
    )


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=program_name(),
        usage="%(prog)s [options]\n       %(prog)s {replay,event} FILE [options]",
        description="Serve the WebSocket and HTTP APIs of a SAM or CloudFormation template.",
        epilog=EPILOG,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    add_template_options(parser)
    add = parser.add_argument
    add("--port", type=_port, default=8080, help="default: 8080; 0 takes a free one")
    add("--host", help="address to listen on; default: loopback only")
    add("--on-ready", metavar="COMMAND", help="shell command to run when everything answers")
    add("--verbose", action="store_true", help="show logs as they are, with START, END and REPORT")
    add("--warp", type=_factor, default=1.0, metavar="N", help="idle and age limits N times sooner")
    add(
        "--chaos",
        type=_chaos,
        metavar="SEED[:FAULT=RATE,...]",
        help=f"have things go wrong, the same with the same seed: {', '.join(Fault)}",
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
        help="no live traffic page at /_gateway",
    )
    add(
        "--no-reload",
        dest="reload",
        action="store_false",
        help="go on with the code and the template as they were at the start",
    )
    add(
        "--lambda-endpoint",
        type=_url,
        metavar="URL",
        help="have sam local start-lambda run the functions, for example http://127.0.0.1:3001",
    )
    add(
        "--sam-local",
        type=Path,
        metavar="DIRECTORY",
        help="make the output of sam build --build-dir DIRECTORY ready for sam local",
    )
    add("--bridge", metavar="ADDRESS", help="what its containers reach; default: that of docker0")
    add("--json", action="store_true", help="print one JSON object per line, for machines")
    add("--record", type=Path, metavar="FILE", help="write each event and result to FILE, as JSON")
    add("--record-secrets", action="store_true", help="leave secrets in the recording")
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


def _url(text: str) -> str:
    """A URL without path; everything else would be forgotten when paths are appended."""
    match = re.fullmatch(r"(https?://(?:[\w.-]+|\[[\da-f:]+\])(?::(\d+))?)/?", text)
    if match is not None and int(match[2] or 0) < 65536:
        return match[1]
    raise argparse.ArgumentTypeError(f"expected a URL such as http://127.0.0.1:3001, not {text!r}")


def _factor(text: str) -> float:
    try:
        factor = float(text)
    except ValueError:
        factor = 0.0
    if 1 <= factor < math.inf:
        return factor
    raise argparse.ArgumentTypeError(f"expected a number from 1 up, not {text!r}")
