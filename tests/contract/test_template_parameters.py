"""What `sam deploy --guided` asks, what it accepts, and what samconfig.toml answers."""

import re
import tomllib
from itertools import chain
from typing import Any

import pytest

from local_gateway.template.loading.load import load_template
from tests.contract.transformed_template import (
    PROJECT,
    TEMPLATE,
    references,
    resources,
    source_template,
    transformed_template,
)

TELLS = {"Fn::If": ["TellsOfAlarms", [{"Ref": "AlarmTopic"}], {"Ref": "AWS::NoValue"}]}

# By parameter: what somebody with everything answers.
ANSWERS = {
    "AlarmEmail": "operator@example.com",
    "AllowedOrigins": "https://a.example.com,b.example.com:8443",
    "DomainName": "chat.example.com",
    "CertificateArn": "arn:aws:acm:us-east-1:123456789012:certificate/1f0b5a7e-4f6b-9d7a-1b2c3d4e",
    "HostedZoneId": "Z0123456789ABCDEFGHIJ",
    "WebAclArn": "arn:aws:wafv2:us-east-1:123456789012:global/webacl/chat/1f0b5a7e-4f6b-9d7a-1b2c",
    "HistoryOffPrefixes": "typing:,cursor:",
    "SnapStart": "On",
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


def test_every_parameter_is_described_and_used() -> None:
    template = source_template()
    sections = ("Resources", "Globals", "Conditions")
    used = set(references([template[name] for name in sections]))
    assert parameters().keys() <= used
    for parameter in parameters().values():
        assert parameter["Description"]
        assert parameter["ConstraintDescription"]
        assert "Default" in parameter
        assert {"AllowedValues", "AllowedPattern", "MinValue"} & parameter.keys()


def test_enter_is_an_answer_to_every_question() -> None:
    for name, parameter in parameters().items():
        assert accepts(name, str(parameter["Default"])), name


def test_the_console_asks_in_the_same_order() -> None:
    interface = source_template()["Metadata"]["AWS::CloudFormation::Interface"]
    groups = [group["Parameters"] for group in interface["ParameterGroups"]]
    assert list(chain(*groups)) == list(parameters())
    assert interface["ParameterLabels"].keys() <= parameters().keys()


@pytest.mark.parametrize(("name", "value"), ANSWERS.items())
def test_sensible_answers_are_accepted(name: str, value: str) -> None:
    assert accepts(name, value)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("AlarmEmail", "operator"),
        ("AlarmEmail", "a@example.com, b@example.com"),
        ("AllowedOrigins", "https://a.example.com/path"),
        ("AllowedOrigins", "a.example.com, b.example.com"),
        ("SessionLifetimeSeconds", "60"),
        ("KeepData", "yes"),
        ("LogRetentionDays", "31"),
        ("DomainName", "https://chat.example.com"),
        ("DomainName", "chat"),
        ("CertificateArn", "arn:aws:acm:eu-west-1:123456789012:certificate/1f0b5a7e"),
        ("HostedZoneId", "example.com"),
        ("WebAclArn", "arn:aws:wafv2:us-east-1:123456789012:regional/webacl/chat/1f0b"),
        ("MessageBurstLimit", "5001"),
        ("DeploymentType", "Canary"),
        ("SnapStart", "true"),
    ],
)
def test_mistakes_are_refused_before_anything_is_made(name: str, value: str) -> None:
    assert not accepts(name, value)


def test_a_host_name_comes_with_a_certificate_or_not_at_all() -> None:
    rules = source_template()["Rules"]
    for rule in rules.values():
        assert "DomainName" in references(rule["RuleCondition"])
        for assertion in rule["Assertions"]:
            assert "CertificateArn" in references(assertion["Assert"])
            assert "DomainName" in assertion["AssertDescription"]


def test_the_distribution_takes_a_host_name_a_certificate_and_a_firewall() -> None:
    config = resources("AWS::CloudFront::Distribution")["Distribution"]["DistributionConfig"]
    nothing = {"Ref": "AWS::NoValue"}
    assert config["Aliases"] == {"Fn::If": ["HasDomainName", [{"Ref": "DomainName"}], nothing]}
    condition, certificate, otherwise = config["ViewerCertificate"]["Fn::If"]
    assert (condition, otherwise) == ("HasDomainName", nothing)
    assert certificate == {
        "AcmCertificateArn": {"Ref": "CertificateArn"},
        "MinimumProtocolVersion": "TLSv1.2_2021",
        "SslSupportMethod": "sni-only",
    }
    assert config["WebACLId"] == {"Fn::If": ["HasWebAcl", {"Ref": "WebAclArn"}, nothing]}


@pytest.mark.parametrize(("name", "kind"), [("DomainRecord", "A"), ("DomainRecordIPv6", "AAAA")])
def test_the_host_name_leads_to_the_distribution(name: str, kind: str) -> None:
    record = transformed_template()["Resources"][name]
    assert record["Condition"] == "MakesDomainRecords"
    assert record["Properties"] == {
        "HostedZoneId": {"Ref": "HostedZoneId"},
        "Name": {"Ref": "DomainName"},
        "Type": kind,
        "AliasTarget": {
            "DNSName": {"Fn::GetAtt": ["Distribution", "DomainName"]},
            "HostedZoneId": "Z2FDTNDATAQYW2",
        },
    }


def test_one_address_is_told_of_every_alarm() -> None:
    topic = transformed_template()["Resources"]["AlarmTopic"]
    assert topic["Condition"] == "TellsOfAlarms"
    assert topic["Properties"]["Subscription"] == [
        {"Protocol": "email", "Endpoint": {"Ref": "AlarmEmail"}}
    ]
    for alarm in resources("AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == alarm["OKActions"] == TELLS


def samconfig() -> dict[str, Any]:
    return tomllib.loads((PROJECT / "samconfig.toml").read_text(encoding="utf-8"))


def overrides(environment: str) -> dict[str, str]:
    """What an environment answers; build and deploy cannot differ, it stands under `global`."""
    config = samconfig()[environment]
    for command in ("build", "deploy"):
        assert "parameter_overrides" not in config[command]["parameters"]
    return dict(
        pair.split("=", 1) for pair in config["global"]["parameters"]["parameter_overrides"]
    )


@pytest.mark.parametrize("environment", ["default", "prod", "x86_64"])
def test_samconfig_gives_values_that_the_template_accepts(environment: str) -> None:
    for name, value in overrides(environment).items():
        assert accepts(name, value), name
    deploy = samconfig()[environment]["deploy"]["parameters"]
    assert deploy["capabilities"] == "CAPABILITY_IAM"
    assert deploy["confirm_changeset"] is True


def test_samconfig_has_an_environment_for_each_architecture() -> None:
    default = parameters()["Architecture"]["Default"]
    assert overrides("default").get("Architecture", default) == "arm64"
    assert overrides("x86_64") == overrides("default") | {"Architecture": "x86_64"}
    names = [
        samconfig()[name]["global"]["parameters"]["stack_name"] for name in ("default", "x86_64")
    ]
    assert len(set(names)) == 1


def test_production_keeps_data_and_changes_gradually() -> None:
    chosen = overrides("prod")
    assert chosen["KeepData"] == "true"
    assert chosen["DeploymentType"] != "AllAtOnce"
    assert int(chosen["LogRetentionDays"]) > parameters()["LogRetentionDays"]["Default"]
    stacks = [
        samconfig()[name]["global"]["parameters"]["stack_name"] for name in ("default", "prod")
    ]
    assert len(set(stacks)) == 2


def test_the_local_gateway_reads_what_production_deploys() -> None:
    read = load_template(TEMPLATE, overrides("prod") | ANSWERS)
    served = {resource.type for resource in read.resources.values()}
    assert {"AWS::Lambda::Alias", "AWS::CodeDeploy::DeploymentGroup", "AWS::SNS::Topic"} <= served
    [warning] = read.warnings
    assert "CodeDeploy" not in warning
    assert "DomainRecord" in warning
