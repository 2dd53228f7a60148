"""Which variables a file for `--env-vars` sets, and what it says about a wrong one."""

import json
from pathlib import Path
from typing import Any

import pytest

from local_gateway.app.function_variables import FunctionVariables, FunctionVariablesError
from local_gateway.core.model import Application, LambdaFunction


def function(name: str, **environment: str) -> LambdaFunction:
    return LambdaFunction(
        logical_id=name,
        name=name,
        arn=f"arn:{name}",
        runtime="python3.13",
        handler="app.handler",
        code=Path("/code"),
        timeout=3.0,
        memory_size=128,
        environment=environment,
    )


FUNCTIONS = {
    "One": function("One", URL="template", MODE="template"),
    "Two": function("Two", URL="template"),
}
APPLICATION = Application(
    stack_name="local",
    account_id="123456789012",
    region="us-east-1",
    partition="aws",
    functions=FUNCTIONS,
    websocket_apis=(),
    http_apis=(),
)


def applied(path: Path, content: Any) -> tuple[dict[str, dict[str, str]], list[str]]:
    file = path / "env.json"
    file.write_text(content if isinstance(content, str) else json.dumps(content))
    application, warnings = FunctionVariables.from_file(file).apply(APPLICATION)
    environments = {name: dict(item.environment) for name, item in application.functions.items()}
    return environments, warnings


def test_parameters_are_for_every_function_and_its_own_win(tmp_path: Path) -> None:
    content = {"Parameters": {"URL": "all", "MODE": 7}, "One": {"URL": "own", "MODE": True}}
    assert applied(tmp_path, content) == (
        {"One": {"URL": "own", "MODE": "true"}, "Two": {"URL": "all"}},
        [],
    )


def test_a_variable_that_the_template_lacks_has_no_effect_and_a_warning(tmp_path: Path) -> None:
    environments, warnings = applied(tmp_path, {"Two": {"MODE": "x"}, "Parameters": {"Q": "x"}})
    assert environments == {
        "One": {"URL": "template", "MODE": "template"},
        "Two": {"URL": "template"},
    }
    assert len(warnings) == 2
    assert "Two.MODE has no effect" in warnings[0]
    assert "Parameters.Q has no effect" in warnings[1]


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        ("{", "not JSON"),
        ("[" * 100_000, "not JSON"),
        ([], "expected {"),
        ({"One": "x"}, "One must be an object of variables"),
        ({"One": {"URL": None}}, "One.URL must be a string, number or boolean"),
        ({"One": {"URL": {"a": 1}}}, "One.URL must be a string, number or boolean"),
        ({"Three": {}}, "no function is called Three; there are: One, Two"),
    ],
)
def test_a_wrong_file_is_told_with_its_place(tmp_path: Path, content: Any, problem: str) -> None:
    with pytest.raises(FunctionVariablesError) as refused:
        applied(tmp_path, content)
    assert problem in str(refused.value)
    assert f"--env-vars {tmp_path / 'env.json'}" in str(refused.value)


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(FunctionVariablesError, match="No such file"):
        FunctionVariables.from_file(tmp_path / "none.json")
