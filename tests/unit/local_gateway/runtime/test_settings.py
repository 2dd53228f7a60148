"""What the environments of all functions share."""

from pathlib import Path

import pytest

from local_gateway.core.model import LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.records import ignore
from local_gateway.runtime.languages.node import Node
from local_gateway.runtime.languages.python import Python
from local_gateway.runtime.settings import RuntimeContext, RuntimeSettings


def function(runtime: str) -> LambdaFunction:
    return LambdaFunction(
        logical_id="Fn",
        name="fn",
        arn="arn",
        runtime=runtime,
        handler="app.handler",
        code=Path(),
        timeout=3,
        memory_size=128,
    )


def test_the_runtime_decides_about_the_language() -> None:
    context = RuntimeContext.from_settings(RuntimeSettings(), ignore, "us-east-1")
    assert isinstance(context.language_of(function("python3.8")), Python)
    assert isinstance(context.language_of(function("nodejs8.10")), Node)
    with pytest.raises(GatewayError, match=r"Fn: ruby3\.3 does not run here"):
        context.language_of(function("ruby3.3"))
