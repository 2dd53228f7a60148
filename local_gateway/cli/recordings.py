"""The subcommands for recordings: `replay` and `event`.

Exit status like that of `diff`: 0 when nothing has changed, 1 when something has, 2 for an error in
the arguments, the recording or the template. 130 after Ctrl-C.
"""

import argparse
import asyncio
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.cli.options import (
    add_template_options,
    gateway_settings,
    problem_text,
    program_name,
)
from local_gateway.cli.signals import run_until_interrupted
from local_gateway.errors import GatewayError
from local_gateway.recording.reader import LoadedRecording, load_recording
from local_gateway.recording.redaction import is_redacted
from local_gateway.recording.report import JsonReport, Report, TextReport
from local_gateway.server.bound_ports import BoundPorts
from local_gateway.settings import LOOPBACK

TROUBLE = 2
INTERRUPTED = 130

_REPLAY_NOTES = """\
The functions of the template start with empty AWS services. Each recorded event is invoked again,
in the recorded order, one at a time, and its result is compared with the recorded result. Calls of
@connections get the recorded answers, and are compared too, for each connection in order. A call
that a handler makes after it has returned counts for the next event. Values that differ in every
run, such as request ids or times, show up as changed. An event that was recorded without
--record-secrets has "__redacted__" in place of its secrets.

exit status: 0 nothing changed, 1 something changed, 2 it could not be replayed, 130 interrupted"""

_EVENT_NOTES = """\
Prints the event as JSON:
  local-gateway event traffic.jsonl --function F | sam local invoke -e - F

exit status: 0 printed, 2 no such event, or the recording cannot be read"""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the subcommand that the first argument names, and return the exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        recording = load_recording(options.file)
        for warning in recording.warnings:
            _say(f"warning: {warning}")
        if options.command == "event":
            return _print_event(options, recording)
        return _replay(options, recording, environment)
    except GatewayError as error:
        _say(problem_text(error))
        return TROUBLE
    except (asyncio.CancelledError, KeyboardInterrupt):
        return INTERRUPTED


def _replay(
    options: argparse.Namespace, recording: LoadedRecording, environment: Mapping[str, str]
) -> int:
    if not recording.invocations:
        raise GatewayError(
            f"{options.file} has no events: no function was invoked while it was recorded"
        )
    settings = gateway_settings(options, environment)
    report: Report = JsonReport(sys.stdout) if options.json else TextReport(sys.stdout)
    with BoundPorts(LOOPBACK, 0) as ports, MotoServer.spawn() as aws:
        # The AWS services start while the rest of the gateway is imported.
        from local_gateway.app.replay import ReplayTerminal, replay

        terminal = ReplayTerminal(sys.stderr, logs=options.verbose)
        work = replay(settings, recording, report, terminal, ports, aws)
        return int(run_until_interrupted(work).changed)


def _print_event(options: argparse.Namespace, recording: LoadedRecording) -> int:
    chosen = recording.choose(options.function, route_key=options.route, index=options.index)
    sys.stdout.write(json.dumps(chosen.event, ensure_ascii=False, indent=2) + "\n")
    if is_redacted(chosen.event):
        _say("warning: this event was recorded without its secrets; --record-secrets keeps them")
    return 0


def _say(text: str) -> None:
    sys.stderr.write(f"{text}\n")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog=program_name())
    commands = parser.add_subparsers(dest="command", required=True)
    replay = commands.add_parser(
        "replay",
        help="invoke recorded events again and show what changed",
        description="Invoke recorded events again and show what changed.",
        epilog=_REPLAY_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    replay.add_argument("file", type=Path, metavar="FILE", help="a file that --record wrote")
    add_template_options(replay)
    replay.add_argument(
        "--on-ready", metavar="COMMAND", help="shell command to run before the first event"
    )
    replay.add_argument("--json", action="store_true", help="print one JSON object per event")
    replay.add_argument("--verbose", action="store_true", help="show what functions print")
    event = commands.add_parser(
        "event",
        help="print a recorded event",
        description="Print a recorded event as JSON, for sam local invoke -e.",
        epilog=_EVENT_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    event.add_argument("file", type=Path, metavar="FILE", help="a file that --record wrote")
    event.add_argument("--function", required=True, metavar="F", help="the function's logical id")
    event.add_argument("--route", metavar="KEY", help="only events of this route key")
    event.add_argument(
        "--index",
        type=int,
        default=0,
        metavar="N",
        help="from 0; -1 is the last; default: 0",
    )
    return parser
