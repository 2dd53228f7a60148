"""What a handler finds around it: variables, paths, its context."""

import re
from typing import Any

from tests.support.runtimes import REGION, Code, Runtimes, invoke, value

VARIABLES = Code(
    python="""
    import os

    def lambda_handler(event, context):
        return dict(os.environ)
""",
    node="exports.lambda_handler = async () => process.env;",
)

CONTEXT = """
    def lambda_handler(event, context):
        context.log("logged through the context\\n")
        names = ("aws_request_id function_name function_version invoked_function_arn "
                 "memory_limit_in_mb log_group_name log_stream_name client_context tenant_id")
        return {name: getattr(context, name) for name in names.split()} | {
            "remaining": context.get_remaining_time_in_millis(),
            "identity": [context.identity.cognito_identity_id,
                         context.identity.cognito_identity_pool_id],
        }
"""


async def test_lambda_s_variables_are_set(runtimes: Runtimes) -> None:
    function = runtimes.function(VARIABLES)
    found = await value(await runtimes.run(function))
    expected = {
        "_HANDLER": "app.lambda_handler",
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{function.runtime}",
        "AWS_LAMBDA_FUNCTION_NAME": "stack-Fn",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": "256",
        "AWS_LAMBDA_FUNCTION_VERSION": "$LATEST",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_GROUP_NAME": "/aws/lambda/stack-Fn",
        "LAMBDA_TASK_ROOT": str(function.code),
        "TZ": ":UTC",
        "LANG": "en_US.UTF-8",
    }
    assert {name: found.get(name) for name in expected} == expected
    stream = found["AWS_LAMBDA_LOG_STREAM_NAME"]
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\][0-9a-f]{32}", stream)
    assert re.fullmatch(r"127\.0\.0\.1:\d+", found["AWS_LAMBDA_RUNTIME_API"])
    credentials = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN")
    assert all(found[name] for name in credentials)


async def test_nothing_else_is_inherited(runtimes: Runtimes, monkeypatch: Any) -> None:
    monkeypatch.setenv("DEVELOPERS_SECRET", "not for handlers")
    monkeypatch.setenv("AWS_PROFILE", "production")
    found = await value(await runtimes.serve(VARIABLES))
    foreign = {
        name
        for name in found
        if not re.match(r"AWS_|_HANDLER|LAMBDA_|_X_AMZN_TRACE_ID|PATH$|LANG$|TZ$|HOME$", name)
    }
    assert foreign <= {"PYTHONPATH", "LC_CTYPE", "NODE_PATH", "LOCAL_GATEWAY_MOUNTS"}
    assert "AWS_PROFILE" not in found


async def test_a_function_s_variables_rank_between_base_and_reserved(
    runtimes: Runtimes,
) -> None:
    function = runtimes.function(
        VARIABLES,
        environment={"TABLE": "t", "AWS_ENDPOINT_URL": "http://own", "AWS_REGION": "mars-1"},
    )
    base = {
        "AWS_ENDPOINT_URL": "http://base",
        "AWS_ACCESS_KEY_ID": "base-key",
        "EXTRA": "from the gateway",
        "AWS_LAMBDA_FUNCTION_NAME": "no",
    }
    found = await value(await runtimes.run(function, base_environment=base))
    assert found["TABLE"] == "t"
    assert found["EXTRA"] == "from the gateway"
    assert found["AWS_ENDPOINT_URL"] == "http://own"
    assert found["AWS_REGION"] == REGION
    assert found["AWS_ACCESS_KEY_ID"] == "base-key"
    assert found["AWS_LAMBDA_FUNCTION_NAME"] == "stack-Fn"


async def test_each_invocation_has_its_trace_id(runtimes: Runtimes) -> None:
    runtime = await runtimes.serve(VARIABLES)
    own = "Root=1-5759e988-bd862e3fe1be46a994272793;Sampled=1"
    await runtime.invoke("Fn", b"{}", trace_id=own)
    result = (await runtime.invoke("Fn", b"{}", trace_id=own)).result
    assert f"{own};Lineage=" in str(result)
    made_up = (await value(runtime))["_X_AMZN_TRACE_ID"]
    form = r"Root=1-[0-9a-f]{8}-[0-9a-f]{24};Parent=[0-9a-f]{16};Sampled=0;Lineage=[0-9a-f]{8}:1"
    assert re.fullmatch(form, made_up)


async def test_the_context_has_lambda_s_attributes(python_runtimes: Runtimes) -> None:
    runtime = await python_runtimes.serve(CONTEXT)
    invocation = await invoke(runtime)
    found = await value(runtime)
    assert found.pop("aws_request_id") == python_runtimes.recorder.finished[1].request_id
    assert found.pop("aws_request_id", None) != invocation.request_id
    assert 0 < found.pop("remaining") <= 10_000
    assert re.fullmatch(r"\d{4}/\d\d/\d\d/\[\$LATEST\].*", found.pop("log_stream_name"))
    assert found == {
        "function_name": "stack-Fn",
        "function_version": "$LATEST",
        "invoked_function_arn": f"arn:aws:lambda:{REGION}:123456789012:function:stack-Fn",
        "memory_limit_in_mb": "256",
        "log_group_name": "/aws/lambda/stack-Fn",
        "client_context": None,
        "tenant_id": None,
        "identity": [None, None],
    }
    assert "logged through the context" in python_runtimes.recorder.texts("stdout")


async def test_modules_come_from_the_task_root_then_the_layers_in_order(
    python_runtimes: Runtimes,
) -> None:
    layers = (
        python_runtimes.layer("one", "shared", "NAME = 'one'"),
        python_runtimes.layer("two", "shared", "NAME = 'two'"),
        python_runtimes.layer("three", "only_here", "NAME = 'three'"),
    )
    code = """
        import os, sys
        import only_here, shared

        def lambda_handler(event, context):
            return [shared.NAME, only_here.NAME, os.getcwd(), sys.path[:4]]
    """
    function = python_runtimes.function(code, layers=layers)
    roots = [str(function.code), *(str(layer.path) for layer in layers)]
    assert await value(await python_runtimes.run(function)) == ["one", "three", roots[0], roots]


async def test_the_gateway_s_own_files_are_not_importable(python_runtimes: Runtimes) -> None:
    code = """
        import importlib.util

        NAMES = ["bootstrap", "launcher", "lambda_context", "local_gateway"]

        def lambda_handler(event, context):
            return [name for name in NAMES if importlib.util.find_spec(name)]
    """
    assert await value(await python_runtimes.serve(code)) == []


async def test_standard_input_is_empty(runtimes: Runtimes) -> None:
    code = Code(
        python="""
        import sys

        def lambda_handler(event, context):
            return sys.stdin.read()
        """,
        node="""
        const fs = require("node:fs");

        exports.lambda_handler = async () => fs.readFileSync(0, "utf8");
        """,
    )
    assert await value(await runtimes.serve(code)) == ""
