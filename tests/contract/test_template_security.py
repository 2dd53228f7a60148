"""What template.yaml promises about rights, data and logs."""

import json
import re
from dataclasses import fields
from typing import Any

import pytest

from sapa.connections.connection import Connection
from tests.contract.transformed_template import (
    function_behind,
    references,
    resources,
    transformed_template,
)

API_ARN = "arn:${AWS::Partition}:execute-api:${AWS::Region}:${AWS::AccountId}:${WebSocketApi}/ws"

# None of these can hold a header, a cookie or a query string.
ACCESS_LOG_VARIABLE = re.compile(
    r"((integration|authorizer)\.)?(requestId|status)|(integration|authorizer)\.error|requestTime"
    r"|connectionId|eventType|routeKey|httpMethod|path|response(Latency|Length)"
    r"|integrationLatency|authorizer\.username|error\.(responseType|message)"
)


def functions() -> list[str]:
    """The names of the functions without the `Function` at their end."""
    return [name.removesuffix("Function") for name in resources("AWS::Lambda::Function")]


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_text(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    [(function, argument)] = resource.items()
    return ".".join(argument) if function == "Fn::GetAtt" else str(argument)


def statements(policy: dict[str, Any]) -> set[tuple[str, str]]:
    rights = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        for action in as_list(statement["Action"]):
            rights |= {(action, as_text(item)) for item in as_list(statement["Resource"])}
    return rights


def granted(name: str) -> set[tuple[str, str]]:
    """What the role of a function allows, by its own and by managed policies, but for tracing."""
    role = resources("AWS::IAM::Role")[f"{name}Role"]
    managed = {policy["Ref"] for policy in role["ManagedPolicyArns"]}
    assert "TracingPolicy" in managed
    shared = [resources("AWS::IAM::ManagedPolicy")[arn] for arn in managed - {"TracingPolicy"}]
    return {right for policy in (*role["Policies"], *shared) for right in statements(policy)}


@pytest.mark.parametrize("name", functions())
def test_a_function_has_a_role_that_no_other_has_and_only_lambda_assumes(name: str) -> None:
    function = resources("AWS::Lambda::Function")[f"{name}Function"]
    assert function["Role"] == {"Fn::GetAtt": [f"{name}Role", "Arn"]}
    logs = {pair for pair in granted(name) if pair[0].startswith("logs:")}
    assert {resource for _, resource in logs} == {f"{name}LogGroup.Arn"}
    [trust] = resources("AWS::IAM::Role")[f"{name}Role"]["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_there_are_no_roles_but_the_functions_and_the_gateways() -> None:
    own = {f"{name}Role" for name in functions()}
    assert resources("AWS::IAM::Role").keys() == own | {"ApiGatewayLogsRole"}


def test_only_tracing_knows_no_resource() -> None:
    policies = {
        f"{role_id}.{policy['PolicyName']}": policy
        for role_id, role in resources("AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
    } | resources("AWS::IAM::ManagedPolicy")
    rights = {(name, *pair) for name, policy in policies.items() for pair in statements(policy)}
    assert {action for _, action, _ in rights if "*" in action} == set()
    assert {(name, action) for name, action, resource in rights if resource == "*"} == {
        ("TracingPolicy", "xray:PutTraceSegments"),
        ("TracingPolicy", "xray:PutTelemetryRecords"),
    }


def test_api_gateway_may_invoke_a_function_from_its_route_only() -> None:
    sources = {
        function_behind(permission["FunctionName"]): as_text(permission["SourceArn"])
        for permission in resources("AWS::Lambda::Permission").values()
    }
    for route_key in ("connect", "default", "disconnect"):
        source = sources[f"{route_key.capitalize()}Function"]
        assert source.endswith(f":${{WebSocketApi.ApiId}}/ws/${route_key}")
    # Queues invoke nobody: Lambda reads from them.
    readers = {"AnswerFunction", "FanOutFunction"}
    assert sources.keys() == resources("AWS::Lambda::Function").keys() - readers


def test_items_of_every_table_but_the_channels_expire() -> None:
    """The sequence numbers of a channel never start again at 1."""
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    lasting = {
        name
        for name, table in resources("AWS::DynamoDB::Table").items()
        if table.get("TimeToLiveSpecification") != ttl
    }
    assert lasting == {"ChannelsTable"}


def test_connections_are_found_by_user_through_the_index_that_functions_know() -> None:
    [index] = resources("AWS::DynamoDB::Table")["ConnectionsTable"]["GlobalSecondaryIndexes"]
    variables = resources("AWS::Lambda::Function")["ApiFunction"]["Environment"]["Variables"]
    assert index["IndexName"] == variables["CONNECTIONS_USERNAME_INDEX_NAME"]
    assert index["KeySchema"] == [{"AttributeName": "username", "KeyType": "HASH"}]
    # All of a connection but its channels, which change with every join.
    wanted = {field.name for field in fields(Connection)} - {"connection_id", "username"}
    assert set(index["Projection"]["NonKeyAttributes"]) == wanted


def test_only_administrators_create_users_and_only_the_server_checks_passwords() -> None:
    pool = resources("AWS::Cognito::UserPool")["UserPool"]
    assert pool["AdminCreateUserConfig"] == {"AllowAdminCreateUserOnly": True}
    client = resources("AWS::Cognito::UserPoolClient")["UserPoolClient"]
    assert client["ExplicitAuthFlows"] == ["ALLOW_ADMIN_USER_PASSWORD_AUTH"]
    assert client["GenerateSecret"] is False
    assert client["PreventUserExistenceErrors"] == "ENABLED"


def test_every_function_writes_to_its_own_log_group_for_a_limited_time() -> None:
    for name in functions():
        function = resources("AWS::Lambda::Function")[f"{name}Function"]
        assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}LogGroup"}}
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_access_logs_are_on_and_can_hold_neither_cookie_nor_query_string() -> None:
    stages = resources("AWS::ApiGatewayV2::Stage")
    groups = set()
    for stage in stages.values():
        # Data trace would write whole messages to the execution log.
        assert not stage["DefaultRouteSettings"].get("DataTraceEnabled", False)
        log_format = stage["AccessLogSettings"]["Format"]
        groups |= set(references(stage["AccessLogSettings"]["DestinationArn"]))
        for value in json.loads(log_format).values():
            assert ACCESS_LOG_VARIABLE.fullmatch(value.removeprefix("$context.")), value
        assert "\n" not in log_format
        assert len(log_format) < 3 * 1024
    assert groups == {"WebSocketAccessLogGroup", "HttpAccessLogGroup"}


def test_the_websocket_stage_waits_for_the_role_its_access_log_needs() -> None:
    template = transformed_template()
    assert "ApiGatewayAccount" in references(template["Resources"]["WebSocketApi"])
    for name in ("ApiGatewayAccount", "ApiGatewayLogsRole"):
        assert template["Resources"][name]["Condition"] == "SetsApiGatewayLogsRole"
        assert template["Resources"][name]["DeletionPolicy"] == "RetainExceptOnCreate"


def test_the_host_that_origins_are_compared_with_is_always_overwritten() -> None:
    code = resources("AWS::CloudFront::Function")["ViewerHostFunction"]["FunctionCode"]
    assert "request.headers['x-viewer-host'] = { value: request.headers.host.value };" in code
    assert "if" not in code
