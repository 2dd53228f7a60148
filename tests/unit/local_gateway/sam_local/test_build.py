"""What `sam local` is told about a run."""

import json
from dataclasses import replace
from pathlib import Path

import pytest

from local_gateway.core.model import Application, LambdaFunction
from local_gateway.errors import GatewayError
from local_gateway.runtime.child.python.redirection import VARIABLE
from local_gateway.sam_local.build import SamLocalBuild, container_variables, declaring

AWS = "http://localhost:5000"
PARENT = """\
Resources:
  Inner: {Type: AWS::Serverless::Application, Properties: {Location: Inner/template.yaml}}
  Far: {Type: AWS::CloudFormation::Stack, Properties: {TemplateURL: "https://far/t.yaml"}}
"""
BUILT = """\
Transform: AWS::Serverless-2016-10-31
Parameters:
  Architecture: {Type: String, Default: arm64}
  Other: {Type: String, Default: kept}
Globals:
  Function: {Architectures: [!Ref Architecture]}
Resources:
  Hello:
    Type: AWS::Serverless::Function
    Properties:
      CodeUri: Hello
      Environment: {Variables: {TABLE_NAME: !Ref Table}}
  Plain:
    Type: AWS::Lambda::Function
    Properties: {Code: Plain}
  Table: {Type: AWS::DynamoDB::Table}
"""


def application(**environment: str) -> Application:
    """One function with these variables."""
    function = LambdaFunction(
        logical_id="Hello",
        name="stack-Hello",
        arn="arn:aws:lambda:us-east-1:123456789012:function:stack-Hello",
        runtime="python3.13",
        handler="app.handler",
        code=Path(),
        timeout=3.0,
        memory_size=128,
        environment=environment,
    )
    return Application(
        stack_name="stack",
        account_id="123456789012",
        region="eu-west-1",
        partition="aws",
        functions={"Hello": function},
        websocket_apis=(),
        http_apis=(),
    )


def variables(**environment: str) -> dict[str, str]:
    """What the function is given, when 5000 and 8080 are the run's ports."""
    return container_variables(application(**environment), AWS, [8080, 5000])["Hello"]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ("http://localhost:5000/1/queue", "http://host.docker.internal:5000/1/queue"),
        ("http://127.0.0.1:8080/ws", "http://host.docker.internal:8080/ws"),
        ("ws://[::1]:8080", "ws://host.docker.internal:8080"),
        (
            "a=localhost:5000 b=localhost:8080",
            "a=host.docker.internal:5000 b=host.docker.internal:8080",
        ),
        ("http://localhost:50001/", "http://localhost:50001/"),
        ("http://notlocalhost:5000/", "http://notlocalhost:5000/"),
        ("http://localhost/", "http://localhost/"),
    ],
)
def test_addresses_of_the_run_are_those_that_containers_have(here: str, there: str) -> None:
    assert variables(URL=here)["URL"] == there


def test_services_region_and_credentials_are_those_of_the_run() -> None:
    found = variables()
    assert found["AWS_ENDPOINT_URL"] == "http://host.docker.internal:5000"
    assert found["AWS_REGION"] == found["AWS_DEFAULT_REGION"] == "eu-west-1"
    assert found["AWS_SECRET_ACCESS_KEY"] == found["AWS_SESSION_TOKEN"] == "local-gateway"


def test_a_functions_own_variable_wins() -> None:
    assert (
        variables(AWS_ENDPOINT_URL="http://remote_functions")["AWS_ENDPOINT_URL"]
        == "http://remote_functions"
    )


def test_what_only_the_gateways_own_environments_read_is_left_out() -> None:
    assert VARIABLE not in variables(**{VARIABLE: "host=127.0.0.1:8080"})


def test_the_copy_declares_more_and_the_built_template_stays(tmp_path: Path) -> None:
    built = tmp_path / "template.yaml"
    built.write_text(BUILT)
    SamLocalBuild(tmp_path, {"Architecture": "x86_64"}).write(application(X="1"), AWS, [5000])
    assert built.read_text() == BUILT
    template = json.loads((tmp_path / "sam-local.json").read_text())
    values = json.loads((tmp_path / "env.json").read_text())
    declared = template["Resources"]["Hello"]["Properties"]["Environment"]["Variables"]
    assert declared.keys() == {"TABLE_NAME", *values["Hello"]}
    assert declared["TABLE_NAME"] == {"Ref": "Table"}
    assert template["Resources"]["Hello"]["Properties"]["CodeUri"] == "Hello", "beside the build"
    assert template["Resources"]["Table"] == {"Type": "AWS::DynamoDB::Table"}
    assert template["Parameters"]["Architecture"]["Default"] == "x86_64", "as it was built"
    assert template["Parameters"]["Other"]["Default"] == "kept"
    assert template["Globals"] == {"Function": {"Architectures": ["x86_64"]}}


def test_a_template_without_parameters_gets_none() -> None:
    assert declaring({"Resources": {}}, {}, {"Architecture": "x86_64"}) == {"Resources": {}}


def test_variables_that_differ_from_the_last_ones_are_reported(tmp_path: Path) -> None:
    (tmp_path / "template.yaml").write_text(BUILT)
    build = SamLocalBuild(tmp_path, {})
    written = [build.write(application(A=value), AWS, [5000]) for value in ("1", "1", "2", "2")]
    assert written == [False, False, True, False]


def test_the_commands_are_those_of_this_build() -> None:
    build = SamLocalBuild(Path("my build"), {"A": "1", "B": "x y"})
    assert build.build_command == (
        "sam build --build-dir 'my build' --parameter-overrides A=1 'B=x y'"
    )
    assert SamLocalBuild(Path("b"), {}).build_command == "sam build --build-dir b"
    assert build.start_lambda("http://127.0.0.1:3001").endswith(
        "--warm-containers EAGER --port 3001"
    )


def test_without_a_build_the_remedy_is_told(tmp_path: Path) -> None:
    with pytest.raises(GatewayError, match=r"no template\.yaml; run `sam build --build-dir "):
        SamLocalBuild(tmp_path, {}).write(application(), AWS, [])


def test_functions_of_nested_stacks_declare_their_variables(tmp_path: Path) -> None:
    (tmp_path / "Inner").mkdir()
    (tmp_path / "Inner" / "template.yaml").write_text(BUILT)
    (tmp_path / "template.yaml").write_text(PARENT)
    stack = application(SECRET="x")
    stack = replace(stack, functions={"Inner/Hello": stack.functions["Hello"]})
    SamLocalBuild(tmp_path, {}).write(stack, AWS, [])
    parent = json.loads((tmp_path / "sam-local.json").read_text())["Resources"]
    inner = json.loads((tmp_path / "Inner" / "sam-local.json").read_text())["Resources"]
    assert parent["Inner"]["Properties"] == {"Location": "Inner/sam-local.json"}
    assert parent["Far"]["Properties"] == {"TemplateURL": "https://far/t.yaml"}
    assert inner["Hello"]["Properties"]["Environment"]["Variables"].keys() > {
        "SECRET",
        "AWS_REGION",
    }
    assert "Inner/Hello" in json.loads((tmp_path / "env.json").read_text())
