"""Options that several commands of the command line share."""

import argparse
import sys
from pathlib import Path


def program_name() -> str:
    """What was typed to start the program."""
    name = Path(sys.argv[0]).name
    return "python -m local_gateway" if name in {"__main__.py", "-m", ""} else name


def add_template_options(parser: argparse.ArgumentParser) -> None:
    """Which template, and what its parameters and pseudo parameters are."""
    add = parser.add_argument
    add("--template", type=Path, default=Path("template.yaml"), help="default: template.yaml")
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


def override(text: str) -> tuple[str, str]:
    """`KEY=VALUE` as a pair."""
    key, separator, value = text.partition("=")
    if not (key and separator):
        raise argparse.ArgumentTypeError(f"expected KEY=VALUE, not {text!r}")
    return key, value
