"""Which values the parameters of template.yaml accept, and those of samconfig.toml."""

import re
import tomllib
from typing import Any

import pytest

from local_gateway.template.loading.load import load_template
from tests.contract.transformed_template import PROJECT, TEMPLATE, source_template

ANSWERS = {
    "AlarmEmail": "operator@example.com",
    "AllowedOrigins": "https://a.example.com,b.example.com:8443",
    "DomainName": "chat.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1f0b5a7e-4f6b-9d7a-1b2c3d4e",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chat/1f0b5a7e-4f6b-9d7a-1b2c",
    "SnapStart": "On",
    "AssistantModelId": "apac.anthropic.claude-sonnet-4-20250514-v1:0",
    "AssistantSystemPrompt": 'Jawablah dengan singkat: "ya" atau "tidak".',
}


def parameters() -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = source_template()["Parameters"]
    return found


def accepts(name: str, value: str) -> bool:
    """Whether CloudFormation takes a value for a parameter."""
    parameter = parameters()[name]
    if "AllowedValues" in parameter:
        return value in [str(allowed) for allowed in parameter["AllowedValues"]]
    if parameter["Type"] == "Number":
        return bool(parameter["MinValue"] <= float(value) <= parameter["MaxValue"])
    if len(value) > parameter.get("MaxLength", 4096):
        return False
    return re.search(parameter["AllowedPattern"], value) is not None


@pytest.mark.parametrize(("name", "value"), ANSWERS.items())
def test_sensible_values_are_accepted(name: str, value: str) -> None:
    assert accepts(name, value)
    assert accepts(name, parameters()[name]["Default"])


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AlarmEmail", "operator"),
        ("AlarmEmail", "a@example.com, b@example.com"),
        ("AllowedOrigins", "https://a.example.com/path"),
        ("AllowedOrigins", "a.example.com, b.example.com"),
        ("DomainName", "https://chat.example.com"),
        ("DomainName", "chat"),
        ("CertificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/1f0b5a7e"),
        ("HostedZoneId", "example.com"),
        ("WebAclArn", "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/chat/1f0b"),
        ("AssistantModelId", "*"),
        ("AssistantModelId", "Claude Sonnet"),
        ("AssistantModelId", "arn:aws:bedrock:us-east-1::foundation-model/amazon.nova-lite-v1:0"),
        ("AssistantSystemPrompt", "First line\nsecond line"),
    ],
)
def test_mistakes_are_refused_before_anything_is_created(name: str, value: str) -> None:
    assert not accepts(name, value)


def samconfig(environment: str, command: str) -> dict[str, Any]:
    config = tomllib.loads((PROJECT / "samconfig.toml").read_text(encoding="utf-8"))
    parameters: dict[str, Any] = config[environment][command]["parameters"]
    return parameters


def overrides(environment: str) -> dict[str, str]:
    """The parameters of an environment, which are under `global` so that build has them too."""
    for command in ("build", "deploy"):
        assert "parameter_overrides" not in samconfig(environment, command)
    pairs = samconfig(environment, "global")["parameter_overrides"]
    return dict(pair.split("=", 1) for pair in pairs)


@pytest.mark.parametrize("environment", ["default", "prod", "x86_64"])
def test_samconfig_gives_values_that_the_template_accepts(environment: str) -> None:
    for name, value in overrides(environment).items():
        assert accepts(name, value), name
    deploy = samconfig(environment, "deploy")
    # A nested application needs the second one.
    assert deploy["capabilities"] == "CAPABILITY_IAM CAPABILITY_AUTO_EXPAND"
    assert deploy["confirm_changeset"] is True


def test_samconfig_has_an_environment_for_each_architecture_of_one_stack() -> None:
    assert overrides("x86_64") == overrides("default") | {"Architecture": "x86_64"}
    default, other = (samconfig(name, "global")["stack_name"] for name in ("default", "x86_64"))
    assert default == other


def test_production_keeps_data_and_changes_gradually() -> None:
    chosen = overrides("prod")
    assert chosen["KeepData"] == "true"
    assert chosen["DeploymentType"] != "AllAtOnce"
    default, other = (samconfig(name, "global")["stack_name"] for name in ("default", "prod"))
    assert default != other


def test_the_local_gateway_reads_what_production_deploys() -> None:
    read = load_template(TEMPLATE, overrides("prod") | ANSWERS)
    served = {resource.type for resource in read.resources.values()}
    assert {"AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup", "AWS::SNS::Topic"} <= served
    [warning] = read.warnings
    assert "CodeDeploy" not in warning
    assert "DomainRecord" in warning
