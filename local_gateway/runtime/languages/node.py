"""Node.js functions: they run with the `node` of PATH."""

import json
import os
import re
from collections.abc import Iterator, Mapping
from pathlib import Path

from local_gateway.core.invocation import Failed
from local_gateway.core.model import LambdaFunction
from local_gateway.interpreters import NodeInterpreter, find_node
from local_gateway.runtime.languages.language import MOUNTS, mounts

CHILD = Path(__file__).parents[1] / "child" / "node"
OWN_CLIENT = "bootstrap"
# The runtimes that bring version 2 of the AWS SDK; later ones bring version 3.
LAST_WITH_SDK_2 = 16

_MISSING_MODULE = re.compile(r"Cannot find (?:module|package) '([^']+)'")
# What the loaders of Linux, macOS and Windows say of a library, and Node.js of another version's.
_FOREIGN_BINARY = re.compile(r"\.node(: |, 0x|'\nwas compiled)|not a valid Win32")
_TRACE_LINE = re.compile(r"(?:file://)?(/[^:()\n]+):(\d+)")
_MODULE_SYNTAX = re.compile(
    r"Cannot use import statement outside a module|Unexpected token 'export'"
)


class Node:
    """Runs functions with the Node.js of PATH, whatever their runtime."""

    def command(self, function: LambdaFunction, lifeline: int) -> list[str]:
        """The launcher; with a bundle, errors have the places in the sources."""
        options = ["--enable-source-maps"] if function.has_source_maps else []
        launcher = str(CHILD / "launcher.cjs")
        client = str(amazon_client(function) or OWN_CLIENT)
        return [str(_node().path), *options, launcher, str(lifeline), client, function.handler]

    def variables(self, function: LambdaFunction, given: Mapping[str, str]) -> dict[str, str]:
        """Where packages and programs are."""
        own = given.get("NODE_PATH")
        roots = [*package_directories(function), function.code]
        packages = [*map(str, roots), *([own] if own else [])]
        programs = [_node().path.parent, *(layer.path / "bin" for layer in function.layers)]
        return {
            # The newest SDK warns of a Node.js that the runtime's own SDK still supports.
            "AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED": "true",
            **given,
            "PATH": os.pathsep.join([*map(str, programs), given["PATH"]]),
            "NODE_PATH": os.pathsep.join(packages),
            "LAMBDA_RUNTIME_DIR": str(CHILD),
            MOUNTS: mounts(function),
        }

    def explain(self, function: LambdaFunction, failure: Failed) -> str:
        """The first line of the message, the place in the function's code, and the remedy."""
        lines = failure.message.splitlines() or [""]
        cause = f"{lines[0].removeprefix('Error: ')}{_place(function, failure)}"
        missing = _MISSING_MODULE.search(failure.message)
        if _FOREIGN_BINARY.search(failure.message):
            return (
                f"does not import: {cause}; the package was built for another platform or "
                f"Node.js than this one: run `npm rebuild` in {function.code}"
            )
        if missing is not None:
            return f"does not import: {cause}; {_remedy_for_missing(function, missing[1])}"
        match failure.error_type:
            case "Runtime.UserCodeSyntaxError":
                return f"does not import: {cause}{_remedy_for_syntax(function, cause)}"
            case "Runtime.ImportModuleError":
                return f"does not import: {cause}"
            case "Runtime.HandlerNotFound" | "Runtime.MalformedHandlerName":
                return f"does not exist: {cause}"
            case "Runtime.MalformedStreamingHandler":
                return f"does not run here: {cause}"
            case error_type:
                return f"does not start: {error_type}: {cause}"


def package_directories(function: LambdaFunction) -> Iterator[Path]:
    """The `node_modules` that are not beside the code: of layers, then what was installed."""
    version = runtime_version(function.runtime)
    for layer in reversed(function.layers):
        folder = layer.path / "nodejs" if layer.mount == "/opt" else layer.path
        yield folder / f"node{version}" / "node_modules"
        yield folder / "node_modules"
    yield from function.node_modules


def amazon_client(function: LambdaFunction) -> Path | None:
    """Amazon's own runtime client, if npm has installed and built it among the packages."""
    beside = (parent / "node_modules" for parent in (function.code, *function.code.parents))
    for directory in (*beside, *package_directories(function)):
        package = directory / "aws-lambda-ric" / "dist"
        if (package / "rapid-client.node").is_file():
            return package / "index.mjs"
    return None


def runtime_version(runtime: str) -> int:
    """The major version of Node.js that a runtime names; the first one named none."""
    match = re.match(r"nodejs(\d+)", runtime)
    return int(match[1]) if match is not None else 0


def _node() -> NodeInterpreter:
    node = find_node()
    if node is None:
        raise FileNotFoundError("there is no `node` in PATH: install Node.js")
    return node


def _place(function: LambdaFunction, failure: Failed) -> str:
    """` (app.js:3)`: the first place in the function's own code that the error names."""
    for line in _trace(failure):
        for match in _TRACE_LINE.finditer(line):
            file = Path(match[1])
            if file.is_relative_to(function.code) and "node_modules" not in file.parts:
                return f" ({file.relative_to(function.code)}:{match[2]})"
    return ""


def _trace(failure: Failed) -> list[str]:
    """The stack of an error, as the runtime reports it."""
    try:
        trace = json.loads(failure.report or b"{}").get("trace")
    except (ValueError, AttributeError):
        return []
    return list(map(str, trace)) if isinstance(trace, list) else []


def _remedy_for_missing(function: LambdaFunction, name: str) -> str:
    version = runtime_version(function.runtime)
    if name == function.handler.rpartition("/")[2].partition(".")[0]:
        return f"there is no {name}.js, .mjs or .cjs in {function.code}"
    if name == "aws-sdk" and version > LAST_WITH_SDK_2:
        return (
            f"{function.runtime} has no aws-sdk on AWS either: add it to package.json, or use "
            "version 3 (@aws-sdk/…)"
        )
    if name.startswith("@aws-sdk/") and version <= LAST_WITH_SDK_2:
        return (
            f"{function.runtime} has only version 2 of the SDK (aws-sdk) on AWS: add it to "
            "package.json, or use nodejs18.x or later"
        )
    if name.startswith((".", "/")):
        return "the file is not there"
    return f"run `npm install {name}` in {function.code}, or put it into a layer"


def _remedy_for_syntax(function: LambdaFunction, cause: str) -> str:
    node, wanted = _node(), runtime_version(function.runtime)
    if _MODULE_SYNTAX.search(cause) and ".mjs:" not in cause:
        return '; rename the file to .mjs, or put "type": "module" into package.json'
    if node.version[0] < wanted:
        return f"; {node} is older than {function.runtime}: install a newer one"
    return ""
