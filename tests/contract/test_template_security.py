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

# What it takes to forget a connection, and to tell its channels.
FORGET = {
    ("dynamodb:UpdateItem", "ConnectionsTable.Arn"),
    ("dynamodb:DeleteItem", "ConnectionsTable.Arn"),
    ("dynamodb:DeleteItem", "SubscriptionsTable.Arn"),
    ("dynamodb:GetItem", "ChannelsTable.Arn"),
    ("dynamodb:UpdateItem", "ChannelsTable.Arn"),
    ("dynamodb:UpdateItem", "PresenceTable.Arn"),
    ("dynamodb:DeleteItem", "PresenceTable.Arn"),
    ("sqs:SendMessage", "FanOutQueue.Arn"),
}

RIGHTS: dict[str, set[tuple[str, str]]] = {
    "Authorizer": {("dynamodb:GetItem", "SessionsTable.Arn")},
    "Connect": {
        ("dynamodb:PutItem", "ConnectionsTable.Arn"),
        ("dynamodb:PutItem", "SubscriptionsTable.Arn"),
        ("dynamodb:Query", "${ConnectionsTable.Arn}/index/by-username"),
        ("execute-api:ManageConnections", f"{API_ARN}/DELETE/@connections/*"),
        *FORGET,
    },
    "Default": {
        ("dynamodb:GetItem", "ConnectionsTable.Arn"),
        ("dynamodb:BatchGetItem", "SubscriptionsTable.Arn"),
        ("dynamodb:PutItem", "SubscriptionsTable.Arn"),
        ("dynamodb:Query", "SubscriptionsTable.Arn"),
        ("dynamodb:Query", "PresenceTable.Arn"),
        ("dynamodb:PutItem", "MessagesTable.Arn"),
        ("dynamodb:Query", "MessagesTable.Arn"),
        ("dynamodb:GetItem", "SessionChannelsTable.Arn"),
        ("dynamodb:PutItem", "SessionChannelsTable.Arn"),
        ("dynamodb:DeleteItem", "SessionChannelsTable.Arn"),
        ("dynamodb:GetItem", "StateTable.Arn"),
        ("dynamodb:UpdateItem", "StateTable.Arn"),
        ("execute-api:ManageConnections", f"{API_ARN}/POST/@connections/*"),
        *FORGET,
    },
    "Disconnect": FORGET,
    "Publish": {
        ("dynamodb:UpdateItem", "ChannelsTable.Arn"),
        ("dynamodb:PutItem", "MessagesTable.Arn"),
        ("sqs:SendMessage", "FanOutQueue.Arn"),
        ("sqs:SendMessage", "PublishDeadLetterQueue.Arn"),
    },
    "FanOut": {
        ("dynamodb:Query", "SubscriptionsTable.Arn"),
        ("sqs:ReceiveMessage", "FanOutQueue.Arn"),
        ("sqs:DeleteMessage", "FanOutQueue.Arn"),
        ("sqs:GetQueueAttributes", "FanOutQueue.Arn"),
        ("execute-api:ManageConnections", f"{API_ARN}/POST/@connections/*"),
        *FORGET,
    },
    "Api": {
        ("dynamodb:PutItem", "SessionsTable.Arn"),
        ("dynamodb:GetItem", "SessionsTable.Arn"),
        ("dynamodb:DeleteItem", "SessionsTable.Arn"),
        ("dynamodb:Query", "${ConnectionsTable.Arn}/index/by-username"),
        ("cognito-idp:AdminInitiateAuth", "UserPool.Arn"),
        ("cognito-idp:AdminRespondToAuthChallenge", "UserPool.Arn"),
        ("execute-api:ManageConnections", f"{API_ARN}/DELETE/@connections/*"),
        *FORGET,
    },
}

ACCESS_LOG_VARIABLES = {
    "requestId",
    "requestTime",
    "connectionId",
    "eventType",
    "routeKey",
    "httpMethod",
    "path",
    "status",
    "responseLatency",
    "responseLength",
    "integrationLatency",
    "integration.status",
    "integration.requestId",
    "authorizer.requestId",
    "authorizer.username",
    "integration.error",
    "authorizer.status",
    "authorizer.error",
    "error.responseType",
    "error.message",
}


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def as_text(resource: Any) -> str:
    if isinstance(resource, str):
        return resource
    [(function, argument)] = resource.items()
    return ".".join(argument) if function == "Fn::GetAtt" else str(argument)


def statements(policy: dict[str, Any]) -> set[tuple[str, str]]:
    granted = set()
    for statement in policy["PolicyDocument"]["Statement"]:
        assert statement["Effect"] == "Allow"
        assert not {"NotAction", "NotResource", "NotPrincipal"} & statement.keys()
        for action in as_list(statement["Action"]):
            granted |= {(action, as_text(item)) for item in as_list(statement["Resource"])}
    return granted


@pytest.mark.parametrize("name", RIGHTS)
def test_a_function_may_do_what_it_does_and_nothing_else(name: str) -> None:
    role_id = f"{name}Role"
    function = resources("AWS::Lambda::Function")[f"{name}Function"]
    assert function["Role"] == {"Fn::GetAtt": [role_id, "Arn"]}
    role = resources("AWS::IAM::Role")[role_id]
    [policy] = role["Policies"]
    logs = {
        (action, f"{name}LogGroup.Arn") for action in ("logs:CreateLogStream", "logs:PutLogEvents")
    }
    assert statements(policy) == RIGHTS[name] | logs
    assert role["ManagedPolicyArns"] == [{"Ref": "TracingPolicy"}]
    [trust] = role["AssumeRolePolicyDocument"]["Statement"]
    assert trust["Principal"] == {"Service": "lambda.amazonaws.com"}


def test_there_are_no_roles_but_the_functions_and_the_gateways() -> None:
    functions = {f"{name}Role" for name in RIGHTS}
    assert resources("AWS::IAM::Role").keys() == functions | {"ApiGatewayLogsRole"}


def test_only_tracing_knows_no_resource() -> None:
    policies = {
        f"{role_id}.{policy['PolicyName']}": policy
        for role_id, role in resources("AWS::IAM::Role").items()
        for policy in role.get("Policies", [])
    } | resources("AWS::IAM::ManagedPolicy")
    granted = {(name, *pair) for name, policy in policies.items() for pair in statements(policy)}
    assert {action for _, action, _ in granted if "*" in action} == set()
    assert {(name, action) for name, action, resource in granted if resource == "*"} == {
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
    # The queue invokes nobody: Lambda reads from it.
    assert sources.keys() == resources("AWS::Lambda::Function").keys() - {"FanOutFunction"}


@pytest.mark.parametrize(
    ("table_id", "keys"),
    [
        ("ConnectionsTable", ["connection_id"]),
        ("SessionsTable", ["token_hash"]),
        ("ChannelsTable", ["channel"]),
        ("SubscriptionsTable", ["channel_shard", "connection_id"]),
        ("PresenceTable", ["channel_shard", "username"]),
        ("MessagesTable", ["channel", "sequence"]),
        ("SessionChannelsTable", ["session_id", "channel"]),
        ("StateTable", ["key"]),
    ],
)
def test_tables_forget_by_themselves_and_are_protected(table_id: str, keys: list[str]) -> None:
    table = resources("AWS::DynamoDB::Table")[table_id]
    assert table["BillingMode"] == "PAY_PER_REQUEST"
    # A channel's numbers never begin anew.
    ttl = {"AttributeName": "expires_at", "Enabled": True}
    assert table.get("TimeToLiveSpecification") == (None if table_id == "ChannelsTable" else ttl)
    assert table["PointInTimeRecoverySpecification"] == {"PointInTimeRecoveryEnabled": True}
    assert table["SSESpecification"] == {"SSEEnabled": True}
    assert [item["AttributeName"] for item in table["KeySchema"]] == keys
    assert [item["KeyType"] for item in table["KeySchema"]] == ["HASH", "RANGE"][: len(keys)]


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
    for name in RIGHTS:
        function = resources("AWS::Lambda::Function")[f"{name}Function"]
        assert function["LoggingConfig"] == {"LogGroup": {"Ref": f"{name}LogGroup"}}
        assert function["TracingConfig"] == {"Mode": "Active"}
    for group in resources("AWS::Logs::LogGroup").values():
        assert group["RetentionInDays"] == {"Ref": "LogRetentionDays"}


def test_access_logs_are_on_and_can_hold_neither_cookie_nor_query_string() -> None:
    stages = resources("AWS::ApiGatewayV2::Stage")
    groups = set()
    for stage in stages.values():
        log_format = stage["AccessLogSettings"]["Format"]
        groups |= set(references(stage["AccessLogSettings"]["DestinationArn"]))
        variables = set(re.findall(r"\$context\.([A-Za-z.]+)", log_format))
        assert log_format.count("$") == log_format.count("$context.")
        assert variables <= ACCESS_LOG_VARIABLES
        assert "requestId" in variables
        assert "\n" not in log_format
        assert len(log_format) < 3 * 1024
        assert json.loads(log_format)["request_id"] == "$context.requestId"
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
