"""Bundles of functions that are built with esbuild, most of which are TypeScript.

`Metadata` with `BuildMethod: esbuild` says how (SAM developer guide, "Building Node.js functions
with esbuild"). The bundle is written to `.local_gateway/bundles/{logical id}` beside the template,
with source maps, at the start and at every reload.
"""

import re
import subprocess
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.interpreters import built_by_sam, find_esbuild

_ERROR = re.compile(r"\[ERROR\] (?P<text>[^\n]+)(?:\n\s*\n\s*(?P<place>[^\s:]+:\d+))?")
# Options that are given once for each value, as `--name:value`.
_REPEATED = frozenset(
    {"Alias", "Banner", "Define", "Drop", "External", "Footer", "Inject", "Loader", "OutExtension"}
)
# Options that would change where the bundle goes, or make its errors hard to read.
_OURS = frozenset({"EntryPoints", "Minify", "Outdir", "Outfile", "Sourcemap"})
# The runtime brings them; what the function has itself is bundled all the same.
_SDK = ("aws-sdk", "@aws-sdk/*", "@smithy/*")


@dataclass(frozen=True, slots=True)
class NodeBundles:
    """Bundles functions; `project` is the directory of the template, `say` takes notices."""

    project: Path
    directory: Path
    say: Callable[[str], None]

    def complete(self, functions: Mapping[str, LambdaFunction]) -> dict[str, LambdaFunction]:
        """The functions, with bundles as their code; raises `GatewayError`."""
        return {
            name: self._bundled(item) if item.build.get("BuildMethod") == "esbuild" else item
            for name, item in functions.items()
        }

    def _bundled(self, function: LambdaFunction) -> LambdaFunction:
        esbuild = find_esbuild(function.code)
        if esbuild is not None:
            return self._run(esbuild, function)
        built = built_by_sam(self.project, function.logical_id)
        if built is None:
            raise GatewayError(
                f"{function.logical_id}: esbuild and the output of sam build are gone"
            )
        self.say(f"{function.logical_id} runs as `sam build` has built it: there is no esbuild")
        return replace(function, code=built)

    def _run(self, esbuild: Path, function: LambdaFunction) -> LambdaFunction:
        output = self.directory / function.logical_id.replace("/", "-")
        finished = subprocess.run(  # noqa: S603 - the function's own tool
            [str(esbuild), *options(function.build), f"--outdir={output}"],
            cwd=function.code,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        if finished.returncode:
            raise GatewayError(f"{function.logical_id}: {_problem(finished.stderr)}")
        _mark_modules(output, function.build)
        beside = (parent / "node_modules" for parent in (function.code, *function.code.parents))
        return replace(
            function,
            code=output,
            has_source_maps=True,
            node_modules=(*filter(Path.is_dir, beside), *function.node_modules),
        )


def options(build: Mapping[str, object]) -> Iterator[str]:
    """esbuild's arguments for the `Metadata` of a function."""
    given = build.get("BuildProperties")
    properties = given if isinstance(given, dict) else {}
    points = properties.get("EntryPoints") or []
    yield from [str(point) for point in (points if isinstance(points, list) else [points])]
    yield from ("--bundle", "--platform=node", "--sourcemap", "--log-limit=1", "--color=false")
    if "Format" not in properties:
        yield "--format=cjs"
    if "Target" not in properties:
        yield "--target=es2020"
    if "External" not in properties:
        yield from (f"--external:{name}" for name in _SDK)
    for name, value in properties.items():
        if name not in _OURS:
            yield from _option(name, value)


def _option(name: str, value: object) -> Iterator[str]:
    flag = "--" + re.sub(r"(?<!^)(?=[A-Z])", "-", name).lower()
    values = [str(item) for item in value] if isinstance(value, list) else [str(value)]
    if value is True or value == "true":
        yield flag
    elif value is False or value == "false":
        yield f"{flag}=false"
    elif name in _REPEATED:
        yield from (f"{flag}:{item}" for item in values)
    else:
        yield f"{flag}={','.join(values)}"


def _mark_modules(output: Path, build: Mapping[str, object]) -> None:
    """Bundles in `.js` files are of the format that was asked for, whatever is around them."""
    given = build.get("BuildProperties")
    is_module = isinstance(given, dict) and given.get("Format") == "esm"
    content = '{"type": "module"}' if is_module else '{"type": "commonjs"}'
    (output / "package.json").write_text(content, encoding="utf-8")


def _problem(text: str) -> str:
    match = _ERROR.search(text)
    if match is None:
        return f"esbuild failed: {' '.join(text.split())[:300]}"
    place = f" ({match['place']})" if match["place"] else ""
    return f"esbuild failed: {match['text']}{place}"
