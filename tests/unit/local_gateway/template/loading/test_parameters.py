"""Parameters: defaults, overrides, constraints."""

import pytest

from local_gateway.template.document.errors import TemplateError
from tests.unit.local_gateway.template.project import Project


def failure(project: Project, template: str, **overrides: str) -> str:
    with pytest.raises(TemplateError) as raised:
        project.load(template, overrides)
    text = str(raised.value)
    assert text.startswith(f"{project.root}/template.yaml:")
    assert "\n" not in text
    return text.removeprefix(f"{project.root}/template.yaml:")


PARAMETERS = """\
Parameters:
  Stage: {Type: String, Default: dev, AllowedValues: [dev, prod]}
  Size: {Type: Number, Default: 3, MinValue: 1, MaxValue: 9}
  Name: {Type: String, AllowedPattern: "[a-z]+", Default: abc, MinLength: 2, MaxLength: 5}
  Zones: {Type: CommaDelimitedList, Default: "a, b"}
Resources:
  Q: {Type: AWS::SQS::Queue}
"""


def test_parameter_values(project: Project) -> None:
    template = project.load(PARAMETERS, {"Stage": "prod", "Size": "5"})
    assert template.parameters == {
        "Stage": "prod",
        "Size": "5",
        "Name": "abc",
        "Zones": ["a", "b"],
    }


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"Stage": "qa"}, "2: Parameters.Stage: 'qa' is not one of dev, prod"),
        ({"Size": "x"}, "3: Parameters.Size: 'x' is not a Number"),
        ({"Size": "10"}, "3: Parameters.Size: '10' is more than MaxValue 9"),
        ({"Size": "0"}, "3: Parameters.Size: '0' is less than MinValue 1"),
        ({"Name": "A"}, "4: Parameters.Name: 'A' does not match AllowedPattern [a-z]+"),
        ({"Name": "a"}, "4: Parameters.Name: 'a' is shorter than MinLength 2"),
        ({"Name": "abcdef"}, "4: Parameters.Name: 'abcdef' is longer than MaxLength 5"),
        (
            {"Stag": "x"},
            "1: Parameters: --parameter-overrides names Stag, the template's parameters are: "
            "Stage, Size, Name, Zones; did you mean Stage?",
        ),
    ],
)
def test_parameter_mistakes(project: Project, overrides: dict[str, str], message: str) -> None:
    assert failure(project, PARAMETERS, **overrides) == message


@pytest.mark.parametrize(
    ("declaration", "message"),
    [
        (
            "{Type: String}",
            "the parameter has no default and no value; give it with --parameter-overrides P=VALUE",
        ),
        ("{Default: x}", "the parameter has no Type; for text write Type: String"),
    ],
)
def test_parameters_without_a_value(project: Project, declaration: str, message: str) -> None:
    text = (
        f"Parameters:\n  P: {declaration}\nResources:\n"
        "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}"
    )
    assert failure(project, text) == f"2: Parameters.P: {message}"


def test_the_name_stands_for_a_parameter_of_an_account(project: Project) -> None:
    template = project.load(
        "Parameters:\n  P: {Type: 'AWS::SSM::Parameter::Value<String>', Default: /x}\nResources:\n"
        "  Q: {Type: AWS::SQS::Queue, Properties: {QueueName: !Ref P}}"
    )
    assert template.parameters == {"P": "/x"}
    assert [str(error) for error in template.not_served] == [
        f"{project.root}/template.yaml:2: Parameters.P: the value is kept in the SSM parameter /x "
        "of an account, which is not here; its name is used; "
        "give it with --parameter-overrides P=VALUE"
    ]


def test_parameter_and_rule_that_the_cdk_adds(project: Project) -> None:
    template = project.load(
        """\
Parameters:
  BootstrapVersion:
    Type: AWS::SSM::Parameter::Value<String>
    Default: /cdk-bootstrap/hnb659fds/version
Rules:
  CheckBootstrapVersion:
    Assertions:
      - Assert: {"Fn::Not": [{"Fn::Contains": [["1", "2"], !Ref BootstrapVersion]}]}
        AssertDescription: too old
Resources:
  CDKMetadata: {Type: AWS::CDK::Metadata, Properties: {Analytics: v2:x}}
  Q: {Type: AWS::SQS::Queue}
"""
    )
    assert template.warnings == ()
