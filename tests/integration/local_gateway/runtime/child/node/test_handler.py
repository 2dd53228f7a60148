"""How Node.js finds a handler, and what it says if it cannot."""

from pathlib import Path

import pytest

from local_gateway.core.invocation import Failed
from local_gateway.core.model import LambdaFunction
from local_gateway.runtime.service import FunctionInitError
from tests.support.runtimes import Runtimes, invoke, value


def function_of(runtimes: Runtimes, files: dict[str, str], handler: str) -> LambdaFunction:
    function = runtimes.function("", handler=handler)
    (function.code / "app.js").unlink()
    for name, text in files.items():
        path = function.code / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return function


COMMON_JS = "exports.handler = async () => 'ok';"
ES_MODULE = "export const handler = async () => 'ok';"
AS_MODULE = '{"type": "module"}'


@pytest.mark.parametrize(
    ("files", "handler"),
    [
        ({"app.js": COMMON_JS}, "app.handler"),
        ({"app.cjs": COMMON_JS}, "app.handler"),
        ({"app.mjs": ES_MODULE}, "app.handler"),
        ({"app.js": ES_MODULE, "package.json": AS_MODULE}, "app.handler"),
        ({"src/app.js": ES_MODULE, "package.json": AS_MODULE}, "src/app.handler"),
        ({"app.cjs": COMMON_JS, "package.json": AS_MODULE}, "app.handler"),
        ({"app.js": COMMON_JS, "app.mjs": "throw 1"}, "app.handler"),
        ({"src/handlers/app.js": COMMON_JS}, "src/handlers/app.handler"),
        ({"app.js": "exports.a = { b: { handler: async () => 'ok' } };"}, "app.a.b.handler"),
        (
            {"app.js": "module.exports.handler = (event, context, cb) => cb(null, 'ok');"},
            "app.handler",
        ),
        ({"app.js": "module.exports = { handler: async () => 'ok' };"}, "app.handler"),
        ({"app/index.js": COMMON_JS}, "app.handler"),
        ({"node_modules/app/index.js": COMMON_JS}, "app.handler"),
        ({"app.mjs": "await Promise.resolve();\n" + ES_MODULE}, "app.handler"),
        (
            {"app.mjs": f"import './other.mjs';\n{ES_MODULE}", "other.mjs": "export {};"},
            "app.handler",
        ),
        ({"app.mjs": f"{ES_MODULE}\nexport default 1;"}, "app.handler"),
    ],
)
async def test_a_handler_is_found(
    node_runtimes: Runtimes, files: dict[str, str], handler: str
) -> None:
    runtime = await node_runtimes.run(function_of(node_runtimes, files, handler))
    assert await value(runtime) == "ok"


@pytest.mark.parametrize(
    ("files", "handler", "error_type", "message"),
    [
        ({}, "app.handler", "Runtime.ImportModuleError", "Error: Cannot find module 'app'"),
        (
            {"app.js": "require('./no')"},
            "app.handler",
            "Runtime.ImportModuleError",
            "Error: Cannot find module './no'",
        ),
        (
            {"app.mjs": "import 'no-such-package';"},
            "app.handler",
            "Error",
            "Cannot find package 'no-such-package' imported from",
        ),
        (
            {"app.js": "exports.handler = async ( => {};"},
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: Unexpected token '=>'",
        ),
        (
            {"app.mjs": "import { no } from 'node:fs';"},
            "app.handler",
            "Runtime.UserCodeSyntaxError",
            "SyntaxError: The requested module 'node:fs' does not provide an export named 'no'",
        ),
        (
            {"app.js": ""},
            "app.handler",
            "Runtime.HandlerNotFound",
            "app.handler is undefined or not exported",
        ),
        (
            {"app.js": "exports.handler = 1;"},
            "app.handler",
            "Runtime.HandlerNotFound",
            "app.handler is not a function",
        ),
        ({"app.js": COMMON_JS}, "app", "Runtime.MalformedHandlerName", "Bad handler"),
        (
            {"app.js": COMMON_JS},
            "../app.handler",
            "Runtime.MalformedHandlerName",
            "'../app.handler' is not a valid handler name.",
        ),
        ({"app.js": "throw new TypeError('why')"}, "app.handler", "TypeError", "why"),
        ({"app.js": "throw 'text'"}, "app.handler", "string", "text"),
        (
            {"app.js": "Promise.reject(new Error('lost'))"},
            "app.handler",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
        ),
        ({"app.js": "process.exit(9)"}, "app.handler", "Runtime.ExitError", "exit status 9"),
    ],
)
async def test_an_init_error_fails_the_invocation(
    node_runtimes: Runtimes, files: dict[str, str], handler: str, error_type: str, message: str
) -> None:
    runtime = await node_runtimes.run(function_of(node_runtimes, files, handler))
    result = (await invoke(runtime)).result
    assert isinstance(result, Failed)
    assert result.error_type == error_type
    assert message in result.message


@pytest.mark.parametrize(
    ("files", "text"),
    [
        (
            {"app.js": "\nrequire('no-such-package')"},
            "does not import: Cannot find module 'no-such-package' (app.js:2); "
            "run `npm install no-such-package` in CODE, or put it into a layer",
        ),
        (
            {"app.mjs": "\nimport 'no-such-package'"},
            "does not import: Cannot find package 'no-such-package' imported from CODE/app.mjs; "
            "run `npm install no-such-package` in CODE, or put it into a layer",
        ),
        (
            {"app.js": "require('./lib')", "lib.js": "\n\nlet a b"},
            "does not import: SyntaxError: Unexpected identifier 'b' (lib.js:3)",
        ),
        (
            {"app.mjs": "\n\nlet a b"},
            "does not import: SyntaxError: Unexpected identifier 'b' (app.mjs:3)",
        ),
        (
            {"app.mjs": "import './lib.mjs';", "lib.mjs": "\nlet a b"},
            "does not import: SyntaxError: Unexpected identifier 'b' (lib.mjs:2)",
        ),
        ({}, "does not import: Cannot find module 'app'; there is no app.js, .mjs or .cjs in CODE"),
        (
            {"app.js": "require('./other')"},
            "does not import: Cannot find module './other' (app.js:1); the file is not there",
        ),
        (
            {"app.js": "exports.other = 1"},
            "does not exist: app.handler is undefined or not exported",
        ),
        (
            {"app.js": "\nnull.x"},
            "does not start: TypeError: Cannot read properties of null (reading 'x') (app.js:2)",
        ),
        (
            {"app.js": "require('aws-sdk')"},
            "nodejs20.x has no aws-sdk on AWS either: add it to package.json, or use version 3",
        ),
        (
            {"app.js": "require('./addon.node')", "addon.node": "not a library"},
            "the package was built for another platform or Node.js than this one: "
            "run `npm rebuild` in CODE",
        ),
    ],
)
async def test_the_reason_is_one_line_with_place_and_remedy(
    own_node_runtimes: Runtimes, files: dict[str, str], text: str
) -> None:
    function = function_of(own_node_runtimes, files, "app.handler")
    runtime = await own_node_runtimes.run(function)
    with pytest.raises(FunctionInitError) as caught:
        await runtime.warm("Fn")
    message = str(caught.value)
    assert text.replace("CODE", str(function.code)) in message
    assert "\n" not in message


async def test_a_handler_that_streams_is_refused(own_node_runtimes: Runtimes) -> None:
    code = "exports.lambda_handler = awslambda.streamifyResponse(async () => {});"
    result = (await invoke(await own_node_runtimes.serve(code))).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.MalformedStreamingHandler"
    assert result.message.endswith("export it without awslambda.streamifyResponse")


async def test_paths_of_the_handler_are_those_on_this_machine(
    node_runtimes: Runtimes,
) -> None:
    code = "exports.lambda_handler = async () => [__dirname, process.cwd(), require.main ?? null];"
    function = node_runtimes.function(code)
    runtime = await node_runtimes.run(function)
    directory, cwd, _ = await value(runtime)
    assert {Path(directory), Path(cwd)} == {function.code}
