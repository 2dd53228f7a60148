"""Checks of a function's `Runtime` and `Handler`, before it is started.

What is wrong inside the handler's file shows when the function starts.
"""

import sys
from collections.abc import Iterable, Iterator, Mapping, Sequence
from importlib.machinery import PathFinder
from pathlib import Path

from local_gateway.core.model import LambdaFunction
from local_gateway.interpreters import (
    built_by_sam,
    find_esbuild,
    find_node,
    language_of,
    runs_typescript,
)
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.document.problems import NotServedError
from local_gateway.template.readers.properties import Properties

OLDEST_NODE = 18
_ELSEWHERE = "the function is left out; with --lambda-endpoint, sam local start-lambda runs it"
# In the order in which Lambda looks.
_NODE_ENDINGS = ("", ".js", ".mjs", ".cjs")
_TYPESCRIPT_ENDINGS = (".ts", ".mts", ".cts", ".tsx")


def read_runtime(properties: Properties) -> str:
    """`Runtime`, if this machine can run it."""
    if properties.optional_text("PackageType") == "Image":
        raise NotServedError(properties.place("PackageType"), "images are not served", _ELSEWHERE)
    runtime, place = properties.text("Runtime"), properties.place("Runtime")
    language = language_of(runtime)
    if language is None:
        raise NotServedError(place, f"{runtime} is not served", _ELSEWHERE)
    if language == "node" and (problem := _problem_of_node()) is not None:
        raise NotServedError(
            place,
            f"{runtime} needs Node.js, {problem}",
            "the function is left out; install it to run it",
        )
    return runtime


def _problem_of_node() -> str | None:
    node = find_node()
    if node is None:
        return "and there is no `node` in PATH"
    if node.version[0] < OLDEST_NODE:
        return f"version {OLDEST_NODE} or later, and the `node` of PATH is {node}"
    return None


def read_handler(
    properties: Properties, runtime: str, roots: Sequence[Path], build: Mapping[str, object]
) -> str:
    """`Handler`, if its file exists; `build` is the `Metadata` that `sam build` follows."""
    handler, place = properties.text("Handler"), properties.place("Handler")
    module, _, function = handler.rpartition(".")
    if not module or not function:
        raise TemplateError(
            place, f"the handler {handler} names no function", "expected file.function"
        )
    if language_of(runtime) == "python":
        _check_python(properties, handler, module.replace(".", "/"), roots)
    elif build.get("BuildMethod") == "esbuild":
        _check_esbuild(properties, roots[0])
    else:
        _check_node(properties, runtime, handler, roots)
    return handler


def _check_esbuild(properties: Properties, code: Path) -> None:
    project = properties.source.path.parent.resolve()
    if find_esbuild(code) is None and built_by_sam(project, properties.logical_id) is None:
        raise NotServedError(
            properties.source.resource_place(properties.logical_id),
            "the code is built with esbuild, which is not installed",
            "the function is left out; run `npm install --save-dev esbuild`, or `sam build`",
        )


def _check_python(properties: Properties, handler: str, path: str, roots: Sequence[Path]) -> None:
    """The file may also come with an installed package."""
    files = (file for root in roots for file in (root / f"{path}.py", root / path / "__init__.py"))
    is_there = any(file.is_file() for file in files)
    if not is_there and PathFinder.find_spec(path.partition("/")[0]) is None:
        raise TemplateError(
            properties.place("Handler"),
            f"the handler {handler} needs {path}.py, which is not in {roots[0]}",
        )


def _check_node(properties: Properties, runtime: str, handler: str, roots: Sequence[Path]) -> None:
    """The file may also be a package's, or another folder's `index.js`."""
    folder, slash, name = handler.rpartition("/")
    path = f"{folder}{slash}{name.partition('.')[0]}"
    root, place = roots[0], properties.place("Handler")
    if _has_file(root / path, _NODE_ENDINGS) or (root / path / "index.js").is_file():
        return
    if _has_file(root / path, _TYPESCRIPT_ENDINGS):
        if runs_typescript(runtime):
            return
        raise TemplateError(
            place,
            f"the handler {handler} is TypeScript, which {runtime} does not run",
            "give the function Metadata with BuildMethod: esbuild, or the compiled folder",
        )
    if not any((parent / "node_modules" / path).exists() for parent in (root, *root.parents)):
        raise TemplateError(
            place,
            f"the handler {handler} needs {path}.js, .mjs or .cjs, and none is in {root}",
        )


def _has_file(stem: Path, endings: Iterable[str]) -> bool:
    return any(stem.with_name(f"{stem.name}{ending}").is_file() for ending in endings)


def runtime_warnings(functions: Mapping[str, LambdaFunction]) -> Iterator[str]:
    """What runs in another version here than its `Runtime` says."""
    running = f"python{sys.version_info.major}.{sys.version_info.minor}"
    by_node = []
    for function in functions.values():
        if language_of(function.runtime) == "node":
            by_node.append(function.runtime)
        elif function.runtime != running:
            yield f"{function.logical_id}: {function.runtime} runs on {running} here"
    node = find_node() if by_node else None
    if node is not None and any(name != f"nodejs{node.version[0]}.x" for name in by_node):
        yield f"Functions for {', '.join(sorted(set(by_node)))} run on {node}"
