"""What an execution environment needs to know of the language that its function is written in."""

import json
from collections.abc import Mapping
from typing import Protocol

from local_gateway.core.invocation import Failed
from local_gateway.core.model import LambdaFunction

# Only in local execution environments: pairs of a path on Lambda and the directory that has its
# content here, as JSON, in the order in which files are looked for.
MOUNTS = "LOCAL_GATEWAY_MOUNTS"


class Language(Protocol):
    """Runs functions of some runtimes."""

    def command(self, function: LambdaFunction, lifeline: int) -> list[str]:
        """The command that serves the function; raises `OSError` if it cannot be run.

        The process must end when the pipe with the descriptor `lifeline` closes.
        """

    def variables(self, function: LambdaFunction, given: Mapping[str, str]) -> dict[str, str]:
        """The language's own environment variables; `given` are the others."""

    def explain(self, function: LambdaFunction, failure: Failed) -> str:
        """Why the init phase failed, with the remedy, in words that follow the handler's name."""


def mounts(function: LambdaFunction) -> str:
    """The value of `MOUNTS`: of what several layers have, the last counts."""
    pairs = [(layer.mount, str(layer.path)) for layer in reversed(function.layers)]
    return json.dumps([*pairs, ("/var/task", str(function.code))])
