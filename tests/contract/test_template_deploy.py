"""What template.yaml promises about deployments: versions, gradual change, and what is kept."""

from collections.abc import Callable, Iterator
from graphlib import TopologicalSorter
from typing import Any

import pytest

from tests.contract.transformed_template import (
    references,
    resources,
    source_template,
    transformed,
    transformed_template,
)

# Each with the minutes that it takes.
GRADUAL = {
    "Canary10Percent10Minutes": 10,
    "Canary10Percent30Minutes": 30,
    "Linear10PercentEvery1Minute": 10,
    "Linear10PercentEvery3Minutes": 30,
}
GUARDS = ["FunctionErrorsAlarm", "WebSocketErrorsAlarm"]
# AWS::Lambda::Version: Description, in the CloudFormation resource reference.
LONGEST_DESCRIPTION = 256

type Change = Callable[[dict[str, Any]], None]


def of_type(template: dict[str, Any], resource_type: str) -> dict[str, dict[str, Any]]:
    return {
        logical_id: resource
        for logical_id, resource in template["Resources"].items()
        if resource["Type"] == resource_type
    }


def versions(template: dict[str, Any]) -> dict[str, str]:
    """The logical id of each function's version, by the function's."""
    return {
        version["Properties"]["FunctionName"]["Ref"]: logical_id
        for logical_id, version in of_type(template, "AWS::Lambda::Version").items()
    }


def changed_versions(change: Change) -> set[str]:
    """The functions of which a version is published for a change of the template."""
    template = source_template()
    change(template)
    before, after = versions(transformed_template()), versions(transformed(template))
    return {name for name in before if before[name] != after[name]}


def conditions_in(value: Any) -> Iterator[str]:
    """The names of the conditions that a value depends on."""
    if isinstance(value, list):
        for item in value:
            yield from conditions_in(item)
    elif isinstance(value, dict):
        for key, argument in value.items():
            if key == "Fn::If":
                yield argument[0]
            yield from conditions_in(argument)


def longest(parameter: dict[str, Any]) -> int:
    """How long the value of a parameter can be."""
    if "AllowedValues" in parameter:
        return max(len(str(value)) for value in parameter["AllowedValues"])
    if parameter["Type"] == "Number":
        return len(str(parameter["MaxValue"]))
    return int(parameter["MaxLength"])


def test_everything_that_invokes_a_function_invokes_its_alias() -> None:
    aliases = resources("AWS::Lambda::Alias")
    functions = resources("AWS::Lambda::Function").keys()
    invokers = (
        *(
            "AWS::ApiGatewayV2::Api",
            "AWS::ApiGatewayV2::Authorizer",
            "AWS::ApiGatewayV2::Integration",
        ),
        *("AWS::Events::Rule", "AWS::Lambda::EventSourceMapping", "AWS::Lambda::Permission"),
    )
    named = {
        name for kind in invokers for item in resources(kind).values() for name in references(item)
    }
    assert not named & functions
    assert {aliases[name]["FunctionName"]["Ref"] for name in named & aliases.keys()} == functions


def setting(template: dict[str, Any]) -> None:
    variables = template["Resources"]["ApiFunction"]["Properties"]["Environment"]["Variables"]
    variables["WEBSOCKET_PATH"] = "/socket"


def layer(template: dict[str, Any]) -> None:
    template["Resources"]["SapaLayer"]["Properties"]["ContentUri"] = "layers/other/"


def test_a_change_of_a_function_publishes_a_version_of_that_function() -> None:
    assert changed_versions(setting) == {"ApiFunction"}


def test_a_change_of_a_layer_publishes_a_version_of_every_function() -> None:
    assert changed_versions(layer) == resources("AWS::Lambda::Function").keys()


def test_a_parameter_that_a_function_depends_on_publishes_a_version() -> None:
    """SAM hashes names of parameters, not values; a changed description replaces the version."""
    template = source_template()
    parameters, conditions = template["Parameters"], template["Conditions"]
    for function_id, version_id in versions(transformed_template()).items():
        properties = resources("AWS::Lambda::Function")[function_id]
        described = resources("AWS::Lambda::Version")[version_id]["Description"]
        used = set(references(properties))
        used |= {
            name
            for condition in conditions_in(properties)
            for name in references(conditions[condition])
        }
        assert set(references(described)) == used & parameters.keys(), function_id
        text = described["Fn::Sub"]
        room = sum(
            longest(parameters[name]) - len(f"${{{name}}}") for name in references(described)
        )
        assert len(text) + room <= LONGEST_DESCRIPTION, function_id


def test_all_at_once_needs_no_code_deploy() -> None:
    types = {resource["Type"] for resource in transformed_template()["Resources"].values()}
    assert not {name for name in types if name.startswith("AWS::CodeDeploy::")}


@pytest.mark.parametrize("deployment_type", GRADUAL)
def test_a_gradual_deployment_rolls_back_when_functions_fail(deployment_type: str) -> None:
    template = transformed(source_template(), {"DeploymentType": deployment_type})
    groups = of_type(template, "AWS::CodeDeploy::DeploymentGroup")
    assert len(groups) == len(of_type(template, "AWS::Lambda::Function"))
    for group in (group["Properties"] for group in groups.values()):
        alarms = group["AlarmConfiguration"]["Alarms"]
        assert alarms == [{"Name": {"Ref": name}} for name in GUARDS]
        assert "DEPLOYMENT_STOP_ON_ALARM" in group["AutoRollbackConfiguration"]["Events"]


def test_every_deployment_type_is_mapped() -> None:
    template = source_template()
    allowed = template["Parameters"]["DeploymentType"]["AllowedValues"]
    assert allowed == list(template["Mappings"]["DeploymentTypes"]) == ["AllAtOnce", *GRADUAL]


@pytest.mark.parametrize("name", GUARDS)
def test_an_alarm_can_begin_while_a_deployment_is_under_way(name: str) -> None:
    alarm = resources("AWS::CloudWatch::Alarm")[name]
    periods = [
        metric["MetricStat"]["Period"] for metric in alarm["Metrics"] if "MetricStat" in metric
    ]
    assert max(periods) * alarm["EvaluationPeriods"] < min(GRADUAL.values()) * 60


def test_a_gradual_deployment_waits_for_nothing_that_waits_for_it() -> None:
    template = transformed(source_template(), {"DeploymentType": next(iter(GRADUAL))})
    graph = {
        logical_id: {
            name
            for part in ("Properties", "UpdatePolicy")
            for name in references(resource.get(part, {}))
            if name in template["Resources"]
        }
        for logical_id, resource in template["Resources"].items()
    }
    TopologicalSorter(graph).prepare()


def test_functions_that_sign_with_their_environment_take_no_snapshot() -> None:
    """Environments from a snapshot have no keys in their environment."""
    without = {
        name
        for name, function in resources("AWS::Lambda::Function").items()
        if function["SnapStart"] == {"ApplyOn": "None"}
    }
    assert without == {"AnswerFunction", "FanOutFunction"}


def test_nothing_stays_behind_but_what_belongs_to_the_account() -> None:
    for deployment_type in ("AllAtOnce", *GRADUAL):
        template = transformed(source_template(), {"DeploymentType": deployment_type})
        kept = {
            logical_id
            for logical_id, resource in template["Resources"].items()
            if resource.get("DeletionPolicy", "Delete") != "Delete"
        }
        assert kept == {"ApiGatewayAccount", "ApiGatewayLogsRole"}


def test_no_log_group_makes_itself() -> None:
    """Else it would have no retention, and stay behind."""
    for function in resources("AWS::Lambda::Function").values():
        [group] = references(function["LoggingConfig"]["LogGroup"])
        assert group in resources("AWS::Logs::LogGroup")
    for policy in (resources("AWS::IAM::Role") | resources("AWS::IAM::ManagedPolicy")).values():
        assert "logs:CreateLogGroup" not in str(policy)
    for stage in resources("AWS::ApiGatewayV2::Stage").values():
        # Execution logs go to a group that API Gateway makes.
        assert "LoggingLevel" not in stage["DefaultRouteSettings"]


def test_data_cannot_be_deleted_where_it_is_kept() -> None:
    protected = {
        name
        for name, table in resources("AWS::DynamoDB::Table").items()
        if table.get("DeletionProtectionEnabled") == {"Fn::If": ["KeepsData", True, False]}
    }
    assert protected == {"StateTable", "MessagesTable", "ChannelsTable", "AnswerPartsTable"}
    pool = resources("AWS::Cognito::UserPool")["UserPool"]
    assert pool["DeletionProtection"] == {"Fn::If": ["KeepsData", "ACTIVE", "INACTIVE"]}
