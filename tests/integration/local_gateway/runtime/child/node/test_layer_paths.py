"""Code that names the places that Lambda has gets what is there on this machine."""

from pathlib import Path

import pytest

from local_gateway.core.model import Layer
from tests.support.runtimes import Runtimes, value

FILES = {
    "nodejs/db.js": "exports.name = 'db';",
    "nodejs/db.mjs": "export const name = 'db';",
    "nodejs/node_modules/shared/package.json": '{"main": "main.js"}',
    "nodejs/node_modules/shared/main.js": "exports.name = 'shared';",
    "nodejs/node20/node_modules/versioned/index.js": "exports.name = 'versioned';",
    "data/words.txt": "words",
}


def layer(
    runtimes: Runtimes, files: dict[str, str], name: str = "layer", mount: str = "/opt"
) -> Layer:
    root = runtimes.directory / name
    for path, text in files.items():
        file = root / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text, encoding="utf-8")
    return Layer(logical_id=name, path=root, source_roots=(), mount=mount)


async def result(runtimes: Runtimes, body: str, *layers: Layer, name: str = "app.js") -> object:
    function = runtimes.function("", layers=layers)
    (function.code / "app.js").unlink()
    (function.code / name).write_text(body, encoding="utf-8")
    (function.code / "own.txt").write_text("own")
    return await value(await runtimes.run(function))


@pytest.mark.parametrize(
    ("expression", "expected"),
    [
        ("require('/opt/nodejs/db').name", "db"),
        ("require('/opt/nodejs/db.js').name", "db"),
        ("require('shared').name", "shared"),
        ("require('versioned').name", "versioned"),
        ("require('/opt/nodejs/node_modules/shared').name", "shared"),
        ("(await import('/opt/nodejs/db.js')).default.name", "db"),
        ("fs.readFileSync('/opt/data/words.txt', 'utf8')", "words"),
        ("await fs.promises.readFile('/opt/data/words.txt', 'utf8')", "words"),
        ("fs.existsSync('/opt/data')", True),
        ("fs.existsSync('/opt/nothing')", False),
        ("fs.readdirSync('/opt/data')", ["words.txt"]),
        ("fs.statSync(new URL('file:///opt/data/words.txt')).size", 5),
        ("fs.readFileSync('/var/task/own.txt', 'utf8')", "own"),
        ("fs.readFileSync(__dirname + '/own.txt', 'utf8')", "own"),
    ],
)
async def test_common_js(node_runtimes: Runtimes, expression: str, expected: object) -> None:
    if "import(" in expression and not await has_hooks(node_runtimes):
        expected = None
        expression = "null"
    body = f"const fs = require('fs'); exports.lambda_handler = async () => {expression};"
    assert await result(node_runtimes, body, layer(node_runtimes, FILES)) == expected


async def has_hooks(runtimes: Runtimes) -> bool:
    """Whether `import()` in CommonJS is redirected: in Node.js 22.15 and later."""
    code = "exports.lambda_handler = async () => !!require('module').registerHooks;"
    function = runtimes.function(code, logical_id="Hooks")
    return bool(await value(await runtimes.run(function), function="Hooks"))


@pytest.mark.parametrize(
    ("imports", "expression", "expected"),
    [
        ("import { name } from '/opt/nodejs/db.mjs';", "name", "db"),
        ("import { name } from 'file:///opt/nodejs/db.mjs';", "name", "db"),
        ("import db from '/opt/nodejs/db.js';", "db.name", "db"),
        ("import shared from 'shared';", "shared.name", "shared"),
        ("import versioned from 'versioned';", "versioned.name", "versioned"),
        ("", "(await import('/opt/nodejs/db.mjs')).name", "db"),
        (
            "import { readFileSync } from 'fs';",
            "readFileSync('/opt/data/words.txt', 'utf8')",
            "words",
        ),
    ],
)
async def test_es_modules(
    node_runtimes: Runtimes, imports: str, expression: str, expected: object
) -> None:
    body = f"{imports}\nexport const lambda_handler = async () => {expression};"
    found = await result(node_runtimes, body, layer(node_runtimes, FILES), name="app.mjs")
    assert found == expected


async def test_of_what_several_layers_have_the_last_counts(node_runtimes: Runtimes) -> None:
    layers = [
        layer(
            node_runtimes,
            {"nodejs/node_modules/shared/index.js": f"module.exports = '{name}';"},
            name,
        )
        for name in ("one", "two")
    ]
    body = """
        exports.lambda_handler = async () =>
          [require("shared"), require("/opt/nodejs/node_modules/shared")];
    """
    assert await result(node_runtimes, body, *layers) == ["two", "two"]


async def test_a_layer_that_is_not_built_is_where_its_build_will_be(
    node_runtimes: Runtimes,
) -> None:
    files = {"db.js": "exports.name = 'db';", "node_modules/shared/index.js": "exports.a = 1;"}
    unbuilt = layer(node_runtimes, files, mount="/opt/nodejs")
    body = """
        exports.lambda_handler = async () => [require("/opt/nodejs/db").name, require("shared").a];
    """
    assert await result(node_runtimes, body, unbuilt) == ["db", 1]


async def test_the_packages_beside_the_code_come_first(node_runtimes: Runtimes) -> None:
    shared = layer(node_runtimes, {"nodejs/node_modules/shared/index.js": "module.exports = 1;"})
    function = node_runtimes.function(
        "exports.lambda_handler = async () => require('shared');", layers=(shared,)
    )
    own = Path(function.code) / "node_modules" / "shared"
    own.mkdir(parents=True)
    (own / "index.js").write_text("module.exports = 'own';")
    assert await value(await node_runtimes.run(function)) == "own"
