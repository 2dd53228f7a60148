"""Python functions: they run with the gateway's own interpreter."""

import importlib.util
import os
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from local_gateway.core.invocation import Failed
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.languages.language import MOUNTS, mounts

type RuntimeClient = Literal["awslambdaric", "bootstrap"]

CHILD = Path(__file__).parents[1] / "child" / "python"

_INSTALL = "; install it into the environment the gateway runs in, or put it into a layer"


class Python:
    """Runs functions with an interpreter, by `client`."""

    def __init__(self, interpreter: Path, client: RuntimeClient) -> None:
        self._interpreter = interpreter
        self._client = client

    def command(self, function: LambdaFunction, lifeline: int) -> list[str]:
        """The launcher, without its own directory on `sys.path`."""
        launcher = str(CHILD / "launcher.py")
        interpreter = str(self._interpreter)
        return [interpreter, "-P", launcher, str(lifeline), self._client, function.handler]

    def variables(self, function: LambdaFunction, given: Mapping[str, str]) -> dict[str, str]:
        """Where modules are: in the task root, in layers, and where the function says."""
        roots = [function.code, *(root for layer in function.layers for root in layer.source_roots)]
        own = given.get("PYTHONPATH")
        variables = {
            "PATH": os.pathsep.join([str(self._interpreter.parent), given["PATH"]]),
            "PYTHONPATH": os.pathsep.join([*map(str, roots), *([own] if own else [])]),
            "LAMBDA_RUNTIME_DIR": str(CHILD),
        }
        return variables | ({MOUNTS: mounts(function)} if function.layers else {})

    def explain(self, function: LambdaFunction, failure: Failed) -> str:
        """Import errors with a remedy, others as they are."""
        match failure:
            case Failed("Runtime.ImportModuleError", message):
                cause = message.partition(": ")[2] or message
                remedy = _INSTALL if cause.startswith("No module named") else ""
                return f"does not import: {cause}{remedy}"
            case Failed("Runtime.UserCodeSyntaxError", message):
                return f"does not import: {message}"
            case Failed("Runtime.HandlerNotFound" | "Runtime.MalformedHandlerName", message):
                return f"does not exist: {message}"
            case Failed(error_type, message):
                return f"does not start: {error_type}: {message}"


def choose_client(wanted: bool | None, interpreter: Path) -> RuntimeClient:
    """Amazon's client if it is installed (it has wheels for Linux only), or else our own.

    `wanted` is a choice that was made already.
    """
    if wanted is None:
        wanted = interpreter == Path(sys.executable) and all(
            importlib.util.find_spec(name) for name in ("awslambdaric", "runtime_client")
        )
    return "awslambdaric" if wanted else "bootstrap"
