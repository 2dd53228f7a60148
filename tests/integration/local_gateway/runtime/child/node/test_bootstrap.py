"""The ways in which a Node.js handler ends an invocation."""

import asyncio
from pathlib import Path

import pytest

from local_gateway.core.invocation import Failed, Succeeded, TimedOut
from tests.support.runtimes import REGION, Runtimes, invoke, value


@pytest.mark.parametrize(
    ("handler", "payload"),
    [
        ("async () => 1", b"1"),
        ("async () => undefined", b"null"),
        ("() => Promise.resolve({ a: 1 })", b'{"a":1}'),
        ("() => ({ then: (resolve) => resolve('thenable') })", b'"thenable"'),
        ("(event, context, callback) => callback(null, 'called')", b'"called"'),
        ("(event, context, callback) => setTimeout(callback, 5, undefined, 'later')", b'"later"'),
        ("(event, context, callback) => { callback(null, 1); callback(null, 2); }", b"1"),
        ("(event, context) => context.succeed('succeeded')", b'"succeeded"'),
        ("(event, context) => context.done(null, 'done')", b'"done"'),
        ("(event, context) => { setTimeout(() => context.succeed(1), 5); }", b"1"),
        ("() => 'the result of a function that is not async is not used'", b"null"),
        ("() => { setTimeout(() => {}, 5); }", b"null"),
        ("async () => new Date(0)", b'"1970-01-01T00:00:00.000Z"'),
        ("async () => NaN", b"null"),
    ],
)
async def test_the_result(node_runtimes: Runtimes, handler: str, payload: bytes) -> None:
    runtime = await node_runtimes.serve(f"exports.lambda_handler = {handler};")
    assert (await invoke(runtime)).result == Succeeded(payload)
    assert (await invoke(runtime)).result == Succeeded(payload), "in the same environment"


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        ("async () => { throw new RangeError('far'); }", "RangeError", "far"),
        ("() => { throw new RangeError('far'); }", "RangeError", "far"),
        ("() => Promise.reject(new RangeError('far'))", "RangeError", "far"),
        ("(event, context, callback) => callback(new RangeError('far'))", "RangeError", "far"),
        ("(event, context) => context.fail(new RangeError('far'))", "RangeError", "far"),
        ("(event, context) => context.done(new RangeError('far'))", "RangeError", "far"),
        ("(event, context) => context.fail()", "string", "handled"),
        ("async () => { throw 'text'; }", "string", "text"),
        ("(event, context, callback) => callback('Unauthorized')", "string", "Unauthorized"),
        ("async () => { throw { code: 1 }; }", "object", "[object Object]"),
        ("async () => { throw 42; }", "number", "42"),
        (
            "async () => { throw Object.create(null); }",
            "TypeError",
            "Cannot convert object to primitive value",
        ),
        ("async () => () => 1", "TypeError", "Wrong arguments"),
        ("async () => 1n", "Error", "Unable to stringify response body"),
        ("async () => { const a = {}; a.a = a; return a; }", "Error", "Unable to stringify"),
        ("(event, context) => context.succeed(1n)", "Error", "Unable to stringify"),
        ("class { constructor() {} }", "TypeError", "Class constructor"),
    ],
)
async def test_the_failure(
    node_runtimes: Runtimes, handler: str, error_type: str, message: str
) -> None:
    runtime = await node_runtimes.serve(f"exports.lambda_handler = {handler};")
    for _ in range(2):
        result = (await invoke(runtime)).result
        assert isinstance(result, Failed)
        assert result.error_type == error_type
        assert message in result.message
    assert len(node_runtimes.recorder.finished) == 2
    assert [record.cold for record in node_runtimes.recorder.finished] == [True, False]


@pytest.mark.parametrize(
    ("handler", "error_type", "message"),
    [
        (
            "async () => { Promise.reject(new Error('lost')); await new Promise(() => {}); }",
            "Runtime.UnhandledPromiseRejection",
            "Error: lost",
        ),
        (
            "() => { setTimeout(() => { throw new RangeError('far'); }, 1); }",
            "RangeError",
            "far",
        ),
        (
            "(event, context, callback) => callback(null, 1n)",
            "Error",
            "Unable to stringify response body",
        ),
    ],
)
async def test_an_error_that_nobody_catches_ends_the_environment(
    node_runtimes: Runtimes, handler: str, error_type: str, message: str
) -> None:
    code = f"const broken = {handler};"
    code += "exports.lambda_handler = (event, ...rest) => event ? {} : broken(event, ...rest);"
    runtime = await node_runtimes.serve(code)
    result = (await invoke(runtime)).result
    assert isinstance(result, Failed)
    assert (result.error_type, result.message) == (error_type, message)
    assert isinstance((await invoke(runtime, 1)).result, Succeeded)


async def test_an_event_that_is_not_json_is_a_failure(node_runtimes: Runtimes) -> None:
    runtime = await node_runtimes.serve("exports.lambda_handler = async (event) => event;")
    result = (await runtime.invoke("Fn", b"{")).result
    assert isinstance(result, Failed)
    assert result.error_type == "SyntaxError"


WAITS = """
    exports.lambda_handler = (event, context, callback) => {
      if (event === "late") return callback(null, globalThis.late ?? false);
      context.callbackWaitsForEmptyEventLoop = event;
      setTimeout(() => { globalThis.late = true; }, event ? 30 : 1_000_000);
      callback(null, context.callbackWaitsForEmptyEventLoop);
    };
"""


async def test_a_callback_s_result_waits_for_an_empty_event_loop(
    node_runtimes: Runtimes,
) -> None:
    runtime = await node_runtimes.serve(WAITS)
    assert await value(runtime, True) is True
    assert await value(runtime, "late") is True


async def test_a_callback_s_result_does_not_wait_if_the_handler_says_so(
    node_runtimes: Runtimes,
) -> None:
    runtime = await node_runtimes.serve(WAITS)
    assert await value(runtime, False) is False


async def test_an_event_loop_that_never_empties_ends_in_the_timeout(
    node_runtimes: Runtimes,
) -> None:
    code = """
        setInterval(() => {}, 1000);
        exports.lambda_handler = (event, context, callback) => callback(null, "never sent");
    """
    runtime = await node_runtimes.run(node_runtimes.function(code, timeout=0.5))
    assert (await invoke(runtime)).result == TimedOut(0.5)


async def test_a_promise_s_result_does_not_wait(node_runtimes: Runtimes) -> None:
    code = "setInterval(() => {}, 1000); exports.lambda_handler = async () => 1;"
    assert await value(await node_runtimes.serve(code)) == 1


async def test_the_context_has_lambda_s_attributes(node_runtimes: Runtimes) -> None:
    code = """
        exports.lambda_handler = async (event, context) => ({
          ...context,
          remaining: context.getRemainingTimeInMillis(),
          functions: [context.done, context.fail, context.succeed].map((item) => typeof item),
        });
    """
    found = await value(await node_runtimes.serve(code))
    assert 0 < found.pop("remaining") <= 10_000
    assert found.pop("logStreamName")
    assert found == {
        "callbackWaitsForEmptyEventLoop": True,
        "functionName": "stack-Fn",
        "functionVersion": "$LATEST",
        "invokedFunctionArn": f"arn:aws:lambda:{REGION}:123456789012:function:stack-Fn",
        "memoryLimitInMB": "256",
        "logGroupName": "/aws/lambda/stack-Fn",
        "awsRequestId": node_runtimes.recorder.finished[0].request_id,
        "functions": ["function"] * 3,
    }


async def test_callbacks_are_refused_where_the_runtime_has_none(
    own_node_runtimes: Runtimes,
) -> None:
    code = "exports.lambda_handler = (event, context, callback) => callback(null, 1);"
    function = own_node_runtimes.function(code, runtime="nodejs24.x")
    result = (await invoke(await own_node_runtimes.run(function))).result
    assert isinstance(result, Failed)
    assert result.error_type == "Runtime.CallbackHandlerDeprecated"


async def test_the_next_event_is_asked_for_with_the_answer(
    node_runtimes: Runtimes, tmp_path: Path
) -> None:
    runtime = await node_runtimes.serve("exports.lambda_handler = async (event) => event;")
    events = list(range(200))
    tasks = [asyncio.create_task(value(runtime, event)) for event in events]
    assert await asyncio.gather(*tasks) == events
