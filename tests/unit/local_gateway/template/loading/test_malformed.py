"""Whatever stands in a template, the answer is an application or one line, never a traceback."""

import copy
import json
import random
from collections.abc import Iterator
from typing import Any

import pytest

from local_gateway.template.application import build_application
from local_gateway.template.document.errors import TemplateError
from local_gateway.template.loading.load import load_template
from local_gateway.template.loading.template import ResourceValues
from tests.unit.local_gateway.template.project import Project

VALUES: list[Any] = [
    None,
    True,
    -1,
    1.5,
    "",
    "${X}",
    [],
    {},
    [None],
    {"a": 1},
    {"Ref": "Nope"},
    {"Ref": "AWS::NoValue"},
    {"Fn::GetAtt": ["a"]},
    {"Fn::Sub": 5},
    {"Fn::If": []},
    {"Fn::Join": None},
]

FUNCTION = {"Handler": "app.handler", "Runtime": "python3.13"}
RAW: dict[str, Any] = {
    "Parameters": {"P": {"Type": "Number", "Default": 3, "MinValue": 1, "AllowedValues": [3]}},
    "Mappings": {"M": {"a": {"b": "c"}}},
    "Conditions": {"C": {"Fn::Equals": [{"Ref": "P"}, "3"]}},
    "Resources": {
        "Fun": {
            "Type": "AWS::Lambda::Function",
            "Condition": "C",
            "Properties": {
                **FUNCTION,
                "Code": "code",
                "Layers": [{"Ref": "Lay"}],
                "Timeout": {"Ref": "P"},
                "Environment": {"Variables": {"A": {"Fn::FindInMap": ["M", "a", "b"]}}},
            },
        },
        "Lay": {"Type": "AWS::Lambda::LayerVersion", "Properties": {"Content": "code"}},
        "Api": {
            "Type": "AWS::ApiGatewayV2::Api",
            "Properties": {
                "ProtocolType": "WEBSOCKET",
                "RouteSelectionExpression": "$request.body.r",
            },
        },
        "Route": {
            "Type": "AWS::ApiGatewayV2::Route",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "RouteKey": "$connect",
                "AuthorizationType": "CUSTOM",
                "AuthorizerId": {"Ref": "Auth"},
                "Target": {"Fn::Sub": "integrations/${Int}"},
                "RequestModels": {"x": "Mod"},
            },
        },
        "Int": {
            "Type": "AWS::ApiGatewayV2::Integration",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "IntegrationType": "AWS_PROXY",
                "IntegrationUri": {"Fn::GetAtt": ["Fun", "Arn"]},
                "TimeoutInMillis": 900,
            },
        },
        "Auth": {
            "Type": "AWS::ApiGatewayV2::Authorizer",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "Name": "a",
                "AuthorizerType": "REQUEST",
                "AuthorizerUri": {"Fn::GetAtt": ["Fun", "Arn"]},
                "IdentitySource": ["route.request.header.X"],
            },
        },
        "Mod": {
            "Type": "AWS::ApiGatewayV2::Model",
            "Properties": {"ApiId": {"Ref": "Api"}, "Name": "Mod", "Schema": {"type": "object"}},
        },
        "Stage": {
            "Type": "AWS::ApiGatewayV2::Stage",
            "Properties": {
                "ApiId": {"Ref": "Api"},
                "StageName": "x",
                "AutoDeploy": True,
                "StageVariables": {"a": "b"},
                "RouteSettings": {"$connect": {"ThrottlingRateLimit": 5}},
            },
        },
    },
    "Outputs": {"Url": {"Value": {"Fn::GetAtt": ["Api", "ApiEndpoint"]}}},
}
SAM: dict[str, Any] = {
    "Transform": "AWS::Serverless-2016-10-31",
    "Globals": {"Function": {**FUNCTION, "CodeUri": "code"}},
    "Resources": {
        "Fun": {
            "Type": "AWS::Serverless::Function",
            "Properties": {"Events": {"Any": {"Type": "HttpApi", "Properties": {}}}},
        },
        "Api": {
            "Type": "AWS::Serverless::WebSocketApi",
            "Properties": {
                "RouteSelectionExpression": "$request.body.a",
                "Routes": {"$connect": {"FunctionArn": {"Fn::GetAtt": ["Fun", "Arn"]}}},
            },
        },
    },
}


def paths(value: Any, start: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    members = value.items() if isinstance(value, dict) else ()
    items = enumerate(value) if isinstance(value, list) else members
    for key, member in items:
        yield (*start, key)
        yield from paths(member, (*start, key))


def attempt(project: Project, document: dict[str, Any]) -> bool:
    """Whether the document is served; anything but refusals of a line each fails the test."""
    try:
        template = load_template(project.write("template.json", json.dumps(document)))
        build_application(template, ResourceValues())
        refusal = None
    except TemplateError as error:
        refusal = str(error)
    assert refusal is None or all("template.json" in line for line in refusal.splitlines())
    return refusal is None


def changed(document: dict[str, Any], path: tuple[Any, ...], value: Any) -> dict[str, Any]:
    result = copy.deepcopy(document)
    target = result
    for key in path[:-1]:
        target = target[key]
    target[path[-1]] = value
    return result


def test_untouched_documents_are_served(project: Project) -> None:
    assert attempt(project, RAW)
    assert attempt(project, {**SAM, "Resources": {**SAM["Resources"]}})


@pytest.mark.parametrize("value", VALUES, ids=json.dumps)
def test_every_value_of_plain_cloudformation_replaced(project: Project, value: Any) -> None:
    answers = [attempt(project, changed(RAW, path, value)) for path in paths(RAW)]
    assert False in answers


def test_values_of_sam_replaced(project: Project) -> None:
    chance = random.Random(7)  # noqa: S311 - which faults are tried, nothing secret
    cases = [(path, value) for path in paths(SAM) for value in VALUES]
    answers = [
        attempt(project, changed(SAM, path, value)) for path, value in chance.sample(cases, 60)
    ]
    assert False in answers
