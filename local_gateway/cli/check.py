"""The subcommand `check`: what would be served of a template.

Exit status: 0 when the template can be served, if only in part, 1 when it cannot, 2 for invalid
arguments.
"""

import argparse
import io
import json
import os
import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from local_gateway.cli.options import (
    add_lambda_endpoint,
    add_template_options,
    gateway_settings,
    problem_text,
    program_name,
)
from local_gateway.core.model import Application
from local_gateway.errors import GatewayError
from local_gateway.settings import GatewaySettings
from local_gateway.terminal.printable_text import printable

_NOTES = """\
Prints how each resource of the template would fare, without starting anything:
  refused        the gateway does not start: the template is wrong there
  left out       the gateway does not serve it, and serves the rest
  approximated   served, with a difference that the note names
  served         as on AWS, as far as docs/local-gateway.md says
  no effect      has nothing to do on a laptop, such as a role, or its condition is false
Values that only a created resource has are derived from its name. What the AWS services refuse when
a resource is created does not show.

exit status: 0 it can be served, if only in part, 1 it cannot, 2 invalid arguments"""


def run(arguments: Sequence[str], environment: Mapping[str, str]) -> int:
    """Check the template that the arguments name, and return the exit status."""
    options = _parser().parse_args(arguments)
    if options.file is not None:
        options.template = options.file
    try:
        settings = gateway_settings(options, environment)
        report = _report(settings)
    except GatewayError as error:
        if options.json:
            _print([json.dumps({"served": False, "errors": problem_text(error).splitlines()})])
        else:
            print(problem_text(error), file=sys.stderr)
        return 1
    _print([json.dumps(report)] if options.json else _lines(report, settings.template))
    return 0 if report["served"] else 1


def _report(settings: GatewaySettings) -> dict[str, Any]:
    # Imported late, as everything that takes time.
    from local_gateway.app.check import check

    assessment = check(settings)
    application = assessment.application
    return {
        "served": application is not None,
        "resources": [asdict(resource) for resource in assessment.resources],
        "notes": list(assessment.notes),
        "apis": [] if application is None else list(_apis(application)),
        "functions": [] if application is None else list(application.functions),
    }


def _apis(application: Application) -> Iterator[dict[str, Any]]:
    for api in application.websocket_apis:
        stages = [stage.name for stage in api.stages]
        yield {"logical_id": api.logical_id, "stages": stages, "routes": list(api.routes)}
    for http_api in application.http_apis:
        stages = [stage.name for stage in http_api.stages]
        routes = [route.route_key for route in http_api.routes]
        yield {"logical_id": http_api.logical_id, "stages": stages, "routes": routes}
    for rest_api in application.rest_apis:
        stages = [stage.name for stage in rest_api.stages]
        routes = [f"{method.http_method} {method.resource}" for method in rest_api.methods]
        yield {"logical_id": rest_api.logical_id, "stages": stages, "routes": routes}


def _lines(report: Mapping[str, Any], template: Path) -> Iterator[str]:
    resources = report["resources"]
    yield f"{template}: {_verdict(report)}"
    if resources:
        yield ""
    rows = [("STATUS", "LINE", "RESOURCE", "TYPE")]
    rows += [
        (item["status"], str(item["line"] or ""), item["logical_id"], item["type"])
        for item in resources
    ]
    widths = [max(len(row[at]) for row in rows) for at in range(len(rows[0]) - 1)]
    for row, item in zip(rows, [None, *resources], strict=True):
        cells = [text.ljust(width) for text, width in zip(row, widths, strict=False)]
        yield "  ".join([*cells, row[-1]])
        for note in item["notes"] if item is not None else ():
            yield f"{' ' * (widths[0] + 2)}{note}"
    if report["notes"]:
        yield ""
        yield from report["notes"]
    if report["apis"]:
        yield ""
    for api in report["apis"]:
        stages = ", ".join(api["stages"]) or "none"
        yield f"{api['logical_id']}: stages {stages}; routes {', '.join(api['routes']) or 'none'}"


def _verdict(report: Mapping[str, Any]) -> str:
    counts = [item["status"] for item in report["resources"]]
    parts = [
        f"{counts.count(status)} {status}"
        for status in ("refused", "left out", "approximated")
        if status in counts
    ]
    how = "can be served" if report["served"] else "cannot be served"
    return f"{how}; {', '.join(parts)}" if parts else how


def _print(lines: Iterable[str]) -> None:
    if isinstance(sys.stdout, io.TextIOWrapper):
        sys.stdout.reconfigure(errors="backslashreplace")
    try:
        print("\n".join(map(printable, lines)), flush=True)
    except BrokenPipeError:
        # A pager or `head` has read enough; the interpreter would complain once more at its end.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog=f"{program_name()} check",
        description="Print what would be served of a SAM or CloudFormation template.",
        epilog=_NOTES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "file", nargs="?", type=Path, metavar="TEMPLATE", help="the same as --template TEMPLATE"
    )
    add_template_options(parser)
    add_lambda_endpoint(parser)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    return parser
