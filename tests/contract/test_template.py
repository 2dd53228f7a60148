"""What template.yaml promises: the APIs, what they run, and the page's origin."""

import re
from graphlib import TopologicalSorter
from pathlib import Path
from typing import Any

import pytest
import yaml

from sapa.errors import SettingError
from sapa.settings import Settings
from tests.contract.transformed_template import (
    PROJECT,
    TEMPLATE,
    TagLoader,
    function_behind,
    references,
    resources,
    source_template,
    transformed_template,
)

ROUTES = {
    "$connect": "ConnectFunction",
    "$default": "DefaultFunction",
    "$disconnect": "DisconnectFunction",
}
LAMBDAS_OWN = {
    "AWS_REGION",
    "AWS_ACCESS_KEY_ID",
    "AWS_SECRET_ACCESS_KEY",
    "AWS_SESSION_TOKEN",
}
EXECUTE_API_HOST = "${%s}.execute-api.${AWS::Region}.${AWS::URLSuffix}"


def routes() -> dict[str, dict[str, Any]]:
    found = list(resources("AWS::ApiGatewayV2::Route").values())
    assert len({route["RouteKey"] for route in found}) == len(found)
    return {route["RouteKey"]: route for route in found}


def single(resource_type: str) -> dict[str, Any]:
    found = list(resources(resource_type).values())
    assert len(found) == 1, sorted(resources(resource_type))
    return found[0]


def pins(requirements: Path) -> dict[str, str]:
    found = re.findall(r"^([\w-]+)==(\S+)", requirements.read_text(encoding="utf-8"), re.MULTILINE)
    return dict(found)


class RecordingEnvironment(dict[str, str]):
    """An environment in which nothing is set and that knows what was asked for."""

    def __init__(self) -> None:
        super().__init__()
        self.asked: set[str] = set()

    def get(self, key: str, default: Any = None) -> Any:
        self.asked.add(key)
        return super().get(key, default)

    def __missing__(self, key: str) -> str:
        self.asked.add(key)
        raise KeyError(key)


def test_a_plain_loader_that_knows_the_tags_reads_the_template() -> None:
    loaded = yaml.load(TEMPLATE.read_text(encoding="utf-8"), TagLoader)  # noqa: S506
    assert loaded["Transform"] == "AWS::Serverless-2016-10-31"
    assert loaded["Outputs"]["UserPoolId"]["Value"] == {"Ref": "UserPool"}


def test_the_routes_are_those_that_have_a_function() -> None:
    assert routes().keys() == ROUTES.keys()


@pytest.mark.parametrize(("route_key", "function"), ROUTES.items())
def test_a_route_runs_the_function_that_has_its_name(route_key: str, function: str) -> None:
    integration = next(
        resources("AWS::ApiGatewayV2::Integration")[name]
        for name in references(routes()[route_key]["Target"])
    )
    assert integration["IntegrationType"] == "AWS_PROXY"
    assert function_behind(integration["IntegrationUri"]) == function


def test_every_function_has_the_folder_that_has_its_name() -> None:
    folders = {path.parent.name for path in (PROJECT / "functions").glob("*/app.py")}
    functions = resources("AWS::Lambda::Function")
    names = {folder: f"{folder.title().replace('_', '')}Function" for folder in folders}
    assert set(names.values()) == functions.keys()
    for folder, name in names.items():
        function = functions[name]
        assert function["Code"]["S3Key"] == f"functions/{folder}/"
        assert function["Handler"] == "app.lambda_handler"
        assert function["Runtime"] == "python3.13"


def test_only_connect_is_authorized_and_by_the_cookie() -> None:
    authorizer_id, authorizer = next(iter(resources("AWS::ApiGatewayV2::Authorizer").items()))
    single("AWS::ApiGatewayV2::Authorizer")
    assert routes()["$connect"]["AuthorizationType"] == "CUSTOM"
    assert routes()["$connect"]["AuthorizerId"] == {"Ref": authorizer_id}
    assert authorizer["AuthorizerType"] == "REQUEST"
    assert authorizer["IdentitySource"] == ["route.request.header.Cookie"]
    assert function_behind(authorizer["AuthorizerUri"]) == "AuthorizerFunction"
    # A WebSocket authorizer refuses these; they belong to HTTP APIs.
    assert not {"AuthorizerResultTtlInSeconds", "EnableSimpleResponses"} & authorizer.keys()
    for route_key in ("$default", "$disconnect"):
        assert not {"AuthorizationType", "AuthorizerId"} & routes()[route_key].keys()


def test_no_message_can_select_another_route_than_default() -> None:
    websocket_api = resources("AWS::ApiGatewayV2::Api")["WebSocketApi"]
    assert websocket_api["ProtocolType"] == "WEBSOCKET"
    assert websocket_api["RouteSelectionExpression"] == r"\$default"


@pytest.mark.parametrize(
    ("path", "method", "function", "security"),
    [
        ("$default", "x-amazon-apigateway-any-method", "ApiFunction", None),
        ("/auth/login", "post", "ApiFunction", None),
        ("/publish", "post", "PublishFunction", [{"AWS_IAM": []}]),
    ],
)
def test_the_http_api_has_a_route_for_all_a_throttled_and_a_signed_one(
    path: str, method: str, function: str, security: list[Any] | None
) -> None:
    body = resources("AWS::ApiGatewayV2::Api")["HttpApi"]["Body"]
    assert set(body["paths"]) == {"$default", "/auth/login", "/publish"}
    operation = body["paths"][path][method]
    integration = operation["x-amazon-apigateway-integration"]
    assert integration["payloadFormatVersion"] == "2.0"
    assert function_behind(integration["uri"]) == function
    assert operation.get("security") == security
    scheme = body["components"]["securitySchemes"]["AWS_IAM"]
    assert scheme["x-amazon-apigateway-authtype"] == "awsSigv4"


def test_stages_are_named_as_clients_know_them() -> None:
    stages = resources("AWS::ApiGatewayV2::Stage").values()
    assert {stage["ApiId"]["Ref"]: stage["StageName"] for stage in stages} == {
        "WebSocketApi": "ws",
        "HttpApi": "$default",
    }
    for stage in stages:
        assert stage["AutoDeploy"] is True
        settings = stage["DefaultRouteSettings"]
        assert {"ThrottlingRateLimit", "ThrottlingBurstLimit"} <= settings.keys()
        assert not settings.get("DataTraceEnabled", False)


def test_logins_and_handshakes_have_tighter_throttles_than_the_rest() -> None:
    parameters = transformed_template()["Parameters"]

    def value(setting: Any) -> int:
        return int(parameters[setting["Ref"]]["Default"] if isinstance(setting, dict) else setting)

    stages = {
        stage["ApiId"]["Ref"]: stage for stage in resources("AWS::ApiGatewayV2::Stage").values()
    }
    for api, route_key in (("WebSocketApi", "$connect"), ("HttpApi", "POST /auth/login")):
        rest, own = stages[api]["DefaultRouteSettings"], stages[api]["RouteSettings"][route_key]
        for setting in ("ThrottlingRateLimit", "ThrottlingBurstLimit"):
            assert 0 < value(own[setting]) < value(rest[setting])


def test_the_page_and_the_websocket_share_one_host() -> None:
    config = single("AWS::CloudFront::Distribution")["DistributionConfig"]
    origins = {origin["Id"]: origin for origin in config["Origins"]}
    page, [websocket] = config["DefaultCacheBehavior"], config["CacheBehaviors"]
    for behaviour, api in ((page, "HttpApi"), (websocket, "WebSocketApi")):
        origin = origins[behaviour["TargetOriginId"]]
        assert origin["DomainName"] == {"Fn::Sub": EXECUTE_API_HOST % api}
        # The path is passed on as it is, so `/ws` is at once the path and the stage.
        assert "OriginPath" not in origin
        assert origin["CustomOriginConfig"]["OriginProtocolPolicy"] == "https-only"
        assert behaviour["ViewerProtocolPolicy"] == "redirect-to-https"
        assert behaviour["CachePolicyId"] == "4135ea2d-6df8-44a3-9df3-4b5a84be39ad"
        assert behaviour["OriginRequestPolicyId"] == "b689b0a8-53d0-40ab-baf2-68738e2966ac"
        assert behaviour["FunctionAssociations"] == [
            {
                "EventType": "viewer-request",
                "FunctionARN": {"Fn::GetAtt": ["ViewerHostFunction", "FunctionARN"]},
            }
        ]
    assert websocket["PathPattern"] == "/ws"
    assert set(websocket["AllowedMethods"]) == {"GET", "HEAD", "OPTIONS"}
    assert {"POST", "DELETE"} < set(page["AllowedMethods"])


def test_every_setting_is_declared_and_every_declared_variable_is_read() -> None:
    environment = RecordingEnvironment()
    settings = Settings(environment)
    for name in (name for name in vars(Settings) if not name.startswith("_")):
        try:
            getattr(settings, name)
        except SettingError:
            continue
    declared = {
        name
        for function in resources("AWS::Lambda::Function").values()
        for name in function["Environment"]["Variables"]
    }
    # Powertools reads its log level itself; the others are Lambda's own.
    assert declared | LAMBDAS_OWN == environment.asked | {"POWERTOOLS_LOG_LEVEL"}


def test_messages_are_posted_to_the_stage_and_not_through_cloudfront() -> None:
    for name in ("ConnectFunction", "DefaultFunction", "FanOutFunction", "ApiFunction"):
        variables = resources("AWS::Lambda::Function")[name]["Environment"]["Variables"]
        endpoint = f"https://{EXECUTE_API_HOST % 'WebSocketApi'}/ws"
        assert variables["MANAGEMENT_API_ENDPOINT"] == {"Fn::Sub": endpoint}


def test_one_parameter_chooses_the_architecture_of_functions_and_layers() -> None:
    for function in resources("AWS::Lambda::Function").values():
        assert function["Architectures"] == [{"Ref": "Architecture"}]
        assert [next(references(layer))[:9] for layer in function["Layers"]] == [
            "Dependenc",
            "SapaLayer",
        ]
    for name in ("DependenciesLayer", "SapaLayer"):
        layer = source_template()["Resources"][name]
        assert layer["Metadata"]["BuildArchitecture"] == {"Ref": "Architecture"}
        assert layer["Properties"]["CompatibleArchitectures"] == [{"Ref": "Architecture"}]
        assert (PROJECT / layer["Properties"]["ContentUri"]).is_dir()


def test_outputs_lead_to_the_page_the_socket_and_the_users() -> None:
    outputs = {name: output["Value"] for name, output in transformed_template()["Outputs"].items()}
    distribution = {"Fn::GetAtt": ["Distribution", "DomainName"]}
    host = {"Host": {"Fn::If": ["HasDomainName", {"Ref": "DomainName"}, distribution]}}
    assert outputs == {
        "PageUrl": {"Fn::Sub": ["https://${Host}/", host]},
        "WebSocketUrl": {"Fn::Sub": ["wss://${Host}/ws", host]},
        "SwaggerUrl": {"Fn::Sub": ["https://${Host}/swagger", host]},
        "DistributionHost": distribution,
        "AlarmTopicArn": {"Ref": "AlarmTopic"},
        "PublishUrl": {"Fn::Sub": f"https://{EXECUTE_API_HOST % 'HttpApi'}/publish"},
        "UserPoolId": {"Ref": "UserPool"},
        "UserPoolClientId": {"Ref": "UserPoolClient"},
        "SessionsTableName": {"Ref": "SessionsTable"},
        "ConnectionsTableName": {"Ref": "ConnectionsTable"},
        "ManagementApiUrl": {"Fn::Sub": f"https://{EXECUTE_API_HOST % 'WebSocketApi'}/ws"},
    }


def test_references_lead_somewhere_and_never_in_a_circle() -> None:
    template = transformed_template()
    graph = {
        logical_id: set(references(resource.get("Properties", {})))
        | set(resource.get("DependsOn", []))
        for logical_id, resource in template["Resources"].items()
    }
    names = {name for targets in graph.values() for name in targets}
    unknown = names - graph.keys() - template["Parameters"].keys()
    assert {name for name in unknown if not name.startswith("AWS::")} == set()
    TopologicalSorter(graph).prepare()


def test_the_layer_ships_the_versions_that_the_tests_run_with() -> None:
    shipped = pins(PROJECT / "layers/dependencies/requirements.txt")
    assert {"pydantic", "aws-lambda-powertools"} <= shipped.keys()
    assert shipped.items() <= pins(PROJECT / "requirements/run.txt").items()
