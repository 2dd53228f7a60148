"""The subcommands beside serving: `replay` and `event`.

Exit status like that of `diff`: 0 when nothing has changed, 1 when something has, 2 when it could
not be found out, be it for the arguments, the recording or the template. 130 after Ctrl-C.
"""

import argparse
import asyncio
import io
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from local_gateway.aws_services.moto_server import MotoServer
from local_gateway.cli.options import add_template_options, program_name
from local_gateway.cli.signals import run_until_interrupted
from local_gateway.errors import GatewayError
from local_gateway.recording.choose_event import choose_event
from local_gateway.recording.reader import ReadRecording, read_recording
from local_gateway.recording.redaction import is_redacted
from local_gateway.recording.report import JsonReport, Report, TextReport
from local_gateway.server.bound_ports import Places
from local_gateway.settings import LOOPBACK, GatewaySettings

TROUBLE = 2
INTERRUPTED = 130

_REPLAY_NOTES = """\
The functions of the template are started with empty AWS services; every event is invoked with what
was recorded, one after the other, and its result is compared. Posts to @connections are answered as
they were when recorded and compared too, connection by connection; a post that handlers make after
they have returned counts for the next event. Whatever differs from run to run, such as request ids
or times in results, shows up as changed. An event that was recorded without --record-secrets holds
"__redacted__" in place of its secrets.

exit status: 0 nothing changed, 1 something changed, 2 it could not be replayed, 130 interrupted"""

_EVENT_NOTES = """\
Prints the event as JSON:
  local-gateway event traffic.jsonl --function F | sam local invoke -e - F

exit status: 0 printed, 2 no such event, or the recording cannot be read"""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Run the subcommand that the first argument names; answers the exit status."""
    options = _parser().parse_args(arguments)
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        recording = read_recording(options.file)
        for note in recording.notes:
            _say(f"warning: {note}")
        if options.command == "event":
            return _print_event(options, recording)
        return _replay(options, recording, environment)
    except GatewayError as error:
        _say(f"local gateway: {error}")
        return TROUBLE
    except (asyncio.CancelledError, KeyboardInterrupt):
        return INTERRUPTED


def _replay(
    options: argparse.Namespace, recording: ReadRecording, environment: Mapping[str, str]
) -> int:
    if not recording.invocations:
        raise GatewayError(
            f"{options.file} has no events: nothing was invoked while it was written"
        )
    settings = GatewaySettings(
        template=options.template,
        region=options.region,
        stack_name=options.stack_name,
        parameter_overrides=dict(options.parameter_overrides),
        on_ready=options.on_ready,
        environment=environment,
        verbose=options.verbose,
    )
    report: Report = JsonReport(sys.stdout) if options.json else TextReport(sys.stdout)
    with Places(LOOPBACK, 0) as places, MotoServer.spawn() as aws:
        # The AWS services start while the rest of the gateway is imported.
        from local_gateway.app.replay import ReplayTerminal, replay

        terminal = ReplayTerminal(sys.stderr, logs=options.verbose)
        work = replay(settings, recording, report, terminal, places, aws)
        return int(run_until_interrupted(work).changed)


def _print_event(options: argparse.Namespace, recording: ReadRecording) -> int:
    chosen = choose_event(recording, options.function, route_key=options.route, index=options.index)
    sys.stdout.write(json.dumps(chosen.event, ensure_ascii=False, indent=2) + "\n")
    if is_redacted(chosen.event):
        _say("warning: secrets were taken out of this event; --record-secrets keeps them")
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
    replay.add_argument("file", type=Path, metavar="FILE", help="what --record wrote")
    add_template_options(replay)
    replay.add_argument(
        "--on-ready", metavar="COMMAND", help="shell command to run before the first event"
    )
    replay.add_argument("--json", action="store_true", help="one JSON object per event")
    replay.add_argument("--verbose", action="store_true", help="show what functions print")
    event = commands.add_parser(
        "event",
        help="print one recorded event",
        description="Print one recorded event as JSON, for sam local invoke -e.",
        epilog=_EVENT_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    event.add_argument("file", type=Path, metavar="FILE", help="what --record wrote")
    event.add_argument("--function", required=True, metavar="F", help="its logical id")
    event.add_argument("--route", metavar="KEY", help="only events of this route key")
    event.add_argument(
        "--index", type=int, default=0, metavar="N", help="which one; default: 0; -1 is the last"
    )
    return parser
