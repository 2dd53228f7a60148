"""Where Node.js finds things, and why it does not start."""

import re
from dataclasses import replace
from pathlib import Path

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.core.model import LambdaFunction, Layer
from local_gateway.runtime.languages.node import (
    Node,
    amazon_client,
    package_directories,
    runtime_version,
)
from tests.support.programs import require_tool


def function(runtime: str = "nodejs20.x", *layers: Layer) -> LambdaFunction:
    return LambdaFunction(
        logical_id="Fn",
        name="fn",
        arn="arn",
        runtime=runtime,
        handler="app.handler",
        code=Path("/code"),
        timeout=3,
        memory_size=128,
        layers=layers,
        node_modules=(Path("/cache/node_modules"),),
    )


@pytest.mark.parametrize(
    ("runtime", "version"), [("nodejs", 0), ("nodejs8.10", 8), ("nodejs22.x", 22)]
)
def test_the_version_of_a_runtime(runtime: str, version: int) -> None:
    assert runtime_version(runtime) == version


def test_the_last_layer_comes_first_and_what_was_installed_last() -> None:
    layers = [
        Layer(logical_id="a", path=Path("/a"), source_roots=()),
        Layer(logical_id="b", path=Path("/b"), source_roots=(), mount="/opt/nodejs"),
    ]
    assert list(map(str, package_directories(function("nodejs20.x", *layers)))) == [
        "/b/node20/node_modules",
        "/b/node_modules",
        "/a/nodejs/node20/node_modules",
        "/a/nodejs/node_modules",
        "/cache/node_modules",
    ]


@pytest.mark.starts_programs
@pytest.mark.parametrize(
    ("runtime", "failure", "text"),
    [
        (
            "nodejs98.x",
            Failed(
                "Runtime.UserCodeSyntaxError",
                "SyntaxError: Unexpected token",
                b'{"trace": ["/code/app.js:3"]}',
            ),
            r"does not import: SyntaxError: Unexpected token \(app\.js:3\); "
            r"Node\.js \d+\.\d+ is older than nodejs98\.x: install a newer one",
        ),
        (
            "nodejs12.x",
            Failed("Runtime.UserCodeSyntaxError", "SyntaxError: Unexpected token"),
            "does not import: SyntaxError: Unexpected token",
        ),
        (
            "nodejs12.x",
            Failed(
                "Runtime.UserCodeSyntaxError",
                "SyntaxError: Cannot use import statement outside a module",
            ),
            'does not import: .* a module; rename the file to \\.mjs, or put "type": "module" .*',
        ),
        (
            "nodejs20.x",
            Failed(
                "Error",
                "The module '/code/node_modules/x/x.node'\nwas compiled against a different "
                "Node.js version using\nNODE_MODULE_VERSION 72.",
            ),
            "does not import: .*; the package was built for another platform or Node.js than "
            "this one: run `npm rebuild` in /code",
        ),
        ("nodejs20.x", Failed("Runtime.ExitError", ""), "does not start: Runtime.ExitError: "),
    ],
)
def test_why_a_function_does_not_start(runtime: str, failure: Failed, text: str) -> None:
    require_tool("node")
    assert re.fullmatch(text, Node().explain(function(runtime), failure))


def test_amazon_s_client_is_used_where_npm_has_built_it(tmp_path: Path) -> None:
    given = replace(function(), code=tmp_path, node_modules=(tmp_path / "cache",))
    assert amazon_client(given) is None
    package = tmp_path / "cache" / "aws-lambda-ric" / "dist"
    package.mkdir(parents=True)
    (package / "index.mjs").touch()
    assert amazon_client(given) is None, "its native part is not built"
    (package / "rapid-client.node").touch()
    assert amazon_client(given) == package / "index.mjs"
