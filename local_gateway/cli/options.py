"""The options that several commands share, and the settings that options make."""

import argparse
import re
import sys
from collections.abc import Mapping, Sequence
from dataclasses import fields
from pathlib import Path

from local_gateway.errors import GatewayError
from local_gateway.settings import GatewaySettings
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NothingServedError, TemplateErrors

# As for `sam`.
DEFAULT_TEMPLATES = ("template.yaml", "template.yml", "template.json")


def program_name() -> str:
    """The command that the user typed to start the program."""
    name = Path(sys.argv[0]).name
    return "python -m local_gateway" if name in {"__main__.py", "-m", ""} else name


def add_template_options(parser: argparse.ArgumentParser) -> None:
    """Add the template, its parameters and its pseudo parameters."""
    add = parser.add_argument
    add("--template", type=Path, metavar="FILE", help=f"default: {_or(DEFAULT_TEMPLATES)}")
    add("--region", default="us-east-1", help="AWS::Region; default: us-east-1")
    add("--stack-name", default="local", help="AWS::StackName; default: local")
    add(
        "--parameter-overrides",
        nargs="+",
        type=override,
        default=[],
        metavar="KEY=VALUE",
        help="values for the template's parameters",
    )
    add(
        "--resolve",
        action="append",
        type=stored_value,
        default=[],
        metavar="REFERENCE=VALUE",
        help="the value for {{resolve:REFERENCE}}, such as ssm:/name=text; may be repeated",
    )
    add(
        "--leave-out",
        action="append",
        default=[],
        metavar="LOGICAL_ID",
        help="serve the template without this resource and what leads to it; may be repeated",
    )


def add_lambda_endpoint(parser: argparse.ArgumentParser) -> None:
    """Add the address of what runs the functions."""
    parser.add_argument(
        "--lambda-endpoint",
        type=url,
        metavar="URL",
        help="run the functions with sam local start-lambda, for example http://127.0.0.1:3001",
    )


def problem_text(error: GatewayError) -> str:
    """What to print for an error; several problems are a list, with the way to go on."""
    if not isinstance(error, TemplateError):
        return f"local gateway: {error}"
    errors = error.errors if isinstance(error, TemplateErrors) else [error]
    if isinstance(error, NothingServedError):
        problems = "".join(f"\n  {item}" for item in errors)
        return f"local gateway: nothing in the template can be served:{problems}"
    resources = {item.place.resource for item in errors if item.place.resource}
    options = " ".join(f"--leave-out {name}" for name in sorted(resources))
    rest = f"\nTo serve the rest: {options}" if options else ""
    if len(errors) == 1:
        return f"local gateway: {error}{rest}"
    problems = "".join(f"\n  {item}" for item in errors)
    return f"local gateway: the template has {len(errors)} problems:{problems}{rest}"


def override(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as a pair."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, not {text!r}")
    return key, value


def stored_value(text: str) -> tuple[str, str]:
    """`ssm:NAME=VALUE` or `secretsmanager:NAME=VALUE` as a pair."""
    key, separator, value = text.partition("=")
    service, _, name = key.partition(":")
    if not (separator and name and service in ("ssm", "secretsmanager")):
        raise argparse.ArgumentTypeError(
            f"expected ssm:NAME=VALUE or secretsmanager:NAME=VALUE, not {text!r}"
        )
    return key, value


def url(text: str) -> str:
    """A URL without a path: the gateway appends paths to it."""
    match = re.fullmatch(r"(https?://(?:[\w.-]+|\[[\da-f:]+\])(?::(\d+))?)/?", text)
    if match is not None and int(match[2] or 0) < 65536:
        return match[1]
    raise argparse.ArgumentTypeError(f"expected a URL such as http://127.0.0.1:3001, not {text!r}")


def gateway_settings(
    options: argparse.Namespace, environment: Mapping[str, str]
) -> GatewaySettings:
    """The settings that were given; each has the name of its option. Raises `GatewayError`."""
    names = {field.name for field in fields(GatewaySettings)}
    given = {name: value for name, value in vars(options).items() if name in names}
    given["template"] = options.template or _default_template()
    given["parameter_overrides"] = dict(options.parameter_overrides)
    given["resolve"] = dict(options.resolve)
    given["leave_out"] = tuple(options.leave_out)
    return GatewaySettings(**given, environment=environment)


def _default_template() -> Path:
    for name in DEFAULT_TEMPLATES:
        if Path(name).exists():
            return Path(name)
    raise GatewayError(
        f"this folder has no {_or(DEFAULT_TEMPLATES)}: name the template with --template FILE"
    )


def _or(names: Sequence[str]) -> str:
    return f"{', '.join(names[:-1])} or {names[-1]}"
